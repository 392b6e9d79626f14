"""From what a person asked for to a task: data found, teacher made or found, space fitted to the data."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from search.space import Space
from search.spaces import Setting, setting
from sedkd.errors import UserError
from sedkd.progress import Progress, counting
from sedkd.teach.teacher import teacher_for
from sedkd.teach.weights import is_cached

if TYPE_CHECKING:
    import torch

    from sedkd.task import Task

SHARE = "train.unlabeled_share"
INITIALISATION = "initialisation"
GENERIC = "generic"


@dataclass(frozen=True)
class Prepared:
    """A task with the space that fits it, and what the person should know about both."""

    task: "Task"
    space: Space
    notices: list[str]


def device_of(name: str) -> "torch.device":
    """cpu, cuda, or the best there is. UserError when CUDA is asked for and absent."""
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"--device {name}: expected cpu, cuda or auto") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError(f"--device {name}: this machine shows no CUDA device; use --device cpu")
    return device


def prepare(
    environment: str,
    data: Path | None,
    space_file: Path | None,
    events: list[str] | None,
    subset: str | None,
    teacher: str | None,
    device: "torch.device",
    seed: int,
    progress: Progress,
) -> Prepared:
    """Everything up to the first trial. Errors are UserError."""
    from sedkd.task import Task

    found = setting(environment, data, space_file)
    wanted = found.environment.narrowed(events, subset)
    pool = reporting(found, progress)
    kind, notices = choose_teacher(teacher, found)
    task = Task(pool, found.environment, wanted, teacher_for(pool, kind, device, seed, progress), device, progress)
    space = _fitted(found.space, task, notices)
    return Prepared(task, space, notices)


def reporting(found: Setting, progress: Progress):
    """The pool whose synthesis, where there is any, reports its progress."""
    if not found.pool.synthetic:
        return found.pool
    from sedkd.synth import builtin

    def made(name: str, split: str) -> None:
        builtin.ensure(found.pool.root, name, split, counting(progress, f"synthesising {name}/{split}"))

    return replace(found.pool, prepare=made)


def choose_teacher(asked: str | None, found: Setting) -> tuple[str, list[str]]:
    """The kind of teacher and what is to be said about its choice."""
    if asked is not None:
        return asked, []
    if found.pool.synthetic:
        return "crnn", []
    if is_cached("mn04_as"):
        return "mn04_as", []
    return "crnn", [
        "teacher: crnn from scratch, because AudioSet weights are not in the cache; "
        "a much better start: `sedkd teacher fetch mn04_as`"
    ]


def _fitted(space: Space, task: "Task", notices: list[str]) -> Space:
    """Drop what the data cannot serve, saying so; UserError when nothing would be left."""
    names = {d.name: d for d in space.dimensions}
    if SHARE in names and not task.has_unlabeled:
        if not space.has(SHARE, 0.0):
            raise UserError(
                f"the space draws {SHARE} above 0, but {task.pool.root / task.environment.name / 'unlabeled'} holds no "
                "audio; add recordings there, or allow 0.0"
            )
        for value in [v for v in names[SHARE].choices if v != 0.0]:
            space = space.without(SHARE, value)
        notices.append("no unlabelled audio: students learn from labelled clips only")
    if space.has(INITIALISATION, GENERIC) and not task.has_generic:
        if names[INITIALISATION].choices == (GENERIC,):
            raise UserError(f"the space wants initialisation generic, but {task.pool.root} holds one environment only")
        space = space.without(INITIALISATION, GENERIC)
        notices.append("one environment only: the initialisation `generic` is left out")
    return space
