"""One run of `sedkd-search`, from the first line on the screen to the last."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from search.display import Display
from search.finale import score_on_test, teacher_on_validation, test_scores
from search.front import front
from search.objectives import Objectives, parse
from search.preparation import Prepared, Subject, prepare
from search.run import Budget, check_budget, search
from search.stop import Stop
from search.store import Store, open_store
from search.study import close_stale, finished, identity, open_study
from search.table import front_table
from search.tracking import Tracker
from sedkd.train.fit import TrainSettings


@dataclass(frozen=True)
class Request:
    """What was typed; see `sedkd-search --help`."""

    subject: Subject
    trials: int
    timeout: float | None
    max_macs: float | None
    objectives: str
    steps: int | None
    seed: int
    store: str | None


def run_search(request: Request) -> int:
    """Prepare, search, score the front on test, show it. Returns the exit code."""
    stop = Stop.installed()
    objectives, store = parse(request.objectives), open_store(request.store)
    with Display(lambda: stop.asked) as display:
        prepared = prepare(request.subject, request.seed, display.preparing)
        base = replace(TrainSettings(seed=request.seed), **({"steps": request.steps} if request.steps else {}))
        budget = Budget(request.trials, request.timeout, request.max_macs)
        check_budget(prepared.task, prepared.space, budget)
        return _searched(request, prepared, objectives, base, budget, store, display, stop)


def _searched(
    request: Request,
    prepared: Prepared,
    objectives: Objectives,
    base: TrainSettings,
    budget: Budget,
    store: Store,
    display: Display,
    stop: Stop,
) -> int:
    task = prepared.task
    name, facts = identity(task, prepared.space, objectives, base, request.subject.subset)
    study = open_study(store, name, facts, objectives, request.seed)
    tracker = _tolerant(lambda: Tracker(study, objectives, store), display)
    teacher = teacher_on_validation(task, objectives.criterion, store, name)
    display.introduce(name, facts, prepared.notices, teacher.values[objectives.quality], finished(study), budget.trials)
    if tracker:
        _tolerant(tracker.begin, display)
        _tolerant(lambda: tracker.teacher({"validation": teacher}), display)

    def mirror() -> None:
        if tracker:
            _tolerant(tracker.sync, display)
        if stop.asked:
            raise KeyboardInterrupt

    try:
        search(study, task, prepared.space, objectives, base, budget, store, display, mirror)
        members = finished(study)
        on_front = front(members, objectives)
        teacher_scores_now = score_on_test(task, on_front, store, name, display.testing)
        if tracker:
            _tolerant(lambda: tracker.teacher(teacher_scores_now), display)
    except KeyboardInterrupt:
        close_stale(study, store)  # the signal may have come between two trials
        if tracker:
            _tolerant(lambda: tracker.close("KILLED"), display)
        display.stop()
        _show(study, objectives, store, display, None)
        raise
    if tracker:
        _tolerant(lambda: tracker.close("FINISHED"), display)
    display.stop()
    _show(study, objectives, store, display, teacher_scores_now)
    return 0


def _show(study: Any, objectives: Objectives, store: Store, display: Display, teacher: Any) -> None:
    members = finished(study)
    if not members:
        return
    tests = {m.number: test_scores(store, study.study_name, m.number) for m in members}
    facts = study.user_attrs["facts"]
    title = f"{study.study_name}: the front of {len(members)} trials"
    if facts["synthetic"]:
        title += " (SYNTHETIC soundscapes)"
    display.table(front_table(members, objectives, tests, title))
    if teacher:
        shown = ", ".join(f"{split} {scores.values[objectives.quality]:.3f}" for split, scores in teacher.items())
        display.print(f"teacher: {objectives.quality} {shown} ({facts['teacher']})")
    place = "" if store.root == Path.cwd() / "mlruns" else f" --store {store.root}"
    display.print(
        f"export one: sedkd export --env {facts['environment']} --pick knee --out {facts['environment']}-knee{place}\n"
        f"look at all: sedkd ui{place}"
    )


def _tolerant(action: Callable[[], Any], display: Display) -> Any:
    """Run `action`; when MLflow cannot be reached, say so and go on: Optuna keeps all, and the next run mirrors it."""
    import requests
    import sqlalchemy
    from mlflow.exceptions import MlflowException

    try:
        return action()
    except (MlflowException, requests.RequestException, sqlalchemy.exc.SQLAlchemyError, OSError) as error:
        reason = str(error).splitlines()[0]
        display.notice(
            f"MLflow was not told ({reason}); the search goes on, and the same line brings MLflow up to date"
        )
        return None
