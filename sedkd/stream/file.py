"""A file through the step of an export, for students that remember more than a window's context."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sedkd.data.audio import read_spans
from sedkd.export.reading import Bundle
from sedkd.export.session import minimum_samples
from sedkd.features.tables import NumpyLogMel
from sedkd.features.windows import Window
from sedkd.stream.network import StreamNetwork


def pieces(bundle: Bundle, path: Path, windows: list[Window]) -> Iterator[np.ndarray]:
    """The probabilities `[answers, labels]` that each window of output frames makes known; the last one makes known
    all that are left. Features of a window lie `context` within it, where its audio says all of them."""
    network, settings = StreamNetwork(bundle.folder), bundle.features
    stride, logmel = network.facts.stride, NumpyLogMel(settings)
    samples = stride * settings.hop
    spans = [(window.start * samples, window.stop * samples) for window in windows]
    for window, audio in zip(windows, read_spans(path, settings.rate, spans), strict=True):
        missing = max(minimum_samples(settings) - len(audio), 0)
        features = logmel(np.pad(audio, (0, missing))).astype(np.float32)
        kept = slice((window.keep_start - window.start) * stride, (window.keep_stop - window.start) * stride)
        answers = network.feed(features[kept])
        yield np.concatenate([answers, network.finish()]) if window is windows[-1] else answers
