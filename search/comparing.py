"""One run of `sedkd compare`: prepare, train the arms, score them once on test, show and keep what came out."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.architecture import architecture
from search.comparison_table import arms_table, pairs_table, per_class_table
from search.display import Display
from search.names import cleaned
from search.preparation import Prepared, Subject, prepare
from search.space import STRATEGY
from search.stop import Stop
from search.store import Store, open_store
from search.table import student_words
from sedkd.compare.arms import Arm, Plan, arms
from sedkd.compare.result import on_test
from sedkd.compare.training import RATES, Trained, train_all
from sedkd.data.recordings import digest_of
from sedkd.distill.registry import find, parts
from sedkd.errors import UserError
from sedkd.kept import read_json
from sedkd.paths import written_atomically
from sedkd.progress import Progress
from sedkd.train.settings import TrainSettings
from sedkd.trial import lack

if TYPE_CHECKING:
    from sedkd.task import Task

VERSION = 1
CRITERION = "f1_segment"  # for which rates, thresholds and filters are chosen on validation


@dataclass(frozen=True)
class Question:
    """What was typed; see `sedkd compare --help`."""

    subject: Subject
    architecture: str
    strategy: str
    seeds: int
    steps: int
    ablate: bool
    store: str | None


def run_compare(question: Question) -> int:
    """Answer it; returns the exit code."""
    stop, store = Stop.installed(), open_store(question.store)
    if not parts(question.strategy):
        raise UserError(f"--strategy {question.strategy}: the distilled arms need one, such as response")
    for part in parts(question.strategy):
        find(part)  # an unknown name is said now, not after the teacher's training
    student = architecture(question.architecture, store, question.subject.environment)
    with Display(lambda: stop.asked) as display:
        prepared = prepare(question.subject, 0, display.preparing)
        task = prepared.task
        if not task.pool.has_test(task.environment.name):
            raise UserError(f"{task.pool.lack(task.environment.name, 'test')}; a comparison is scored on test")
        plan = _plan(question, prepared, student)
        _require_runnable(arms(plan), task)
        name = _name(task, plan)
        folder = store.root / "comparisons" / name
        display.print(
            f"comparison {name}: {student_words(_flat(plan))}, {question.seeds} seeds, {plan.train.steps} steps"
        )
        for notice in prepared.notices:
            display.notice(notice)
        trained = train_all(arms(plan), task, question.seeds, folder, CRITERION, _watch(display))
        result = _result(task, trained, question, plan, folder, display)
        place = _keep(result, folder, store)
    _show(result, display, place)
    return 0


def _require_runnable(asked: Sequence[Arm], task: "Task") -> None:
    """UserError when an arm cannot be trained, before any is."""
    for arm in asked:
        reason = lack(arm.configuration, task)
        if reason:
            raise UserError(f"--strategy {arm.configuration.strategy}: arm {arm.name!r} cannot be trained: {reason}")


def _plan(question: Question, prepared: Prepared, student: Any) -> Plan:
    """The arms' common ground; a strategy's parameters are the space's defaults, alike for every environment."""
    task, space = prepared.task, prepared.space
    defaults = space.defaults(**({STRATEGY: question.strategy} if space.choices(STRATEGY) else {}))
    parameters: dict[str, dict[str, Any]] = {}
    for key, value in defaults.items():
        part, _, name = key.rpartition(".")
        parameters.setdefault(part, {})[name] = value
    return Plan(
        student,
        replace(TrainSettings(), steps=question.steps),
        question.strategy,
        parameters,
        len(task.pool.environments),
        task.has_unlabeled,
        question.ablate,
    )


def _name(task: "Task", plan: Plan) -> str:
    """Environment and a digest of what the trained students depend on; seeds and ablations may be added later."""
    clips = [*task.training.recordings, *task.validation.recordings]
    settled = [arm.configuration for arm in arms(replace(plan, ablate=False))]
    parts = [
        VERSION,
        list(task.events),
        digest_of(clips),
        task.foreign_digest,
        [teacher.key for teacher in task.teachers],
        [repr(configuration) for configuration in settled],
        RATES,
    ]
    digest = hashlib.blake2b(json.dumps(parts).encode(), digest_size=3).hexdigest()
    return f"{cleaned(task.environment.name)}-{digest}"


def _flat(plan: Plan) -> dict[str, Any]:
    return {f"student.{key}": value for key, value in asdict(plan.student).items()}


def _watch(display: Display) -> Callable[[str, int, int], Progress]:
    """A line per training with the time left; times of trainings that were read from disk do not mislead it."""
    ends: list[float] = [time.monotonic()]

    def watch(what: str, done: int, total: int) -> Progress:
        now = time.monotonic()
        if now - ends[-1] > 1:
            ends.append(now)
        left = (now - ends[0]) / (len(ends) - 1) * (total - done) / 60 if len(ends) > 1 else None
        when = "" if left is None else f", about {left:.0f} min left"
        line = f"[{done + 1}/{total}] {what}{when}"
        return lambda stage, step, steps: display.preparing(f"{line}: {stage}", step, steps)

    return watch


def _result(
    task: "Task", trained: list[Trained], question: Question, plan: Plan, folder: Path, display: Display
) -> dict[str, Any]:
    """From disk when these very students have been scored, so that test is opened once for them."""
    asked = [question.seeds, [t.arm.name for t in trained], task.pool.test_digest(task.environment.name)]
    path = folder / f"result-{hashlib.blake2b(json.dumps(asked).encode(), digest_size=3).hexdigest()}.json"
    if path.exists():
        return read_json(path, dict, "remove it; the same line scores the arms anew")
    facts = {
        "comparison": folder.name,
        "environment": task.environment.name,
        "scene": task.environment.scene,
        "data": task.pool.origin,
        "synthetic": task.pool.synthetic,
        "architecture": student_words(_flat(plan)),
        "strategy": plan.strategy,
        "seeds": question.seeds,
        "steps": plan.train.steps,
        "criterion": CRITERION,
    }
    scored = on_test(
        task, trained, question.seeds, CRITERION, path.with_name(path.name.replace("result", "decisions")),
        lambda done, total: display.preparing("scoring every arm on test", done, total),
    )  # fmt: skip
    result = {**facts, **scored}
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(result, indent=1))
    return result


def _keep(result: dict[str, Any], folder: Path, store: Store) -> list[str]:
    """The figure beside the numbers, both in MLflow too; what was written, in lines to show."""
    from search.comparison_figure import comparison_png
    from search.comparison_run import log_comparison

    written = folder / "comparison.json"
    with written_atomically(written) as temporary:
        temporary.write_text(json.dumps(result, indent=1))
    picture = folder / "comparison.png"
    comparison_png(result, picture)
    lines = [f"numbers: {written}", f"figure:  {picture}"]
    return [*lines, log_comparison(result, [written, picture], store)]


def _show(result: dict[str, Any], display: Display, lines: list[str]) -> None:
    for table in (arms_table(result), pairs_table(result), per_class_table(result)):
        display.table(table)
    if not any(result["support"].values()):
        display.notice("test holds none of the events: what cannot be computed there is '-'")
    for line in lines:
        display.print(line)
