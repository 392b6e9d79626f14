"""What gain, filters and MixStyle bring on top of mixtures: segment F1 on validation, each alone.

Run: python benchmarks/augmentation.py --env home --data esc --steps 600

A student (separable 16x3) is distilled by `response` with mixtures, as `sedkd compare` begins, and what it hears is
changed besides; the teacher's answers stay. Each is tried at two rates with the same seeds. Test is not touched.

gain: each window louder or softer by up to 6 dB. filter: log-mel bands raised and lowered by up to 6 dB along six
lines (FilterAugment, linear; Nam et al. 2022). style: of half of the windows, mean and deviation of every band are
mixed with another window's (frequency MixStyle, alpha 0.4; Schmid et al. 2023). None of these is a part of the search:
this is where they would have to show themselves.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from search.cli.guard import ended
from search.setup.preparation import Subject, prepare
from sedkd.models.settings import StudentSettings
from sedkd.task.task import Task
from sedkd.train.draws import NEPERS
from sedkd.train.sampler import Heard, Sampler
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import TrialResult, run_trials

DECIBELS, LINES = 6.0, 6
SHARE, ALPHA = 0.5, 0.4
RATES = (1e-2, 2.5e-2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", default="mn04_as")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    subject = Subject(options.env, (options.data,), teacher=options.teacher, device="cpu", teacher_minutes=0)
    task = prepare(subject, 0, lambda *_: None).task
    print(f"| {options.env}, {options.steps} steps | " + " | ".join(f"rate {rate:g}" for rate in RATES) + " |")
    print("|---" * (1 + len(RATES)) + "|")
    for name, change in CHANGES.items():
        print(f"| {name} | {' | '.join(row(task, change, options))} |", flush=True)


def gain(features: Tensor, scale: float) -> Tensor:
    """Features `[..., frames, bands]` of log-power over `scale`."""
    return features + DECIBELS * NEPERS / scale * _uniform(*features.shape[:-2], 1, 1)


def filtered(features: Tensor, scale: float) -> Tensor:
    heights = DECIBELS * NEPERS / scale * _uniform(*features.shape[:-2], LINES + 1)
    place = torch.linspace(0, LINES, features.shape[-1])
    below = place.long().clamp(max=LINES - 1)
    curve = torch.lerp(heights[..., below], heights[..., below + 1], place - below)
    return features + curve[..., None, :]


def styled(features: Tensor, _: float) -> Tensor:
    mean, deviation = features.mean(-2, keepdim=True), features.std(-2, keepdim=True) + 1e-4
    other = torch.randperm(features.shape[-3])
    own = torch.distributions.Beta(ALPHA, ALPHA).sample((*features.shape[:-2], 1, 1))
    new_mean, new_deviation = (own * of + (1 - own) * of.index_select(-3, other) for of in (mean, deviation))
    chosen = torch.rand(*features.shape[:-2], 1, 1) < SHARE
    return torch.where(chosen, (features - mean) / deviation * new_deviation + new_mean, features)


def _uniform(*shape: int) -> Tensor:
    return 2 * torch.rand(shape) - 1


CHANGES: dict[str, Callable[[Tensor, float], Tensor] | None] = {
    "mixtures alone": None,
    "gain": gain,
    "filter": filtered,
    "style": styled,
}


def row(task: Task, change: Callable[[Tensor, float], Tensor] | None, options: argparse.Namespace) -> list[str]:
    """Mean and deviation over the seeds at every rate."""
    torch.manual_seed(0)
    train = TrainSettings(steps=options.steps, unlabeled_share=0.5, mixture=0.5)
    parameters = {"response": {"temperature": 2.0, "weight": 2.0}}
    one = Configuration(StudentSettings(16, 3), train, strategy="response", parameters=parameters)
    tried = [
        replace(one, train=replace(train, learning_rate=rate, seed=seed))
        for rate in RATES
        for seed in range(options.seeds)
    ]
    scores = np.zeros(len(tried))

    def done(place: int, result: TrialResult | Exception) -> None:
        if isinstance(result, Exception):
            raise result
        scores[place] = result.scores.values["f1_segment"] or 0.0

    with patch.object(Sampler, "__call__", _changed(Sampler.__call__, change)):
        run_trials(tried, task, done)
    return [f"{own.mean():.3f} ± {own.std(ddof=1):.3f}" for own in scores.reshape(len(RATES), -1)]


def _changed(
    drawn: Callable[[Sampler], Heard], change: Callable[[Tensor, float], Tensor] | None
) -> Callable[[Sampler], Heard]:
    def heard(sampler: Sampler) -> Heard:
        found = drawn(sampler)
        return found if change is None else found._replace(features=change(found.features, sampler.scale))

    return heard


if __name__ == "__main__":
    sys.exit(ended(main))
