"""How a model is trained, whatever it is trained for."""

from dataclasses import asdict, dataclass
from typing import Any

from sedkd.train.rate import warmup_of

LATER = ("mixture", "warmup")  # settings that earlier versions did not have


@dataclass(frozen=True)
class TrainSettings:
    """`frames`: output frames per window. `unlabeled_share`, `foreign_share`: shares of each batch drawn from the
    environment's unlabelled clips and from other environments'; where there are none, labelled clips take the place.
    `mixture`: probability that a window gets a second one of its kind on top (`sedkd.train.mixture`). `warmup`: steps
    during which the rate rises; None leaves it to `sedkd.train.rate`.
    """

    steps: int = 150
    batch: int = 32
    frames: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    unlabeled_share: float = 0.0
    foreign_share: float = 0.0
    mixture: float = 0.0
    warmup: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.unlabeled_share, self.foreign_share) < 0 or self.unlabeled_share + self.foreign_share > 1:
            raise ValueError(
                f"train.unlabeled_share {self.unlabeled_share} and train.foreign_share {self.foreign_share} must not "
                "be negative, nor above 1 together"
            )
        for name, least in (("batch", 1), ("frames", 1), ("learning_rate", 0), ("weight_decay", 0)):
            if not getattr(self, name) >= least:
                raise ValueError(f"train.{name} must be at least {least}, not {getattr(self, name)}")
        if self.warmup is not None and self.warmup < 1:
            raise ValueError(f"train.warmup must be at least 1, not {self.warmup}")
        if not 0 <= self.mixture <= 1:
            raise ValueError(f"train.mixture must lie in 0..1, not {self.mixture}")

    @property
    def warmup_steps(self) -> int:
        """Steps during which the rate rises."""
        return self.warmup or warmup_of(self.steps)

    def __repr__(self) -> str:
        """As dataclasses have it, of `as_compared`: comparisons are named after it."""
        return f"TrainSettings({', '.join(f'{name}={value!r}' for name, value in self.as_compared().items())})"

    def as_compared(self) -> dict[str, Any]:
        """What names a comparison and its students: a setting that came later than comparisons did is left out where
        it changes nothing."""
        return {name: value for name, value in asdict(self).items() if name != "warmup" or value is not None}

    def as_key(self) -> dict[str, Any]:
        """What names a cache or a study: a setting that came later is left out where it changes nothing, so that what
        was made before is found again."""
        return {name: value for name, value in asdict(self).items() if name not in LATER or value}
