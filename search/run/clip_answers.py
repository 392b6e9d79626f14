"""What a student answers for the clips that its study keeps."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from search.run.site_clips import kept_clips
from sedkd.export.int8_student import hearing
from sedkd.models.student import Student
from sedkd.score.postprocess import Answers
from sedkd.train.split import Split

if TYPE_CHECKING:
    from sedkd.data.recordings import Recording


def clip_answers(study: Path, student: Student, int8: bool) -> tuple[Answers, Answers | None] | str:
    """For validation and, where there are any, negatives, by the study in this folder, of the student as it is or in
    eight bits; or why its clips are not there.

    Raises:
        UserError: the study's file of its clips is damaged.
    """
    clips = kept_clips(study)
    if isinstance(clips, str):
        return clips
    hear = hearing(student, clips["training"], int8)
    negatives = hear(_split(student, clips["negatives"])) if clips["negatives"] else None
    return hear(_split(student, clips["validation"])), negatives


def _split(student: Student, recordings: "Sequence[Recording]") -> Split:
    from sedkd.features.pack import features_of
    from sedkd.train.corpus import corpus_from

    listened = {recording.environment: student.labels for recording in recordings}
    pack = features_of(recordings, student.features)
    corpus = corpus_from(recordings, pack, student.stride, student.frame_seconds, student.labels, listened)
    return Split(recordings, corpus)
