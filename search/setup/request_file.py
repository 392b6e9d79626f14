"""A request as JSON, kept with its study, so that another machine can take part in it."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from search.setup.budget import Budget
from search.setup.plan import Manner
from search.setup.preparation import Subject
from search.setup.request import Request
from search.study.store import Store

PATHS = ("data", "space")  # of a subject


def request_as_json(request: Request) -> dict[str, Any]:
    """All of it but the store. Paths are absolute, also that of a teacher's file."""
    subject = asdict(request.subject)
    subject["data"] = [str(path.expanduser().resolve()) for path in request.subject.data]
    subject["space"] = None if request.subject.space is None else str(request.subject.space.expanduser().resolve())
    subject["teacher"] = None if request.subject.teacher is None else _absolute(request.subject.teacher)
    own = {each.name: getattr(request, each.name) for each in fields(Request)}
    del own["store"]
    return {**own, "subject": subject, "budget": asdict(request.budget), "manner": asdict(request.manner)}


def request_from_json(found: Mapping[str, Any], store: Store, here: Mapping[str, Any]) -> Request:
    """The request of a study in `store`; `here`: what of its subject is otherwise on this machine."""
    subject = dict(found["subject"])
    subject |= {"data": tuple(map(Path, subject["data"])), "lookahead": tuple(subject["lookahead"])}
    subject["space"] = None if subject["space"] is None else Path(subject["space"])
    parts = {"budget": Budget(**found["budget"]), "manner": Manner(**found["manner"]), "store": store}
    return Request(**{**found, **parts, "subject": replace(Subject(**subject), **here)})


def _absolute(teacher: str) -> str:
    """Several teachers are joined by commas; those that are files here are named by their whole path."""
    kinds = [kind.strip() for kind in teacher.split(",")]
    return ",".join(
        str(Path(kind).expanduser().resolve()) if Path(kind).expanduser().is_file() else kind for kind in kinds
    )
