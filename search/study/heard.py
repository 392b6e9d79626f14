"""How a student hears one recording of validation, kept beside it for a picture."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from sedkd.data.events import Event
from sedkd.disk.json_file import read_json, write_json

FILE = "heard.json"
_MEND = "remove it; the same search line writes it anew"


@dataclass(frozen=True)
class Heard:
    """The first `seconds` of a recording.

    probability: `[frames, labels]` after the filters, in frames of `frame_seconds`. truth, detections: in seconds.
    levels: log-mel as `[bands, columns]`, from 0 to 255, all columns of one length.
    """

    filename: str
    seconds: float
    frame_seconds: float
    labels: Sequence[str]
    thresholds: Sequence[float]
    probability: Sequence[Sequence[float]]
    truth: Sequence[Event]
    detections: Sequence[Event]
    levels: np.ndarray


def kept_heard(trial: Path) -> Heard | None:
    """Of a trial's folder; None where it was not kept, as by studies of earlier versions."""
    path = trial / FILE
    return read_json(path, _from_json, _MEND) if path.exists() else None


def keep_heard(trial: Path, heard: Heard) -> Path:
    """Write it to a trial's folder; the file."""
    path = trial / FILE
    levels = {"bands": len(heard.levels), "bytes": b64encode(heard.levels.tobytes()).decode()}
    write_json(path, {**asdict(heard), "levels": levels})
    return path


def _from_json(found: dict) -> Heard:
    levels = np.frombuffer(b64decode(found["levels"]["bytes"]), np.uint8).reshape(found["levels"]["bands"], -1)
    events = {name: [Event(**event) for event in found[name]] for name in ("truth", "detections")}
    return Heard(**{**found, **events, "levels": levels})
