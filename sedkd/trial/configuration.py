"""One point of the search space: everything that decides how one student is built and trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sedkd.distill.registry import SCRATCH, needs_teacher, parameters_of, parts
from sedkd.models.settings import StudentSettings, section_of
from sedkd.teach.choice import TeacherSettings
from sedkd.train.settings import TrainSettings
from sedkd.trial.starts import check_start


@dataclass(frozen=True)
class Configuration:
    """`parameters` are the strategy's own, keyed by the name of its part; see `from_flat` for the flat spelling.

    `initialisation` is one of `sedkd.trial.starts`; ValueError where the student's architecture does not allow it.
    """

    student: StudentSettings = field(default_factory=StudentSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    strategy: str = SCRATCH
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    initialisation: str = "random"

    def __post_init__(self) -> None:
        check_start(self.initialisation, self.student)

    @property
    def needs_teacher(self) -> bool:
        """Whether training reads a teacher's outputs."""
        return needs_teacher(self.strategy)

    @property
    def taught_by(self) -> TeacherSettings | None:
        """How the teacher is chosen; None where the strategy has none."""
        return self.teacher if self.needs_teacher else None


def from_flat(values: Mapping[str, Any], base: TrainSettings) -> Configuration:
    """Build a configuration from `{"student.width": 8, "strategy": "response", "response.temperature": 2.0, ...}`.

    What is not given keeps its default; `base` holds what the space does not vary.

    Raises:
        ValueError: a key that nothing takes, or a value out of range; the message names the key.
    """
    known = known_keys(values.get("strategy", SCRATCH))
    for key in values:
        if key not in known:
            raise ValueError(f"{key}: nothing takes this parameter")
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        sections.setdefault(section, {})[name] = value
    top = sections.pop("", {})
    return Configuration(
        student=StudentSettings(**sections.pop("student", {}), **sections.pop("features", {})),
        train=replace(base, **sections.pop("train", {})),
        teacher=TeacherSettings(**sections.pop("teacher", {})),
        parameters=sections,
        **top,
    )


def known_keys(strategy: str) -> set[str]:
    """The flat keys that a configuration with this strategy may have."""
    keys = {"strategy", "initialisation"}
    keys |= {f"{section_of(f.name)}.{f.name}" for f in fields(StudentSettings)}
    keys |= {f"train.{f.name}" for f in fields(TrainSettings)}
    keys |= {f"teacher.{f.name}" for f in fields(TeacherSettings)}
    return keys | {f"{part}.{name}" for part in parts(strategy) for name in parameters_of(part)}
