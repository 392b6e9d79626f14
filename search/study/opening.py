"""The study in Optuna's storage: its identity, its trials, and what they left behind.

A study is named after its environment (see `search.study.names`) and a digest of everything that its scores depend
on. The same line typed again therefore continues the same study, and a line that differs in data, events, space,
teacher or objectives starts another.
"""

import hashlib
import json
import os
import socket
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.pareto.front import Member
from search.space.space import Space
from search.study.database import WAIT_SECONDS, require_sound, tell_of
from search.study.names import cleaned
from search.study.objectives import Objectives
from search.study.store import Store
from sedkd.errors import UserError

if TYPE_CHECKING:
    import optuna

    from sedkd.task.task import Task
    from sedkd.train.settings import TrainSettings

VERSION = 4  # raise it with every change of how students are trained: a study compares those trained alike
RECORD = "record"  # user attribute of a trial: measures, per-class scores, curve, post-processing, configuration
FACTS = "facts"  # user attribute of a study: what it was made of
OWNER = "owner"  # user attribute of a trial: the lock of the process that runs it
NAMED_CLIPS = 8  # of validation, whose paths an export looks up
CONTROL = "control"  # user attribute of a trial: which control it is
CARRIED = "carried"  # user attribute of a trial: the study and the trial that its configuration comes from
INFEASIBLE = "infeasible"  # user attribute of a trial that was above a limit and not trained
LACK = "lack"  # user attribute of a trial that was not trained: why it cannot be
ANSWERED = "answered"  # user attribute of a trial: the number of the finished one whose result it was given
STOPPED = "stopped"  # user attribute of a trial that was ended at a rung: what is remembered of it
RETRIED = "retried"  # user attribute of a trial: the number of the lost one that it repeats
REASON = "reason"  # user attribute of a failed trial: why, in one line
INTERRUPTED = "interrupted"  # the reason of one that Ctrl-C ended
SAMPLER = "sampler"  # user attribute of a study: who asked for its latest trials


def identity(
    task: "Task", space: Space, objectives: Objectives, base: "TrainSettings", subset: str | None
) -> tuple[str, dict[str, Any]]:
    """The study's name, and the facts that decide it."""
    from sedkd.data.recordings import digest_of

    facts = {
        "environment": task.environment.name,
        "scene": task.environment.scene,
        "events": list(task.events),
        "data": task.pool.origin,
        "synthetic": task.pool.synthetic,
        "teacher": "; ".join(teacher.origin for teacher in task.teachers),
        "teacher_kind": ",".join(teacher.kind for teacher in task.teachers),
        "objectives": list(objectives.names),
        "train": base.as_key(),
        "space": space.as_dict(),
        "validation": [str(recording.path) for recording in task.validation.recordings[:NAMED_CLIPS]],
        "help": space.help,
    }
    clips = digest_of([*task.training.recordings, *task.validation.recordings])
    parts = [
        VERSION,
        task.environment.name,
        facts["events"],
        clips,
        [teacher.key for teacher in task.teachers],
        task.foreign_digest if any(share > 0 for share in space.choices("train.foreign_share")) else None,
        space.as_dict(),
        facts["objectives"],
        facts["train"],
    ]
    digest = hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=3).hexdigest()
    label = f"{task.environment.name}.{subset}" if subset else task.environment.name
    return f"{cleaned(label)}-{digest}", facts


def open_study(store: Store, name: str, facts: Mapping[str, Any], objectives: Objectives) -> "optuna.Study":
    """The study of this name: made, or continued. Trials that a killed process left running are marked as failed."""
    optuna = quiet_optuna()
    store.root.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=name, storage=_storage(store), directions=objectives.directions, load_if_exists=True
    )
    if FACTS not in study.user_attrs:
        study.set_metric_names(objectives.metric_names)
        study.set_user_attr(FACTS, dict(facts))
    close_stale(study, store)
    return study


def load_studies(store: Store, environment: str | None, name: str | None) -> list["optuna.Study"]:
    """The named study, or the environment's, or all there are; the latest first.

    Raises:
        UserError: there is no store, or no such study (those that there are).
    """
    optuna = quiet_optuna()
    if not store.exists:
        raise UserError(
            f"{store.root}: no study yet; run `sedkd-search --env {environment or 'street'}`, or give --store"
        )
    storage = _storage(store)
    summaries = optuna.get_all_study_summaries(storage)
    found = [s for s in summaries if _matches(s, environment, name)]
    if not found:
        there = ", ".join(s.study_name for s in summaries) or "none"
        raise UserError(f"{store.root}: no study of {name or environment}; there are: {there}")
    found.sort(key=lambda s: (s.datetime_start is not None, s.datetime_start), reverse=True)
    return [optuna.load_study(study_name=s.study_name, storage=storage) for s in found]


def load_study(store: Store, environment: str | None, name: str | None) -> "optuna.Study":
    """The study to look at: the named one, else the environment's latest. See `load_studies`."""
    return load_studies(store, environment, name)[0]


def objectives_of(study: "optuna.Study") -> Objectives:
    return Objectives(tuple(study.user_attrs[FACTS]["objectives"]))


