"""How a student hears one recording of validation, kept beside it for a picture."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from search.study.trial_files import TrialFile
from sedkd.data.events import Event


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


def _to_json(heard: Heard) -> dict[str, Any]:
    levels = {"bands": len(heard.levels), "bytes": b64encode(heard.levels.tobytes()).decode()}
    return {**asdict(heard), "levels": levels}


def _from_json(found: dict[str, Any]) -> Heard:
    levels = np.frombuffer(b64decode(found["levels"]["bytes"]), np.uint8).reshape(found["levels"]["bands"], -1)
    events = {name: [Event(**event) for event in found[name]] for name in ("truth", "detections")}
    return Heard(**{**found, **events, "levels": levels})


HEARD = TrialFile("heard.json", _to_json, _from_json)
