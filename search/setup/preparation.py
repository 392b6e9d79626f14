"""From what a person asked for to a task: data found, teacher made or found, space fitted to the data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.setup.runnable import runnable
from search.setup.setting import Setting, setting
from search.setup.streams import only_streams
from search.space.added import HOP, LOOKAHEAD, MELS, with_added
from search.space.dimensions import GENERIC, SLICE, STRATEGY
from search.space.space import Space
from sedkd.data.broken import leave_out_broken
from sedkd.data.fewer import with_labels
from sedkd.data.impulse_responses import impulse_responses
from sedkd.data.positives import require_positives
from sedkd.data.sealed import look_over
from sedkd.disk.paths import expanded
from sedkd.distill.registry import parts
from sedkd.errors import UserError
from sedkd.models.settings import TIMM, StudentSettings
from sedkd.models.timm_backbone import backbone_weights, hub_file
from sedkd.progress import Progress, counting
from sedkd.teach.teacher import has_stages, require_kind, teacher_for
from sedkd.teach.weights import is_cached, weights_path
from sedkd.trial.starts import AUDIOSET_WIDTHS

if TYPE_CHECKING:
    import torch

    from sedkd.data.pool import Pool
    from sedkd.task.task import Task

FILES = (".pt", ".safetensors")  # of teachers


@dataclass(frozen=True)
class Subject:
    """What is listened for, where, and who teaches: what `sedkd-search` and `sedkd compare` have in common.

    `events`: as they were typed (see `Environment.listed`).
    `data`: folders, which make one pool; none: synthetic soundscapes. `dataset`: what lies in them; None: what is
    recognised. `space`: a person's own file. `teacher`: a kind, several joined by commas, or
    None for the choice of `choose_teacher`. `device`: cpu, cuda or auto. `skip_bad`: broken audio files are left out.
    `fold`: the official one whose test list is test; None: the dataset's own split, or its first fold. `labels`: how
    many labelled training clips of the environment are used as such; None: all. `teacher_minutes`: the longest that a
    teacher from AudioSet weights is fine-tuned (see `teacher_for`); None, as 0: its head alone is trained.
    `label_column`: which one of label files with several holds the labels. `impulse_responses`: a folder of those
    through which students hear training clips a second time. `lookahead`, `mels`, `hop`: those that students may have
    (see `search.space.added`); none: what the space says.
    """

    environment: str
    data: tuple[Path, ...] = ()
    events: str | None = None
    subset: str | None = None
    space: Path | None = None
    teacher: str | None = None
    device: str = "auto"
    dataset: str | None = None
    skip_bad: bool = False
    fold: int | None = None
    labels: int | None = None
    teacher_minutes: float | None = None
    label_column: str | None = None
    impulse_responses: Path | None = None
    lookahead: tuple[int | str, ...] = ()
    mels: tuple[int | str, ...] = ()
    hop: tuple[int | str, ...] = ()


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
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"--device {name}: expected cpu, cuda or auto")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError(f"--device {name}: this machine shows no CUDA device; use --device cpu")
    return device


def prepare(
    subject: Subject,
    seed: int,
    progress: Progress,
    asker: str | None = None,
    check: Callable[[Space, Sequence[str]], None] = lambda space, events: None,
) -> Prepared:
    """Everything up to the first trial. `asker`: the option that only students for streams can serve (see
    `search.setup.streams`). `check` is told the space and the events before a teacher is made, and may raise. Errors
    are UserError."""
    from sedkd.task.task import Task

    device = device_of(subject.device)
    folder = subject.impulse_responses
    responses = impulse_responses(folder) if folder else ()
    found, wanted = looked_at(subject, progress)
    fitting: list[str] = []
    space = found.space
    for added, values in ((LOOKAHEAD, subject.lookahead), (MELS, subject.mels), (HOP, subject.hop)):
        space = with_added(space, added, values, fitting)
    if asker is not None:
        space = only_streams(space, asker, fitting)
    pool = reporting(found, progress)
    if subject.labels is not None:
        pool = with_labels(pool, found.environment.name, subject.labels, seed)
    missing = require_positives(pool, found.environment.name, wanted)
    if pool.has_test(found.environment.name) and not pool.synthetic:
        look_over(lambda: pool.test(found.environment.name))
    check(space, wanted)
    kinds, chosen = choose_teacher(subject.teacher, found)
    minutes = subject.teacher_minutes
    require_stages(kinds, minutes)
    named = teachers_of(kinds)
    for kind in named:
        require_kind(kind)
    notices = [*pool.notices, *missing, *chosen, *_unknown_past(kinds, pool), *fitting]
    if responses:
        which = "the impulse response" if len(responses) == 1 else f"one of the {len(responses)} impulse responses"
        notices.append(f"students hear every training clip a second time, through {which} of {folder}")
    first, *others = [teacher_for(pool, kind, device, seed, progress, minutes or 0.0) for kind in named]
    task = Task(pool, found.environment, wanted, first, device, progress, tuple(others), responses)
    if not len(task.training.corpus.labeled):
        raise UserError(f"{pool.origin}: no training clip was listened to for {', '.join(wanted)}; widen --events")
    space = runnable(_fitted(space, task, notices), task, notices)
    return Prepared(task, space, notices)


def looked_at(subject: Subject, progress: Progress) -> tuple[Setting, tuple[str, ...]]:
    """Where a search or a comparison takes place, and the events that are listened for. Errors are UserError."""
    leave_out_broken(subject.skip_bad)
    found = setting(
        subject.environment, subject.data, subject.space, subject.dataset, subject.fold, subject.label_column, progress
    )
    listed = None if subject.events is None else found.environment.listed(subject.events)
    return found, found.environment.narrowed(listed, subject.subset)


def reporting(found: Setting, progress: Progress) -> "Pool":
    """The pool whose synthesis, where there is any, reports its progress."""
    if not found.pool.synthetic:
        return found.pool
    from sedkd.synth import builtin

    def made(name: str, split: str) -> None:
        builtin.ensure(found.pool.root, name, split, counting(progress, f"synthesising {name}/{split}"))

    return replace(found.pool, prepare=made)


def choose_teacher(asked: str | None, found: Setting) -> tuple[str, list[str]]:
    """The kind of teacher, or several joined by commas, and what is to be said about the choice."""
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


def teachers_of(kinds: str) -> list[str]:
    """The teachers of a list. UserError where one is there twice: the mean of its answers with themselves is no
    ensemble."""
    named = [kind.strip() for kind in kinds.split(",")]
    known = [str(expanded(kind).resolve()) if Path(kind).suffix in FILES else kind for kind in named]
    if len(set(known)) < len(known):
        raise UserError(f"--teacher {kinds}: expected one teacher, or several different ones joined by commas")
    return named


def require_stages(kinds: str, minutes: float | None) -> None:
    """UserError when `--teacher-minutes` is given and none of the teachers is fine-tuned."""
    if minutes is not None and not any(has_stages(kind.strip()) for kind in kinds.split(",")):
        raise UserError(
            f"--teacher-minutes {minutes:g}: only a teacher from AudioSet weights is fine-tuned, and {kinds} is none; "
            f"give --teacher mn04_as, or leave it out"
        )


def _unknown_past(kinds: str, pool: "Pool") -> list[str]:
    """What is to be said of teachers that are used as they are where labels are hidden."""
    given = [kind.strip() for kind in kinds.split(",") if kind.strip().endswith(".safetensors")] if pool.hidden else []
    return [
        f"--teacher {kind} is used as it is: whether it has learnt from the labels that --labels hides is not known"
        for kind in given
    ]


def _fitted(space: Space, task: "Task", notices: list[str]) -> Space:
    """Drop what the data and the teachers cannot serve, saying so; UserError when nothing would be left."""
    pool, name = task.pool, task.environment.name
    _require_published_weights(space)
    if not task.has_unlabeled:
        lack = (pool.lack(name, "unlabeled"), "add recordings there, or allow 0.0")
        space = _without(space, "train.unlabeled_share", lambda v: v != 0, lack, notices)
    if not task.has_weak:
        lack = (pool.lack(name, "weak"), "add it, or allow other strategies")
        space = _without(space, STRATEGY, lambda v: "weak" in parts(v), lack, notices)
    if not task.has_generic:
        lack = (f"{pool.origin} holds one environment only", "put others beside it, or allow what needs none")
        space = _without(space, "train.foreign_share", lambda v: v != 0, lack, notices)
        space = _without(space, "teacher.targets", lambda v: v == "all", lack, notices)
        space = _without(space, "initialisation", lambda v: v in (GENERIC, SLICE), lack, notices)
    if not task.others:
        lack = ("there is one teacher", "give --teacher A,B, or allow first")
        space = _without(space, "teacher.ensemble", lambda v: v != "first", lack, None)
    return space


def _require_published_weights(space: Space) -> None:
    """UserError when an initialisation of the space needs a file that is not there, before anything is trained."""
    for value in space.choices("initialisation"):
        kind, named, text = str(value).partition(":")
        file = expanded(text)
        if named and not file.exists():
            raise UserError(f"initialisation {value}: no such file")
        if kind == "timm":
            _require_timm_weights(space, file if named else None)
        if value == "audioset":
            for width in AUDIOSET_WIDTHS:
                if any(d.name == "student.width" and d.holds(width) for d in space.dimensions):
                    weights_path(AUDIOSET_WIDTHS[width])


def _require_timm_weights(space: Space, file: Path | None) -> None:
    """UserError when a timm backbone of the space has no published weights, or `file` does not hold them."""
    depth = space.defaults().get("student.depth", StudentSettings().depth)
    blocks = next((d.when or {} for d in space.dimensions if d.name == "initialisation"), {}).get("student.block")
    for block in blocks or space.choices("student.block"):
        if block.startswith(TIMM):
            name = block.removeprefix(TIMM)
            backbone_weights(name, depth, file or hub_file(name))


def _without(
    space: Space, name: str, cannot: Callable[[Any], bool], lack: tuple[str, str], notices: list[str] | None
) -> Space:
    """The space without the choices of dimension `name` that `cannot` be served; `lack` is why, and the mend.

    Says so among `notices`, unless they are None.
    """
    choices = space.choices(name)
    if not choices and any(map(cannot, space.ends(name))):
        low, high = space.ends(name)
        raise UserError(f"the space's {name} is drawn from {low:g} to {high:g}, but {'; '.join(lack)}")
    lost = [value for value in choices if cannot(value)]
    if not lost:
        return space
    if len(lost) == len(choices):
        raise UserError(f"the space's {name} has nothing but {', '.join(map(str, lost))}, but {'; '.join(lack)}")
    for value in lost:
        space = space.without(name, value)
    if notices is not None:
        notices.append(f"left out of {name}: {', '.join(map(str, lost))} ({lack[0]})")
    return space
