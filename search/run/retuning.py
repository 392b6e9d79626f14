"""Thresholds chosen anew for an export: the most recall within so many false alarms per hour, or for F1."""

from dataclasses import dataclass, replace

from search.setup.alarms import limit_notices
from search.study.trial_record import FinishedRecord
from sedkd.errors import UserError
from sedkd.export.card import CardFacts
from sedkd.score.alarms import NEVER, tuned
from sedkd.score.postprocess import Answers, PostProcessing
from sedkd.score.summary import Scores, score


@dataclass(frozen=True)
class Retuned:
    """What was chosen, the scores on validation with it, how many false alarms per hour were allowed (None: they are
    for F1), and the hours in which they were counted."""

    post: PostProcessing
    scores: Scores
    most: float | None
    labels: tuple[str, ...]
    hours: float

    def of(self, record: FinishedRecord) -> FinishedRecord:
        """A trial's record with these scores: those on validation are of other thresholds."""
        told = {name: value for name, value in self.scores.values.items() if value is not None}
        return replace(record, measures={**record.measures, **told}, post=self.post)

    def on(self, card: CardFacts) -> CardFacts:
        """A card's facts with these scores; those on test and of a second seed were made with other thresholds, and are
        left out."""
        return replace(
            card,
            validation=dict(self.scores.values),
            per_class=self.scores.per_class,
            test=None,
            of_seeds=None,
            int8_test=None,
            most_alarms=self.most,
        )

    @property
    def lines(self) -> list[str]:
        """What to say of it."""
        values = self.scores.values
        told = ", ".join(f"{name} {values[name] or 0:.3f}" for name in ("f1_segment", "f1_event"))
        wanted = "F1" if self.most is None else f"at most {self.most:g} false alarms per hour"
        lines = [] if self.most is None else limit_notices(self.most, self.hours)
        lines.append(
            f"thresholds for {wanted}: {values['fa_per_hour'] or 0:.3g} false alarms per hour on validation and "
            f"negatives, {told} on validation"
        )
        silent = [label for label, t in zip(self.labels, self.post.thresholds, strict=True) if t == NEVER]
        if silent:
            lines.append(f"never told, because no threshold keeps within that: {', '.join(silent)}")
        return lines


def retuned(
    found: "tuple[Answers, Answers | None] | str",
    labels: tuple[str, ...],
    most: float | None,
    with_psds: bool,
    criterion: str = "f1_segment",
) -> Retuned:
    """Thresholds by a student's answers for validation and negatives; `found` may say why there are none. `most`: false
    alarms per hour; None: for the F1 that `criterion` names. `with_psds`: score PSDS as well.

    Raises:
        UserError: the clips are not there.
    """
    if isinstance(found, str):
        asked = "f1" if most is None else f"fa_per_hour={most:g}"
        raise UserError(f"--criterion {asked}: thresholds cannot be chosen anew: {found}")
    answers, negatives = found
    post = tuned(answers, criterion, most, negatives)
    hours = (sum(answers.durations) + (sum(negatives.durations) if negatives else 0.0)) / 3600
    return Retuned(post, score(answers, post, with_psds, negatives=negatives), most, labels, hours)
