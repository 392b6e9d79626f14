"""One point of the search space: everything that decides how one student is built and trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sedkd.distill.registry import SCRATCH, needs_teacher, parts, require_once, types_of
from sedkd.models.settings import StudentSettings, section_of
from sedkd.teach.choice import TeacherSettings
from sedkd.train.settings import TrainSettings
from sedkd.trial.starts import check_start
from sedkd.trial.types import require_type


@dataclass(frozen=True)
class Configuration:
    """`parameters` are the strategy's own, keyed by the name of its part; see `from_flat` for the flat spelling.

    `initialisation` is one of `sedkd.trial.starts`.

    Raises:
        ValueError: the student's architecture does not allow this beginning.
        UserError: the strategy has a part twice.
    """

    student: StudentSettings = field(default_factory=StudentSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    strategy: str = SCRATCH
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    initialisation: str = "random"

    def __post_init__(self) -> None:
        require_once(self.strategy)
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
        ValueError: a key that nothing takes, or a value of another type or out of range; the message names the key.
    """
    known = known_types(values.get("strategy", SCRATCH))
    for key, value in values.items():
        if key not in known:
            raise ValueError(f"{key}: nothing takes this parameter")
        require_type(key, value, known[key])
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
    return set(known_types(strategy))


def known_types(strategy: str) -> dict[str, Any]:
    """The types of their values."""
    known: dict[str, Any] = {"strategy": str, "initialisation": str}
    known |= {f"{section_of(f.name)}.{f.name}": f.type for f in fields(StudentSettings)}
    known |= {f"train.{f.name}": f.type for f in fields(TrainSettings)}
    known |= {f"teacher.{f.name}": f.type for f in fields(TeacherSettings)}
    return known | {f"{part}.{name}": of for part in parts(strategy) for name, of in types_of(part).items()}
