"""Logistic regression on one variable, many samples at once, finite also where yes and no do not overlap."""

import numpy as np

RIDGE = 0.3  # 20 answers, all of them yes, give about 21 in 22, as Laplace's rule of succession has it
ITERATIONS = 60
MAX_STEP = 2.0


def fitted(x: np.ndarray, yes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Intercepts and slopes `[samples, 2]` by Newton's method, of maximum likelihood less `RIDGE` / 2 times the sum of
    their squares.

    Args:
        x, yes: [answers]; `yes` is 1 or 0.
        counts: [samples, answers], how often each sample holds each answer.
    """
    ones = np.ones_like(x)
    design = np.stack([ones, x])
    found = np.zeros((len(counts), 2))
    for _ in range(ITERATIONS):
        chance = chances(found, x)
        gradient = (counts * (yes - chance)) @ design.T - RIDGE * found
        weight = counts * chance * (1 - chance)
        a, b, c = weight @ ones + RIDGE, weight @ x, weight @ (x * x) + RIDGE
        determinant = a * c - b * b
        step = np.stack([c * gradient[:, 0] - b * gradient[:, 1], a * gradient[:, 1] - b * gradient[:, 0]], axis=1)
        step = np.clip(step / determinant[:, None], -MAX_STEP, MAX_STEP)
        found = found + step
        if np.abs(step).max() < 1e-9:
            break
    return found


def chances(parameters: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The chance of a yes `[samples, answers]`."""
    from scipy.special import expit

    return expit(parameters[:, :1] + parameters[:, 1:] * x)
