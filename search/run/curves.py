"""Precision and recall of a study's students on its validation clips."""

from pathlib import Path
from typing import TYPE_CHECKING

from search.run.site_clips import kept_clips

if TYPE_CHECKING:
    import optuna

    from search.study.records import Member
    from search.study.store import Store
    from sedkd.models.student import Student
    from sedkd.score.postprocess import PostProcessing
    from sedkd.score.precision_recall import Curve


def validation_curves(folder: Path, student: "Student", post: "PostProcessing") -> "dict[str, Curve | None] | str":
    """By event, of a student of the study that is kept in `folder`; or why its clips are not there.

    Raises:
        UserError: the study's file of its clips is damaged.
    """
    from sedkd.features.logmel import STUDENT_FEATURES
    from sedkd.features.pack import features_of
    from sedkd.models.student import STRIDE
    from sedkd.score.precision_recall import curves_of
    from sedkd.train.corpus import corpus_from
    from sedkd.train.split import FRAME_SECONDS, Split

    kept = kept_clips(folder)
    if isinstance(kept, str):
        return kept
    _, validation = kept
    pack, annotated = features_of(validation, STUDENT_FEATURES), {r.environment: student.labels for r in validation}
    corpus = corpus_from(validation, pack, STRIDE, FRAME_SECONDS, student.labels, annotated)
    return curves_of(Split(validation, corpus).answers(student), post)


def pictures_of(study: "optuna.Study", store: "Store") -> tuple[dict[str, bytes], str]:
    """Pictures (PNG) of the curves of the front's named picks, by title; and why there are none, or "".

    Raises:
        UserError: the study's file of its clips is damaged.
    """
    from io import BytesIO

    from search.pareto.front import front
    from search.pareto.picks import picks_of
    from search.show.curves_figure import curves_png
    from search.study.records import finished, objectives_of
    from search.study.store import student_path
    from sedkd.models.checkpoint import load_model
    from sedkd.models.student import Student

    objectives, pictures = objectives_of(study), {}
    on_front = front(finished(study), objectives)
    named = picks_of(on_front, objectives)
    for member in (member for member in on_front if member.number in named):
        path = student_path(store, study.study_name, member.number)
        if not path.exists():
            return {}, f"{path} is gone"
        student = load_model(path)
        assert isinstance(student, Student)
        found = validation_curves(store.study_folder(study.study_name), student, post_of(member))
        if isinstance(found, str):
            return {}, found
        stream = BytesIO()
        title = f"{' '.join(named[member.number])} (trial {member.number}), validation"
        curves_png(found, title, stream)
        pictures[title] = stream.getvalue()
    return pictures, ""


def post_of(member: "Member") -> "PostProcessing":
    """The thresholds and filters of a trial's student."""
    from sedkd.score.postprocess import PostProcessing

    return PostProcessing(**{key: tuple(value) for key, value in member.record["post"].items()})
