"""Detect events in a file of any length with an exported student, window by window as it was scored."""

import math
import warnings
from pathlib import Path

import numpy as np

from sedkd.data.audio import read_spans
from sedkd.data.events import Event
from sedkd.data.inspection import audio_info, notes_on
from sedkd.errors import SedkdWarning
from sedkd.export.reading import Bundle
from sedkd.features.pack import frame_count
from sedkd.features.windows import Window, plan
from sedkd.score.thresholding import decode
from sedkd.stream.detection import Detection, Progress
from sedkd.stream.file import pieces


def detect(bundle: Bundle, path: Path, progress: Progress | None = None) -> list[Detection]:
    """The events in an audio file, sorted by onset. `progress(done, total)` counts windows.

    Of a long file one window of audio is held at a time, and the probabilities, some tens of bytes per frame. In one
    that is shorter than a feature frame nothing is detected.

    Raises:
        UserError: the file is missing, empty or no audio.
    """
    info = audio_info(path)
    for note in notes_on({path: info}):
        warnings.warn(note, SedkdWarning, stacklevel=2)
    if not frame_count(info.duration, bundle.features):  # as a stream of it has no answer
        return []
    probability = file_probabilities(bundle, path, progress)
    post, duration = bundle.post, info.duration
    events = decode(probability, bundle.frame_seconds, bundle.labels, post.thresholds, post.median_frames, duration)
    return [Detection(event, _confidence(bundle, probability, event)) for event in events]


def file_probabilities(bundle: Bundle, path: Path, progress: Progress | None = None) -> np.ndarray:
    """The probabilities of a whole file, `[frames, labels]` float32; frames as `sedkd.train.infer` has them.

    A window reads only its own audio, so that the first feature frames of an inner one see a mirrored edge; they lie
    in the context that is thrown away. A student for streams with a GRU or TCN
    hears the file as one stream.
    """
    rate, stride = bundle.features.rate, round(bundle.frame_seconds / bundle.features.frame_seconds)
    samples = stride * bundle.features.hop  # per output frame
    features = max(frame_count(audio_info(path).duration, bundle.features), 1)
    frames = -(-features // stride)
    size, context = (round(s / bundle.frame_seconds) for s in (bundle.window_seconds, bundle.context_seconds))
    windows = list(plan(frames, size, context))
    spans = [(window.start * samples, window.stop * samples) for window in windows]
    if bundle.stream is not None and bundle.stream.remembers:
        return _streamed(bundle, path, windows, progress)
    answer = np.zeros((frames, len(bundle.labels)), dtype=np.float32)
    for done, (window, audio) in enumerate(zip(windows, read_spans(path, rate, spans), strict=True), start=1):
        heard = bundle.probabilities(audio)
        # A header may promise more audio than there is: the last frame is repeated, as in training.
        rows = np.minimum(np.arange(window.keep_start, window.keep_stop) - window.start, len(heard) - 1)
        answer[window.keep_start : window.keep_stop] = heard[rows]
        if progress:
            progress(done, len(windows))
    return answer


def _streamed(bundle: Bundle, path: Path, windows: list[Window], progress: Progress | None) -> np.ndarray:
    found = []
    for done, answers in enumerate(pieces(bundle, path, windows), start=1):
        found.append(answers)
        if progress:
            progress(done, len(windows))
    heard = np.concatenate(found)
    return heard[np.minimum(np.arange(windows[-1].stop), len(heard) - 1)]  # where a header promises more audio


def _confidence(bundle: Bundle, probability: np.ndarray, event: Event) -> float:
    first = round(event.onset / bundle.frame_seconds)
    last = math.ceil(event.offset / bundle.frame_seconds - 1e-6)
    return float(probability[first : max(last, first + 1), bundle.labels.index(event.event_label)].mean())
