"""The sound of detections as WAV files: a folder per event, a few of each, spread over confidence."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sedkd.data.audio import read_part
from sedkd.data.clips import names_of, plain, write_clip
from sedkd.stream.detection import Detection

AROUND_SECONDS = 1.0  # before an event and behind it, as far as the recording goes

Found = tuple[Path, Detection]


def spread(found: Sequence[Found], count: int) -> list[Found]:
    """At most `count` of some detections: those nearest to as many confidences, evenly spaced from the lowest to the
    highest, each once; sorted by confidence."""
    left = sorted(found, key=lambda one: (one[1].confidence, str(one[0]), one[1].event))
    if len(left) <= count:
        return left
    chosen = []
    for wanted in np.linspace(left[-1][1].confidence, left[0][1].confidence, count):
        nearest = min(left, key=lambda one: abs(one[1].confidence - wanted))
        left.remove(nearest)
        chosen.append(nearest)
    return sorted(chosen, key=lambda one: one[1].confidence)


def write_clips(folder: Path, found: Sequence[Found], per_class: int, labels: Sequence[str]) -> int:
    """Write `folder/EVENT/CONFIDENCE-RECORDING-ONSET.wav`, at most `per_class` of each event, and return how many.
    `labels`: all that the detector knows.

    Raises:
        UserError: a file cannot be written, or a recording not be read.
    """
    events: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        events[one[1].event.event_label].append(one)
    folders = names_of(labels)
    names: set[Path] = set()
    for label, own in events.items():
        for path, detection in spread(own, per_class):
            _write(_free(folder / folders[label], _stem(path, detection), names), path, detection)
    return len(names)


def _stem(path: Path, detection: Detection) -> str:
    return f"{detection.confidence:.3f}-{plain(path.stem)}-{detection.event.onset:08.3f}"


def _free(folder: Path, stem: str, names: set[Path]) -> Path:
    """A name that no clip of this call has yet: recordings of several folders may be called alike."""
    out, copy = folder / f"{stem}.wav", 2
    while out in names:
        out, copy = folder / f"{stem}-{copy}.wav", copy + 1
    names.add(out)
    return out


def _write(out: Path, path: Path, detection: Detection) -> None:
    event = detection.event
    start = max(event.onset - AROUND_SECONDS, 0.0)
    write_clip(out, *read_part(path, start, event.offset + AROUND_SECONDS - start))
