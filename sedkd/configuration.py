"""One point of the search space: everything that decides how one student is built and trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sedkd.distill.registry import SCRATCH, parameters_of, parts
from sedkd.models.student import StudentSettings
from sedkd.train.fit import TrainSettings

INITIALISATIONS = ("random", "generic")


@dataclass(frozen=True)
class Configuration:
    """`parameters` are the strategy's own, keyed by the name of its part; see `from_flat` for the flat spelling."""

    student: StudentSettings = field(default_factory=StudentSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    strategy: str = SCRATCH
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    initialisation: str = "random"

    @property
    def needs_teacher(self) -> bool:
        return self.strategy != SCRATCH


def from_flat(values: Mapping[str, Any], base: TrainSettings) -> Configuration:
    """Build a configuration from `{"student.width": 8, "strategy": "response", "response.temperature": 2.0, ...}`.

    What is not given keeps its default; `base` holds what the space does not vary.

    Raises:
        ValueError: a key that nothing takes, or a value out of range; the message names the key.
    """
    for key in values:
        if key not in known_keys(values.get("strategy", SCRATCH)):
            raise ValueError(f"{key}: nothing takes this parameter")
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        sections.setdefault(section, {})[name] = value
    top = sections.pop("", {})
    if top.get("initialisation", "random") not in INITIALISATIONS:
        raise ValueError(f"initialisation must be one of {', '.join(INITIALISATIONS)}, not {top['initialisation']}")
    return Configuration(
        student=StudentSettings(**sections.pop("student", {})),
        train=replace(base, **sections.pop("train", {})),
        parameters=sections,
        **top,
    )


def known_keys(strategy: str) -> set[str]:
    """The flat keys that a configuration with this strategy may have."""
    keys = {"strategy", "initialisation"}
    keys |= {f"student.{f.name}" for f in fields(StudentSettings)}
    keys |= {f"train.{f.name}" for f in fields(TrainSettings)}
    return keys | {f"{part}.{name}" for part in parts(strategy) for name in parameters_of(part)}
