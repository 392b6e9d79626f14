"""A gated recurrent unit (Cho et al. 2014, as torch computes it) through time, without a call per frame.

Axes: frames T, batch B, units H; gates r (reset), z (update) and n (new), in torch's order.
"""

from typing import Any

import numpy as np

from sedkd.models.loops.compiled import compiled

HALF, ONE = np.float32(0.5), np.float32(1)

# tanh(x) = x p(x^2) / q(x^2), to a few units in the last place of single precision; beyond LARGEST that of LARGEST.
# Coefficients of Eigen 3.4 (Eigen/src/Core/MathFunctionsImpl.h, ptanh).
LARGEST = np.float32(7.90531110763549805)
P1, P3, P5 = np.float32(4.89352455891786e-03), np.float32(6.37261928875436e-04), np.float32(1.48572235717979e-05)
P7, P9 = np.float32(5.12229709037114e-08), np.float32(-8.60467152213735e-11)
P11, P13 = np.float32(2.00018790482477e-13), np.float32(-2.76076847742355e-16)
Q0, Q2 = np.float32(4.89352518554385e-03), np.float32(2.26843463243900e-03)
Q4, Q6 = np.float32(1.18534705686654e-04), np.float32(1.19825839466702e-06)

Array = np.ndarray


@compiled
def tanh(x: Any) -> Any:
    """Written out, because many at once fill the vector units so."""
    x = LARGEST if x > LARGEST else (-LARGEST if x < -LARGEST else x)
    y = x * x
    p = ((((((P13 * y + P11) * y + P9) * y + P7) * y + P5) * y + P3) * y + P1) * x
    q = ((Q6 * y + Q4) * y + Q2) * y + Q0
    return p / q


@compiled
def add_product(a: Array, b: Array, out: Array) -> None:
    """`out += a @ b`, of small matrices: two rows of `a` by four of `b` at a time, the rest one by one."""
    rows, inner = a.shape
    paired, by_four = rows - rows % 2, inner - inner % 4
    for r in range(0, paired, 2):
        first, second = out[r], out[r + 1]
        for i in range(0, by_four, 4):
            a0, a1, a2, a3 = a[r, i], a[r, i + 1], a[r, i + 2], a[r, i + 3]
            b0, b1, b2, b3 = a[r + 1, i], a[r + 1, i + 1], a[r + 1, i + 2], a[r + 1, i + 3]
            for j in range(len(first)):
                w0, w1, w2, w3 = b[i, j], b[i + 1, j], b[i + 2, j], b[i + 3, j]
                first[j] += a0 * w0 + a1 * w1 + a2 * w2 + a3 * w3
                second[j] += b0 * w0 + b1 * w1 + b2 * w2 + b3 * w3
        for i in range(by_four, inner):
            for j in range(len(first)):
                first[j] += a[r, i] * b[i, j]
                second[j] += a[r + 1, i] * b[i, j]
    for r in range(paired, rows):
        for i in range(inner):
            for j in range(out.shape[1]):
                out[r, j] += a[r, i] * b[i, j]


@compiled
def through_time(inputs: Array, weight: Array, bias: Array, backwards: bool, states: Array, gates: Array) -> None:
    """Write the states `[T, B, H]`, and for the gradient r, z, n and what r lets through of the state before
    `[T, B, 4 H]`, from the inputs' part of the gates `[T, B, 3 H]`, bias included, the transposed recurrent weight
    `[H, 3 H]` and its bias. `backwards`: from the last frame to the first."""
    frames, batch, _ = inputs.shape
    units = states.shape[2]
    recurrent = np.empty((batch, 3 * units), np.float32)
    before = np.zeros((batch, units), np.float32)
    for step in range(frames):
        t = frames - 1 - step if backwards else step
        for b in range(batch):
            recurrent[b] = bias
        add_product(before, weight, recurrent)
        for b in range(batch):
            own, fed, kept, state, last = inputs[t, b], recurrent[b], gates[t, b], states[t, b], before[b]
            for j in range(units):
                r = HALF * tanh(HALF * (own[j] + fed[j])) + HALF
                z = HALF * tanh(HALF * (own[units + j] + fed[units + j])) + HALF
                through = fed[2 * units + j]
                n = tanh(own[2 * units + j] + r * through)
                kept[j], kept[units + j], kept[2 * units + j], kept[3 * units + j] = r, z, n, through
                state[j] = n + z * (last[j] - n)
                last[j] = state[j]


@compiled
def back_through_time(
    passed: Array, weight: Array, backwards: bool, states: Array, gates: Array, of_inputs: Array, of_recurrent: Array
) -> None:
    """Write the gradients of the inputs' and of the recurrent part of the gates `[T, B, 3 H]`, from those of the states
    `[T, B, H]`, the recurrent weight `[3 H, H]` and what `through_time` wrote."""
    frames, batch, units = passed.shape
    later = np.zeros((batch, units), np.float32)  # what later states pass to this one
    nothing = np.zeros(units, np.float32)
    for step in range(frames - 1, -1, -1):
        t = frames - 1 - step if backwards else step
        for b in range(batch):
            last = nothing if step == 0 else states[t + 1 if backwards else t - 1, b]
            own, more, kept, inner, outer = passed[t, b], later[b], gates[t, b], of_inputs[t, b], of_recurrent[t, b]
            for j in range(units):
                r, z, n, through = kept[j], kept[units + j], kept[2 * units + j], kept[3 * units + j]
                of_state = own[j] + more[j]
                of_n = of_state * (ONE - z) * (ONE - n * n)
                of_z = of_state * (last[j] - n) * z * (ONE - z)
                of_r = of_n * through * r * (ONE - r)
                inner[j], inner[units + j], inner[2 * units + j] = of_r, of_z, of_n
                outer[j], outer[units + j], outer[2 * units + j] = of_r, of_z, of_n * r
                more[j] = of_state * z
        add_product(of_recurrent[t], weight, later)
