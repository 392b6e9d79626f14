"""The search loop: ask, train, record, tell, mirror."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from search.controls import controls, smallest
from search.front import Member
from search.objectives import Objectives
from search.space import Space
from search.store import Store
from search.study import CONTROL, INFEASIBLE, OWNER, REASON, RECORD, enqueue_missing, finished, ownership
from sedkd.configuration import from_flat
from sedkd.errors import UserError
from sedkd.models.checkpoint import save_model
from sedkd.task import Task
from sedkd.train.fit import TrainingDiverged, TrainSettings
from sedkd.trial import TrialResult, cost_before_training, run_trial

if TYPE_CHECKING:
    import optuna

STUDENT_FILE = "student.safetensors"
MOST_FAILURES = 5  # in a row: something is wrong that another draw will not mend
MOST_INFEASIBLE = 1000  # in a row


@dataclass(frozen=True)
class Budget:
    """`trials` counts finished trials in all, also those of earlier runs; `timeout` in seconds is for this run."""

    trials: int
    timeout: float | None = None
    max_macs: float | None = None


class Watcher(Protocol):
    """What is told to the person while the search runs."""

    def begin(self, number: int, configuration: Mapping[str, Any], control: str | None) -> None: ...

    def stage(self, what: str, done: int, total: int) -> None: ...

    def end(self, member: Member, members: list[Member]) -> None: ...

    def failed(self, number: int, reason: str) -> None: ...


def search(
    study: "optuna.Study",
    task: Task,
    space: Space,
    objectives: Objectives,
    base: TrainSettings,
    budget: Budget,
    store: Store,
    watcher: Watcher,
    after_trial: Callable[[], None],
) -> None:
    """Run trials until the budget is spent. Ctrl-C ends the running trial as failed and is raised on.

    `after_trial` runs after every trial that was told to Optuna, which is the one source of truth.
    """
    check_budget(task, space, budget)
    enqueue_missing(study, controls(space, budget.trials))
    start, failures, infeasible = time.monotonic(), 0, 0
    with ownership(store) as owner:
        while len(finished(study)) < budget.trials:
            if budget.timeout is not None and time.monotonic() - start >= budget.timeout:
                return
            trial = study.ask()
            trial.set_user_attr(OWNER, owner)
            values = space.suggest(trial)
            if _is_over(trial, values, task, base, budget):
                _set_aside(study, trial)
                infeasible += 1
                if infeasible >= MOST_INFEASIBLE:
                    raise UserError(f"--max-macs: the last {infeasible} draws were all above it; raise it")
                continue
            infeasible = 0
            watcher.begin(trial.number, values, trial.user_attrs.get(CONTROL))
            reason = _run_one(study, trial, values, task, objectives, base, store, watcher)
            if reason is not None:
                watcher.failed(trial.number, reason)
                failures += 1
                if failures >= MOST_FAILURES:
                    raise UserError(f"{failures} trials in a row failed, the last one because: {reason}")
                continue
            failures = 0
            members = finished(study)
            watcher.end(members[-1], members)
            after_trial()


def check_budget(task: Task, space: Space, budget: Budget) -> None:
    """UserError when even the smallest student of the space is over the budget."""
    if budget.max_macs is None:
        return
    least = cost_before_training(from_flat(smallest(space), TrainSettings()), task).macs
    if least > budget.max_macs:
        raise UserError(
            f"--max-macs {budget.max_macs:g}: the space's smallest student needs {least:.0f} MACs per second of audio"
        )


def _is_over(trial: "optuna.Trial", values: Mapping[str, Any], task: Task, base: TrainSettings, budget: Budget) -> bool:
    if budget.max_macs is None:
        return False
    excess = cost_before_training(from_flat(values, base), task).macs - budget.max_macs
    trial.set_constraint("max_macs", excess)
    return excess > 0


def _set_aside(study: "optuna.Study", trial: "optuna.Trial") -> None:
    """An infeasible draw costs nothing, teaches the sampler its constraint, and does not count."""
    from optuna.trial import TrialState

    trial.set_user_attr(INFEASIBLE, True)
    study.tell(trial, state=TrialState.PRUNED)


def _run_one(
    study: "optuna.Study",
    trial: "optuna.Trial",
    values: Mapping[str, Any],
    task: Task,
    objectives: Objectives,
    base: TrainSettings,
    store: Store,
    watcher: Watcher,
) -> str | None:
    """Train one student and tell Optuna; the reason when it failed."""
    from optuna.trial import TrialState

    try:
        result = run_trial(from_flat(values, base), task, objectives.criterion, objectives.needs_psds, watcher.stage)
        record = record_of(result, values, objectives, trial.user_attrs.get(CONTROL))
        save_model(result.student, store.trial_folder(study.study_name, trial.number) / STUDENT_FILE)
        trial.set_user_attr(RECORD, record)
        study.tell(trial, record["values"])
        return None
    except KeyboardInterrupt:
        _fail(study, trial, "interrupted")
        raise
    except (TrainingDiverged, MemoryError) as error:
        reason = str(error) or type(error).__name__
    except RuntimeError as error:
        if "out of memory" not in str(error).lower() and "can't allocate memory" not in str(error).lower():
            study.tell(trial, state=TrialState.FAIL)
            raise
        reason = "out of memory"
    _fail(study, trial, reason)
    return reason


def _fail(study: "optuna.Study", trial: "optuna.Trial", reason: str) -> None:
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import TrialState

    try:
        trial.set_user_attr(REASON, reason)
    except UpdateFinishedTrialError:  # Ctrl-C came when the trial had just been told: it is finished
        return
    study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)


def record_of(
    result: TrialResult, values: Mapping[str, Any], objectives: Objectives, control: str | None
) -> dict[str, Any]:
    """Everything that is remembered of a trial, as JSON can hold it."""
    measures = {**result.scores.values, **{k: v for k, v in asdict(result.cost).items() if v is not None}}
    return {
        "values": objectives.values(measures),
        "measures": measures,
        "per_class": {label: dict(scores) for label, scores in result.scores.per_class.items()},
        "support": dict(result.scores.support),
        "post": asdict(result.post),
        "curve": [asdict(point) for point in result.curve],
        "configuration": dict(values),
        "control": control,
        "seconds": result.seconds,
    }


def student_path(store: Store, study: str, number: int) -> Path:
    return store.trial_folder(study, number) / STUDENT_FILE
