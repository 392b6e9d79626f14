"""Which dimensions of a space matter: PED-ANOVA (Watanabe et al. 2023) for the quality and for the front."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

from search.pareto.front import ranks
from search.study.records import FinishedTrial
from search.study.view import StudyView

MIN_TRIALS = 20  # PED-ANOVA looks at the best tenth: fewer than two trials would speak
MIN_SHARE_DRAWN = 1 / 3  # a dimension that a smaller share of the trials drew cannot be told


@dataclass(frozen=True)
class Importance:
    """A dimension, the trials that drew it, and its share among those that can be told; NaN where it cannot."""

    name: str
    drawn: int
    quality: float
    front: float

    @property
    def rare(self) -> bool:
        return self.quality != self.quality


def importances(study: StudyView, members: Sequence[FinishedTrial]) -> list[Importance]:
    """Every dimension: first by its importance for the front, last those that are drawn too rarely.

    For the front a trial's Pareto rank is asked for, for the quality its score. Empty with fewer than MIN_TRIALS.
    """
    if len(members) < MIN_TRIALS:
        return []
    from optuna.importance import get_param_importances

    drawn = Counter(name for m in members for name in m.record.configuration)
    told = [name for name, count in drawn.items() if count >= MIN_SHARE_DRAWN * len(members)]
    rank = dict(zip((m.number for m in members), ranks([m.values for m in members], study.objectives), strict=True))
    place = study.objectives.names.index(study.objectives.quality)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it reminds of what the signs here heed: PED-ANOVA asks what makes targets low
        quality = get_param_importances(
            study.optuna, params=told, target=lambda t: -t.values[place] if t.number in rank else nan
        )
        front = get_param_importances(study.optuna, params=told, target=lambda t: float(rank.get(t.number, nan)))
    every = [Importance(name, count, quality.get(name, nan), front.get(name, nan)) for name, count in drawn.items()]
    return sorted(every, key=lambda i: (i.rare, -i.drawn if i.rare else -i.front))
