"""What is remembered of a trial, as Optuna's storage keeps it in a user attribute."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from sedkd.score.postprocess import PostProcessing

UNKNOWN = PostProcessing((), ())


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """Of every trial that was trained. What a store of an earlier version does not hold is empty.

    configuration: its values by the dimensions' names. measures: scores and costs by name, each in its own unit.
    curve: per checkpoint step, steps, loss, score, seconds. control: which control it is, if any. seconds: of training
    and scoring.
    """

    configuration: Mapping[str, Any] = field(default_factory=dict)
    measures: Mapping[str, float] = field(default_factory=dict)
    curve: Sequence[Mapping[str, Any]] = ()
    control: str | None = None
    seconds: float = 0.0

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in found.items() if name in known})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class FinishedRecord(TrialRecord):
    """Of one that was trained to its end, or to its rung.

    values: as Optuna has them. per_class: scores by event. support: events on validation by event. post: thresholds and
    median filters. seed: of its training. continues: the number of the trial of fewer steps that it continues, whose
    curve and seconds are part of its own. second_seed_of: the number of the trial whose configuration it trained anew.
    """

    values: Sequence[float] = ()
    per_class: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    support: Mapping[str, int] = field(default_factory=dict)
    post: PostProcessing = UNKNOWN
    seed: int | None = None
    continues: int | None = None
    second_seed_of: int | None = None

    @property
    def steps(self) -> int:
        """Of its training, from its first on; 0 where a store of an earlier version holds no curve."""
        return int(self.curve[-1]["step"]) if self.curve else 0

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        post = found.get("post", asdict(UNKNOWN))
        return super().from_json({**found, "post": PostProcessing(**{name: tuple(v) for name, v in post.items()})})


@dataclass(frozen=True, kw_only=True)
class StoppedRecord(TrialRecord):
    """Of one that was ended at `rung`, with the `score` that it had there."""

    rung: str
    score: float
