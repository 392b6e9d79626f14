"""Batch normalisation (Ioffe & Szegedy 2015) with a rectifier behind it, over maps whose channels lie last.

A map is looked at as a matrix `[n, columns]` whose rows hold one or several pixels with all of their channels, so that
few channels fill the vector units, too: column j is of channel `j % channels`. Sums are taken over BLOCK rows in single
precision and over all in double.
"""

import numpy as np

from sedkd.models.loops.compiled import compiled

BLOCK = 64
ZERO = np.float32(0)

Array = np.ndarray


@compiled
def normalised(rows: Array, weight: Array, bias: Array, eps: float, out: Array) -> tuple[Array, Array, Array, Array]:
    """Write `relu(weight * (rows - mean) / sqrt(variance + eps) + bias)` to `out`; mean and (biased) variance
    `[channels]` of the batch, and mean and scale `[columns]` for the gradient."""
    n, columns = rows.shape
    channels = len(weight)
    near = rows[0]  # sums are of differences from it, so that a mean far from zero costs no digits
    total, squares = np.zeros(columns), np.zeros(columns)
    some, some_squares = np.empty(columns, np.float32), np.empty(columns, np.float32)
    for start in range(0, n, BLOCK):
        some[:], some_squares[:] = ZERO, ZERO
        end = min(start + BLOCK, n)
        for i in range(start, end - 1, 2):
            for j in range(columns):
                one, two = rows[i, j] - near[j], rows[i + 1, j] - near[j]
                some[j] += one + two
                some_squares[j] += one * one + two * two
        if (end - start) % 2:
            for j in range(columns):
                one = rows[end - 1, j] - near[j]
                some[j] += one
                some_squares[j] += one * one
        for j in range(columns):
            total[j] += some[j]
            squares[j] += some_squares[j]
    mean, variance = np.zeros(channels), np.zeros(channels)
    share = channels / columns
    for j in range(columns):
        mean[j % channels] += share * (near[j] + total[j] / n)
    for j in range(columns):
        own = total[j] / n
        apart = near[j] + own - mean[j % channels]
        variance[j % channels] += share * (max(squares[j] / n - own * own, 0.0) + apart * apart)
    means, scales, biases = np.empty(columns, np.float32), np.empty(columns, np.float32), np.empty(columns, np.float32)
    for j in range(columns):
        c = j % channels
        means[j], biases[j] = mean[c], bias[c]
        scales[j] = weight[c] / np.sqrt(variance[c] + eps)
    for i in range(n):
        for j in range(columns):
            value = (rows[i, j] - means[j]) * scales[j] + biases[j]
            out[i, j] = ZERO if value < ZERO else value
    return mean.astype(np.float32), variance.astype(np.float32), means, scales


@compiled
def gradients(
    rows: Array, passed: Array, means: Array, scales: Array, weight: Array, bias: Array, variance: Array, eps: float,
    out: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Write the gradient of `rows` to `out`, from that of what `normalised` made, `passed` `[n, columns]`; those of
    weight and bias `[channels]`."""
    n, columns = rows.shape
    channels = len(weight)
    biases = np.empty(columns, np.float32)
    for j in range(columns):
        biases[j] = bias[j % channels]
    total, along = np.zeros(columns), np.zeros(columns)
    some, some_along = np.empty(columns, np.float32), np.empty(columns, np.float32)
    for start in range(0, n, BLOCK):
        some[:], some_along[:] = ZERO, ZERO
        end = min(start + BLOCK, n)
        for i in range(start, end - 1, 2):
            for j in range(columns):
                one, two = rows[i, j] - means[j], rows[i + 1, j] - means[j]
                let_one = passed[i, j] if one * scales[j] + biases[j] > ZERO else ZERO  # through the rectifier
                let_two = passed[i + 1, j] if two * scales[j] + biases[j] > ZERO else ZERO
                some[j] += let_one + let_two
                some_along[j] += let_one * one + let_two * two
        if (end - start) % 2:
            for j in range(columns):
                one = rows[end - 1, j] - means[j]
                let_one = passed[end - 1, j] if one * scales[j] + biases[j] > ZERO else ZERO
                some[j] += let_one
                some_along[j] += let_one * one
        for j in range(columns):
            total[j] += some[j]
            along[j] += some_along[j]
    bias_gradient, weight_gradient = np.zeros(channels), np.zeros(channels)
    for j in range(columns):
        bias_gradient[j % channels] += total[j]
        weight_gradient[j % channels] += along[j]
    count = n * columns / channels
    slopes, offsets = np.empty(columns, np.float32), np.empty(columns, np.float32)
    for j in range(columns):
        c = j % channels
        slopes[j] = -scales[j] * weight_gradient[c] / (variance[c] + eps) / count
        offsets[j] = -scales[j] * bias_gradient[c] / count
    for i in range(n):
        for j in range(columns):
            off = rows[i, j] - means[j]
            let = passed[i, j] if off * scales[j] + biases[j] > ZERO else ZERO
            out[i, j] = let * scales[j] + off * slopes[j] + offsets[j]
    for c in range(channels):
        weight_gradient[c] /= np.sqrt(variance[c] + eps)
    return weight_gradient.astype(np.float32), bias_gradient.astype(np.float32)
