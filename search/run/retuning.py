"""Thresholds chosen anew for an export: the most recall within so many false alarms per hour."""

from dataclasses import dataclass, replace

from sedkd.errors import UserError
from sedkd.export.card import CardFacts
from sedkd.score.alarms import NEVER, tuned_to_alarms
from sedkd.score.postprocess import Answers, PostProcessing
from sedkd.score.summary import Scores, score


@dataclass(frozen=True)
class Retuned:
    """What was chosen, the scores on validation with it, and how many false alarms per hour were allowed."""

    post: PostProcessing
    scores: Scores
    most: float
    labels: tuple[str, ...]

    def on(self, card: CardFacts) -> CardFacts:
        """A card's facts with these scores; those on test were made with other thresholds, and are left out."""
        return replace(
            card,
            validation=dict(self.scores.values),
            per_class=self.scores.per_class,
            test=None,
            int8_test=None,
            most_alarms=self.most,
        )

    @property
    def lines(self) -> list[str]:
        """What to say of it."""
        values = self.scores.values
        told = ", ".join(f"{name} {values[name] or 0:.3f}" for name in ("f1_segment", "f1_event"))
        lines = [
            f"thresholds for at most {self.most:g} false alarms per hour: {values['fa_per_hour'] or 0:.3g} per hour on "
            f"validation and negatives, {told} on validation"
        ]
        silent = [label for label, t in zip(self.labels, self.post.thresholds, strict=True) if t == NEVER]
        if silent:
            lines.append(f"never told, because no threshold keeps within that: {', '.join(silent)}")
        return lines


def retuned(found: "tuple[Answers, Answers | None] | str", labels: tuple[str, ...], most: float) -> Retuned:
    """Thresholds by a student's answers for validation and negatives; `found` may say why there are none.

    Raises:
        UserError: the clips are not there.
    """
    if isinstance(found, str):
        raise UserError(f"--criterion fa_per_hour={most:g}: thresholds cannot be chosen anew: {found}")
    answers, negatives = found
    post = tuned_to_alarms(answers, most, negatives)
    return Retuned(post, score(answers, post, False, negatives=negatives), most, labels)
