"""What a front member scores and costs in eight bits, kept beside it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from search.study.trial_files import TrialFile
from sedkd.models.settings import FULL, StudentSettings

Values = Mapping[str, float | None]


@dataclass(frozen=True)
class EightBits:
    """Of the student's int8 step, with the trial's thresholds and filters.

    bytes: of its file. latency: milliseconds per second of audio, step by step in onnxruntime on one CPU thread.
    validation, test: scores by name; None until test was opened. split: what test was made of (see `SplitScores`).
    """

    bytes: int
    latency: float
    validation: Values
    test: Values | None = None
    split: str | None = None

    @property
    def measures(self) -> dict[str, float | None]:
        """All of it by name, as tables and MLflow have it."""
        scores = {f"int8_{name}": value for name, value in self.validation.items()}
        scores |= {f"int8_test_{name}": value for name, value in (self.test or {}).items()}
        return {**scores, "int8_bytes": self.bytes, "int8_latency": self.latency}


INT8 = TrialFile("int8.json", asdict, lambda found: EightBits(**found))


def quantises(configuration: Mapping[str, Any]) -> bool:
    """Whether a student of this configuration has a step of eight bits at all."""
    head, lookahead = configuration.get("student.head", "none"), configuration.get("student.lookahead", FULL)
    return StudentSettings(head=head, lookahead=lookahead).quantises