def finished(study: "optuna.Study") -> list[Member]:
    """The trials that were trained to their end, in order; those that were answered from another's result are not."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return [Member(t.number, tuple(t.values), t.user_attrs[RECORD]) for t in trials if RECORD in t.user_attrs]


def stopped(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """The trials that were ended at a rung, in order."""
    from optuna.trial import TrialState

    return [t for t in study.get_trials(deepcopy=False, states=(TrialState.PRUNED,)) if STOPPED in t.user_attrs]


def spent(study: "optuna.Study") -> int:
    """How many of a budget's trials are done: finished ones, and those that were ended at a rung."""
    from optuna.trial import TrialState

    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sum(RECORD in trial.user_attrs for trial in complete) + len(stopped(study))


def taken(study: "optuna.Study") -> int:
    """How many of a budget's trials are done or on their way, of one look: another process may end one meanwhile."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    states = {TrialState.RUNNING: None, TrialState.COMPLETE: RECORD, TrialState.PRUNED: STOPPED}
    return sum(states[t.state] in (None, *t.user_attrs) for t in trials if t.state in states)


def running(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """The trials that some process is at."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def close_stale(study: "optuna.Study", store: Store) -> list[int]:
    """End the trials whose process is gone, and return the numbers of those that are lost.

    A process holds a lock on its own file as long as it lives, however it ends, so that its death is known at once
    (Optuna's heartbeat would take a minute). A trial whose record was already written had finished and is told so. Any
    other is marked as failed and put in line once more, but only once.
    """
    with turn(store, study.study_name):  # no trial is between being asked for and being owned
        return [number for number in (_closed(study, store, trial) for trial in running(study)) if number is not None]


def _closed(study: "optuna.Study", store: Store, trial: "optuna.trial.FrozenTrial") -> int | None:
    """End a running trial whose process is gone; its number when it is lost."""
    from optuna.trial import TrialState

    if _is_alive(store, trial.user_attrs.get(OWNER, "")):
        return None
    if RECORD in trial.user_attrs:
        study.tell(trial.number, trial.user_attrs[RECORD]["values"])
        return None
    if STOPPED in trial.user_attrs:
        study.tell(trial.number, state=TrialState.PRUNED)
        return None
    study.tell(trial.number, state=TrialState.FAIL)
    if RETRIED not in trial.user_attrs and trial.params:
        kept = {key: trial.user_attrs[key] for key in (CONTROL, CARRIED) if key in trial.user_attrs}
        study.enqueue_trial(dict(trial.params), user_attrs={RETRIED: trial.number, **kept})
    return trial.number


@contextmanager
def turn(store: Store, name: str) -> Iterator[None]:
    """One process at a time: what is counted before a trial is asked for still holds when it was."""
    from filelock import FileLock

    path = store.study_folder(name) / "turn.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path):
        yield


@contextmanager
def ownership(store: Store) -> Iterator[str]:
    """Hold a lock for this process and yield its name, with which its trials are marked (see `close_stale`)."""
    from filelock import FileLock

    name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    path = _owner_file(store, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path):
        yield name
    path.unlink(missing_ok=True)


def enqueue_missing(study: "optuna.Study", kind: str, items: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Put named configurations next in line, each once in a study's life; again only where Ctrl-C or a kill came before
    it could fail or end. `kind` is the user attribute that holds the name, such as CONTROL."""
    there = {t.user_attrs.get(kind) for t in study.get_trials(deepcopy=False) if not _is_undone(t)}
    for name, values in items:
        if name not in there:
            study.enqueue_trial(dict(values), user_attrs={kind: name})


def _is_undone(trial: "optuna.trial.FrozenTrial") -> bool:
    """Whether a trial failed without a fault of its own. One whose process was lost is in line again already (see
    `close_stale`), unless it was lost before it had begun."""
    from optuna.trial import TrialState

    if trial.state != TrialState.FAIL:
        return False
    return trial.user_attrs.get(REASON) == INTERRUPTED or (REASON not in trial.user_attrs and not trial.params)


def quiet_optuna() -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna


def _storage(store: Store) -> "optuna.storages.RDBStorage":
    from optuna.exceptions import StorageInternalError
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import SQLAlchemyError

    require_sound(store.optuna_file, "or move it away: the same line begins anew, and finds the caches full")
    try:
        # Two processes may write at once: wait for the other instead of failing.
        storage = RDBStorage(store.optuna_url, engine_kwargs={"connect_args": {"timeout": WAIT_SECONDS}})
    except (StorageInternalError, SQLAlchemyError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{store.optuna_file}: cannot be used ({reason}); make room, see that it may be written to, or name "
            "another folder with --store"
        ) from error
    tell_of(storage.engine, store.optuna_file)
    return storage


def _matches(summary: Any, environment: str | None, name: str | None) -> bool:
    if name is not None:
        return summary.study_name == name
    return environment is None or summary.user_attrs.get(FACTS, {}).get("environment") == environment


def _owner_file(store: Store, owner: str) -> Path:
    return store.root / "owners" / f"{owner}.lock"


def _is_alive(store: Store, owner: str) -> bool:
    from filelock import FileLock, Timeout

    path = _owner_file(store, owner)
    if not owner or not path.exists():
        return False
    try:
        with FileLock(path, blocking=False):
            pass
    except Timeout:
        return True
    path.unlink(missing_ok=True)
    return False
