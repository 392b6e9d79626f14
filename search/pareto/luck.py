"""How much of a front is luck, and whom to train with a second seed against it: the best of many noisy scores flatters
whoever is chosen by it.

Second seeds while much is still to be found cost more than they gain. Late they cost nothing that can be seen, and the
front flatters itself half as much (`python -m benchmarks.replay.luck`).
"""

from collections.abc import Sequence

import numpy as np

from search.pareto.front import front
from search.pareto.rungs import NOISE, students
from search.study.objectives import Objectives
from search.study.records import SECOND, FinishedTrial
from search.study.view import StudyView

DRAWS = 2000
FAR = 8.0  # deviations
SECOND_FROM = 0.7  # of a search's trials: from then on
FEWEST_TRIALS = 50  # of a search: with fewer, each is for a student of its own


def on_one_seed(study: StudyView, trials: int) -> FinishedTrial | None:
    """The best of the front that was trained with one seed, where it is time for a second one; None otherwise.
    `trials`: how many the search has in all."""
    if trials < FEWEST_TRIALS or study.taken() < SECOND_FROM * trials:
        return None
    taken, objectives = study.named_by(SECOND), study.objectives
    left = [m for m in front(study.finished(), objectives) if m.seeds == 1 and m.number not in taken]
    return max(left, key=lambda m: m.measure(objectives.quality), default=None)


def optimism(
    best: FinishedTrial, members: Sequence[FinishedTrial], objectives: Objectives, deviation: float = NOISE
) -> float:
    """How much of the quality of the best member is luck on average, if scores differ by `deviation` from seed to seed.

    It was chosen among all, whatever they cost. A parametric bootstrap (Efron and Tibshirani 1993) draws their scores
    again and tells by how much the best of a draw is above what it was drawn around; where it has a second
    seed, so has the best of each draw. Scores that are noisy themselves lie farther apart than what they stand for, so
    that it tells too little rather than too much.
    """
    others = [m for m in students(members) if m.number != best.number]
    within = [best, *others]  # also where it was trained on since, and is none of these
    rivals = np.array([m.measure(objectives.quality) for m in within])
    rivals = rivals[rivals > rivals.max() - FAR * deviation]  # of the others none is ever drawn as the best
    first, second = np.random.default_rng(0).normal(0.0, deviation, (2, DRAWS, len(rivals)))
    luck = _luck_of_two(rivals, first, (first + second) / 2) if best.seeds > 1 else first
    return float(luck[np.arange(DRAWS), (rivals + luck).argmax(axis=1)].mean())


def _luck_of_two(rivals: np.ndarray, first: np.ndarray, both: np.ndarray) -> np.ndarray:
    """Luck `[draws, rivals]` of the first seed, or of both of whoever is the best, until the best of each draw has
    two."""
    luck, draws = first.copy(), np.arange(len(first))
    while True:
        best = (rivals + luck).argmax(axis=1)
        if (luck[draws, best] == both[draws, best]).all():
            return luck
        luck[draws, best] = both[draws, best]


def luck_words(members: Sequence[FinishedTrial], objectives: Objectives) -> str:
    """Of the best member, in a sentence."""
    best = max(front(members, objectives), key=lambda m: m.measure(objectives.quality))
    luck = max(optimism(best, members, objectives), 0.0)  # a mean of draws may fall below
    score = best.measure(objectives.quality)
    seeds = "one seed each" if best.seeds == 1 else "with a second seed for the best"
    return (
        f"{seeds}: if scores differ by {NOISE:g} from seed to seed, about {luck:.3f} of the "
        f"{len(students(members))} students' best, {score:.3f}, is luck"
    )


def seeds_words(on_front: Sequence[FinishedTrial]) -> str:
    """Whose measures are means over seeds; nothing where nobody's are."""
    twice = [str(member.number) for member in on_front if member.seeds > 1]
    if not twice:
        return ""
    named = f"trial{'s' if len(twice) > 1 else ''} {', '.join(twice)}"
    return f"validation scores of {named} are means of two seeds; the first is kept, and scored on test"
