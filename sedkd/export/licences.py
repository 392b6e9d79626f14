"""Under which terms an export stands: of the data, of the teacher's weights, and of what the student began with.

What is not known is said to be so. Whether a model is bound by the terms of what it learned from is not for a program
to decide.
"""

from collections.abc import Mapping
from typing import Any

UNTOLD = "not recorded by this study, which an earlier version began; see the data's own"
UNKNOWN = "not known to sedkd; see where they came from"
EFFICIENTAT = "EfficientAT, MIT licence; learned from AudioSet (labels CC BY 4.0; clips of YouTube, each under its own)"
LEARNED = "trained by sedkd from random weights: no terms besides those of what it was trained on"
STUDENT = "trained on the data above with the teacher above; sedkd adds no terms of its own"


def licences_of(data: str | None, teachers: str, configuration: Mapping[str, Any]) -> dict[str, str]:
    """Data, teacher weights and student -> their terms, in this order.

    Args:
        data: the pool's licence; None where the study did not record it.
        teachers: the kinds of teacher, joined by commas.
        configuration: the trial's; its `initialisation` says what the student began with.
    """
    kinds = teachers.split(",")
    weights = "; ".join(_weights(kind) if len(kinds) == 1 else f"{kind}: {_weights(kind)}" for kind in kinds)
    start = str(configuration.get("initialisation", "random"))
    began = ""
    if start == "audioset":
        began = f"; began with weights of {EFFICIENTAT}"
    elif start.startswith("timm"):
        began = f"; began with published weights ({start}), whose terms are {UNKNOWN}"
    return {"data": data or UNTOLD, "teacher weights": weights, "student": STUDENT + began}


def _weights(kind: str) -> str:
    if kind == "crnn":
        return LEARNED
    return EFFICIENTAT if kind in ("mn04_as", "mn10_as") else UNKNOWN
