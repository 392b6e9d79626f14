"""Batch normalisation (Ioffe & Szegedy 2015) with a rectifier behind it, and behind that, where wanted, the mean over
neighbours, over maps whose channels lie last.

A map is looked at as a matrix `[n, columns]`: column j is of channel `j % channels`. Without pooling a row holds one or
several pixels with all of their channels, so that few channels fill the vector units, too; with it, all bands of a
frame. `table` `[3, columns]` has what a column is normalised by: mean, scale and bias; its rows are copied, for the
compiler knows of a copy that it lies apart from what is written. Sums are taken over BLOCK rows in single precision and
over all in double.
"""

import numpy as np

from sedkd.models.loops.compiled import compiled

BLOCK = 64
ZERO = np.float32(0)

Array = np.ndarray


@compiled
def moments(rows: Array, channels: int) -> tuple[Array, Array]:
    """Mean and (biased) variance `[channels]`."""
    n, columns = rows.shape
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
    return mean, variance


@compiled
def normalised(
    rows: Array, weight: Array, bias: Array, eps: float, high: int, wide: int, out: Array
) -> tuple[Array, Array, Array]:
    """Write `relu(weight * (rows - mean) / sqrt(variance + eps) + bias)` to `out`, or its means over `high` rows and
    `wide` pixels `[n / high, columns / wide]`; mean and variance `[channels]` of the batch, and `table`."""
    columns, channels = rows.shape[1], len(weight)
    mean, variance = moments(rows, channels)
    table = np.empty((3, columns), np.float32)
    for j in range(columns):
        c = j % channels
        table[0, j], table[1, j], table[2, j] = mean[c], weight[c] / np.sqrt(variance[c] + eps), bias[c]
    if high * wide == 1:
        rectified(rows, table, out)
    else:
        pooled(rows, table, channels, high, wide, out)
    return mean.astype(np.float32), variance.astype(np.float32), table


@compiled
def rectified(rows: Array, table: Array, out: Array) -> None:
    """Write the normalised and rectified rows to `out`."""
    means, scales, biases = table[0].copy(), table[1].copy(), table[2].copy()
    for i in range(len(rows)):
        for j in range(rows.shape[1]):
            value = (rows[i, j] - means[j]) * scales[j] + biases[j]
            out[i, j] = ZERO if value < ZERO else value


@compiled
def pooled(rows: Array, table: Array, channels: int, high: int, wide: int, out: Array) -> None:
    """Write the means of the normalised and rectified rows over `high` rows and `wide` pixels to `out`."""
    means, scales, biases = table[0].copy(), table[1].copy(), table[2].copy()
    columns = rows.shape[1]
    row, share = np.empty(columns, np.float32), np.float32(1 / (high * wide))
    for i in range(len(out)):
        row[:] = ZERO
        for above in range(i * high, (i + 1) * high):
            for j in range(columns):
                value = (rows[above, j] - means[j]) * scales[j] + biases[j]
                row[j] += ZERO if value < ZERO else value
        out[i] = ZERO
        for first in range(0, columns, channels):
            own, pixel = out[i, first // (wide * channels) * channels :], row[first : first + channels]
            for c in range(channels):
                own[c] += share * pixel[c]


@compiled
def shared_out(passed: Array, channels: int, share: float, wide: int, row: Array) -> None:
    """Write to `row` what each of `wide` pixels has of their mean's gradient, `passed` `[columns / wide]`."""
    if wide == 1:
        for j in range(len(row)):
            row[j] = share * passed[j]
        return
    for first in range(0, len(row), channels):
        own, pixel = passed[first // (wide * channels) * channels :], row[first : first + channels]
        for c in range(channels):
            pixel[c] = share * own[c]


@compiled
def gradients(
    rows: Array, passed: Array, table: Array, weight: Array, variance: Array, eps: float, high: int, wide: int,
    out: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Write the gradient of `rows` to `out`, from that of what `normalised` made, `passed`
    `[n / high, columns / wide]`, which may be `out` where nothing is pooled; those of weight and bias `[channels]`."""
    means, scales, biases = table[0].copy(), table[1].copy(), table[2].copy()
    n, columns = rows.shape
    channels = len(weight)
    row, share = np.empty(columns, np.float32), np.float32(1 / (high * wide))
    total, along = np.zeros(columns), np.zeros(columns)
    some, some_along = np.empty(columns, np.float32), np.empty(columns, np.float32)
    for start in range(0, n, BLOCK):
        some[:], some_along[:] = ZERO, ZERO
        for i in range(start, min(start + BLOCK, n)):
            if i % high == 0:
                shared_out(passed[i // high], channels, share, wide, row)
            for j in range(columns):
                off = rows[i, j] - means[j]
                let = row[j] if off * scales[j] + biases[j] > ZERO else ZERO  # through the rectifier
                some[j] += let
                some_along[j] += let * off
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
        if i % high == 0:
            shared_out(passed[i // high], channels, share, wide, row)
        for j in range(columns):
            off = rows[i, j] - means[j]
            let = row[j] if off * scales[j] + biases[j] > ZERO else ZERO
            out[i, j] = let * scales[j] + off * slopes[j] + offsets[j]
    for c in range(channels):
        weight_gradient[c] /= np.sqrt(variance[c] + eps)
    return weight_gradient.astype(np.float32), bias_gradient.astype(np.float32)
