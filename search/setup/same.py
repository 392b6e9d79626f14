"""Whether what is here is what a study or a comparison is about: recordings, labels, teachers as they stand."""

from typing import TYPE_CHECKING

from sedkd.disk.json_file import digest
from sedkd.errors import UserError

if TYPE_CHECKING:
    from search.setup.request import Planned
    from search.study.view import StudyView
    from sedkd.task.task import Task


def require_same(study: "StudyView", ready: "Planned", what: str) -> None:
    """UserError where `what` was made ready here makes another study: which parts differ."""
    if ready.name == study.name:
        return
    there, own = study.facts.get("parts", {}), ready.facts["parts"]
    differing = [part for part in {**own, **there} if own.get(part) != there.get(part)]
    raise UserError(
        f"{what} is another study, {ready.name}; what differs: {', '.join(differing)} (the study's data are "
        f"{study.facts['data']}; here {ready.facts['data']})"
    )


def material_of(task: "Task") -> str:
    """Names the recordings, their annotations and the teachers of a task as they stand."""
    return digest([task.clips_digest, task.foreign_digest, [teacher.key for teacher in task.teachers]])
