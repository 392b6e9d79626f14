"""One run of `sedkd compare`: prepare, train the arms, score them once on test, show and keep what came out."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.run.comparison_plan import VERSION, name_of, plan_of, require_runnable
from search.run.sharing import Sharing
from search.run.stop import Stop
from search.setup.architecture import architecture
from search.setup.preparation import Subject, looked_at, prepare
from search.setup.same import material_of
from search.show.comparison_table import arms_table, labelled_words, pairs_table, per_class_table, tries_table
from search.show.display import Display
from search.show.labels_curve import keep_curve
from search.show.labels_table import labels_table
from search.show.pooled_table import keep_pooled, pooled_table
from search.show.words import student_words
from search.study.store import Store
from search.trials.failures import reason_of
from sedkd.compare.arms import ArmSettings, arms
from sedkd.compare.bootstrap import VERSION as INTERVALS
from sedkd.compare.result import on_test
from sedkd.compare.training import FIRST_CRITERION, Trained, train_all
from sedkd.disk.json_file import digest, read_json, write_json
from sedkd.disk.kept import kept
from sedkd.distill.registry import find, parts, require_once
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings
from sedkd.progress import Progress

if TYPE_CHECKING:
    from sedkd.task.task import Task


@dataclass(frozen=True)
class Question:
    """What was typed; see `sedkd compare --help`. `labels`: how many labelled clips, once for each; none: all.
    `criterion`: the F1 for which tries, thresholds and filters are chosen on validation. `workers`: students that are
    trained at once; None: as many as pay here."""

    subject: Subject
    architecture: str
    strategy: str
    seeds: int
    steps: int
    ablate: bool
    store: Store
    labels: tuple[int, ...] = ()
    criterion: str = FIRST_CRITERION
    workers: int | None = None


def run_compare(question: Question, environments: Sequence[str]) -> int:
    """Answer it for each of the environments, and for all together; returns the exit code."""
    stop, store = Stop.installed(), question.store
    if not parts(question.strategy):
        raise UserError(f"--strategy {question.strategy}: the distilled arms need one, such as response")
    require_once(question.strategy)
    for part in parts(question.strategy):
        find(part)  # an unknown name is said now, not after the teacher's training
    students = [architecture(question.architecture, store, environment) for environment in environments]
    # The largest number first: one that is above what there is is said before anything is trained.
    numbers: list[int | None] = [*sorted(question.labels, reverse=True)] or [None]
    results: list[list[dict[str, Any]]] = []  # of every environment, by number of labels
    with Display(lambda: stop.asked) as display:
        for environment in environments:
            _require_material(question.subject, environment, display)
        for environment, student in zip(environments, students, strict=True):
            results.append([])
            for labels in numbers:
                asked = replace(question, subject=replace(question.subject, environment=environment, labels=labels))
                results[-1].append(_answered(asked, student, store, display, stop))
            if len(numbers) > 1:
                display.table(labels_table(results[-1]))
                for line in keep_curve(results[-1], store):
                    display.print(line)
    if len(results) > 1:
        _show_together(results, store, display)
    return 0


def _require_material(subject: Subject, environment: str, display: Display) -> None:
    """UserError where an environment lacks the events that are asked for, or there is nothing to score on: before
    anything is trained for any of them."""
    pool = looked_at(replace(subject, environment=environment), display.preparing)[0].pool
    if not pool.has_test(environment):
        raise UserError(f"{pool.lack(environment, 'test')}; a comparison is scored on test")


def _show_together(results: Sequence[Sequence[dict[str, Any]]], store: Store, display: Display) -> None:
    """What several environments say on average, once for each number of labels."""
    from search.tracking.comparison import log_pooled

    if len({result["architecture"] for own in results for result in own}) > 1:
        display.notice('no mean over the environments: their students differ; spell one out, such as "separable 16x3"')
        return
    for alike in zip(*results, strict=True):
        if len(results[0]) > 1:
            display.print(labelled_words(alike[0]))
        display.table(pooled_table(alike))
        path = keep_pooled(alike, store)
        display.print(f"numbers: {path}\n{log_pooled(alike, path, store)}")


def _answered(
    question: Question, student: StudentSettings, store: Store, display: Display, stop: Stop
) -> dict[str, Any]:
    """One comparison, trained, scored, shown and kept."""
    prepared = prepare(question.subject, 0, display.preparing)
    task = prepared.task
    plan, notices = plan_of(prepared, student, question.strategy, question.steps, question.ablate)
    require_runnable(arms(plan), task)
    students = store.root / "comparisons" / name_of(task, plan)
    by = "" if question.criterion == FIRST_CRITERION else f"-{question.criterion.removeprefix('f1_')}"
    folder = students.with_name(students.name + by)
    display.print(
        f"comparison {folder.name}: {student_words(student.flat())}, {question.seeds} seeds, {question.steps} steps"
    )
    for notice in [*prepared.notices, *notices]:
        display.notice(notice)
    share = partial(
        Sharing(question.workers, task.device.type, display, stop).runs, question.subject, material_of(task)
    )
    try:
        trained = train_all(arms(plan), task, question.seeds, students, question.criterion, _watch(display), share)
    except UserError:
        raise
    except Exception as error:  # a strategy of one's own may raise anything
        raise UserError(f"comparison {folder.name}: {reason_of(error, students)}") from error
    result = _result(task, trained, question, plan, folder, display)
    _show(result, display, _keep(result, folder, store))
    return result


class TimeLeft:
    """Seconds that are left by the pace so far, taken whenever something ends and counted down in between."""

    def __init__(self, done: int, now: float) -> None:
        self.before = self.done = done
        self.start = self.ended = now

    def __call__(self, done: int, total: int, now: float) -> float | None:
        """None before anything has ended."""
        if done > self.done:
            self.done, self.ended = done, now
        if self.done == self.before:
            return None
        pace = (self.ended - self.start) / (self.done - self.before)
        return max(pace * (total - self.done) - (now - self.ended), 0.0)


def _watch(display: Display) -> Callable[[str, int, int], Progress]:
    """A line per training with the time left, by those that were trained since it began: what was read from disk does
    not mislead it."""
    left: dict[str, TimeLeft] = {}

    def watch(what: str, done: int, total: int) -> Progress:
        seconds = left.setdefault(what, TimeLeft(done, time.monotonic()))(done, total, time.monotonic())
        when = "" if seconds is None else f", about {seconds / 60:.0f} min left"
        line = f"[{min(done + 1, total)}/{total}] {what}{when}"  # the last one was there before
        return lambda stage, step, steps: display.preparing(f"{line}: {stage}", step, steps)

    return watch


def _result(
    task: "Task", trained: list[Trained], question: Question, plan: ArmSettings, folder: Path, display: Display
) -> dict[str, Any]:
    """From disk when these very students have been scored, so that test is opened once for them."""
    seeds = question.seeds
    told = [[t.arm.name, repr(t.tried)] for t in trained]
    test = task.pool.test_digest(task.environment.name)
    asked = [INTERVALS, seeds, told, test]
    path = folder / f"result-{digest(asked, 3)}.json"
    if path.exists():
        return read_json(path, dict, "remove it; the same line scores the arms anew")
    used = len(task.pool.training(task.environment.name))
    facts = {
        "comparison": folder.name,
        "training": VERSION,
        "environment": task.environment.name,
        "scene": task.environment.scene,
        "environment_events": list(task.environment.events),
        "data": task.pool.origin,
        "scored_on": test,
        "synthetic": task.pool.synthetic,
        "impulse_responses": [response.path.name for response in task.responses],
        "labelled": {"used": used, "of": used + len(task.pool.hidden)},
        "architecture": student_words(plan.student.flat()),
        "strategy": plan.strategy,
        "seeds": seeds,
        "steps": plan.train.steps,
        "criterion": question.criterion,
    }
    scored = on_test(
        task, trained, seeds, question.criterion, path.with_name(path.name.replace("result", "decisions")),
        lambda done, total: display.preparing("scoring every arm on test", done, total),
    )  # fmt: skip
    result = {**facts, **scored}
    write_json(path, result, indent=1)
    return result


def _keep(result: dict[str, Any], folder: Path, store: Store) -> list[str]:
    """The figure beside the numbers, both in MLflow too; what was written, in lines to show."""
    from search.show.comparison_figure import comparison_png
    from search.tracking.comparison import log_comparison

    written = folder / "comparison.json"
    more = _more_seeds(written, result["seeds"])
    write_json(written, result, indent=1)
    picture = folder / "comparison.png"
    comparison_png(result, picture)
    lines = [f"numbers: {written}", f"figure:  {picture}"]
    if more:
        lines.append(
            f"         they told of {more} seeds before; --seeds {more} tells it again, and trains nothing anew"
        )
    return [*lines, log_comparison(result, [written, picture], store)]


def _more_seeds(written: Path, seeds: int) -> int | None:
    """Of how many seeds the numbers tell that are to be replaced, where these are more."""
    before = kept(written, lambda path: int(json.loads(path.read_text(encoding="utf-8"))["seeds"]))
    return before if before is not None and before > seeds else None


def _show(result: dict[str, Any], display: Display, lines: list[str]) -> None:
    for table in (tries_table(result), arms_table(result), pairs_table(result), per_class_table(result)):
        display.table(table)
    if not any(result["support"].values()):
        display.notice("test holds none of the events: what cannot be computed there is '-'")
    for line in lines:
        display.print(line)
