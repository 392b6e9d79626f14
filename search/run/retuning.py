"""Thresholds chosen anew for an export: the most recall within so many false alarms per hour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from search.run.site_clips import kept_clips
from sedkd.errors import UserError
from sedkd.export.card import CardFacts
from sedkd.models.student import STRIDE, Student
from sedkd.score.alarms import NEVER, tuned_to_alarms
from sedkd.score.postprocess import Answers, PostProcessing
from sedkd.score.summary import Scores, score
from sedkd.train.split import Split

if TYPE_CHECKING:
    from sedkd.data.recordings import Recording


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


def retuned(folder: Path, student: Student, most: float) -> Retuned:
    """Thresholds of a student by the clips that the study of this folder keeps.

    Raises:
        UserError: the clips are not there.
    """
    clips = kept_clips(folder)
    if isinstance(clips, str):
        raise UserError(f"--criterion fa_per_hour={most:g}: thresholds cannot be chosen anew: {clips}")
    answers = _answers(student, clips["validation"])
    negatives = _answers(student, clips["negatives"]) if clips["negatives"] else None
    post = tuned_to_alarms(answers, most, negatives)
    return Retuned(post, score(answers, post, False, negatives=negatives), most, student.labels)


def _answers(student: Student, recordings: "Sequence[Recording]") -> Answers:
    from sedkd.features.pack import features_of
    from sedkd.train.corpus import corpus_from

    listened = {recording.environment: student.labels for recording in recordings}
    pack = features_of(recordings, student.features)
    corpus = corpus_from(recordings, pack, STRIDE, student.frame_seconds, student.labels, listened)
    return Split(recordings, corpus).answers(student)
