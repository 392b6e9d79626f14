"""One run of `sedkd-search`, from the first line on the screen to the last."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from search.pareto.front import front
from search.run.cluster import Cluster
from search.run.elsewhere import Elsewhere, cluster_of, joining
from search.run.ended_trials import EndedTrials
from search.run.executor import Executor
from search.run.listener import DisplayListener
from search.run.local import LocalTrials
from search.run.others import Others
from search.run.sharing import Sharing
from search.run.site_clips import keep_clips
from search.run.stop import Stop
from search.sampling.choice import can_guess, learned_from, sampler_of
from search.setup.budget import above_limits
from search.setup.plan import GAIN, Plan
from search.setup.preparation import looked_at
from search.setup.request import Planned, Request, planned
from search.setup.subsets import each_subset
from search.show.closing import show, show_summary
from search.show.display import Display
from search.study.opening import open_study
from search.study.ownership import close_stale
from search.study.records import EXHAUSTED, REQUEST, SAMPLER, WORKED, FinishedTrial
from search.study.scores import SplitScores, another_test_words
from search.tracking.mirror import Mirror
from search.trials.beginning import begin
from search.trials.confirmation import confirm
from search.trials.final_scores import of_another_test, score_on_test, teacher_on_validation
from search.trials.further import left_behind
from search.trials.int8_scores import in_eight_bits
from search.trials.picked_curves import draw_picked
from sedkd.disk.paths import written_atomically
from sedkd.errors import UserError

STUDY_FILE = "study.yaml"


def run_searches(request: Request, environments: Sequence[str]) -> int:
    """Search for each environment, and each subset of its events, in turn; they share teacher and caches. Returns the
    exit code; UserError, when all have been searched for, of what could not be done."""
    stop, names = Stop.installed(), []
    cluster = cluster_of(request)
    alone = [replace(request.subject, environment=environment) for environment in environments]
    subjects = [one for each in alone for one in each_subset(each)]
    if len(alone) > 1:
        for subject in subjects:  # what one of them lacks is told before another is searched for
            looked_at(subject, lambda *_: None)
    short: list[str] = []
    for subject in subjects:
        session = _Session(replace(request, subject=subject), stop, cluster)
        names.append(session.run())
        short += [f"{names[-1]}: {session.short}"] if session.short else []
        short += session.damaged[:1]
    if len(names) > 1:
        show_summary(names, request.store)
    if short:
        raise UserError("; ".join(short))
    return 0


class _Session:
    """One environment's search: the study, the people who are told, and what happens when it ends."""

    def __init__(self, request: Request, stop: Stop, cluster: Cluster | None) -> None:
        self.request, self.stop, self.cluster = request, stop, cluster
        self.display = Display(lambda: stop.asked)
        self.lost: set[int] = set()  # trials whose students are gone
        self.damaged: list[str] = []  # of them those whose files are there: why they cannot be read
        self.short: str | None = None  # why there are fewer trials than were asked for

    def run(self) -> str:
        """Prepare, search, confirm, score the front on test, show it; the study's name. UserError where no student was
        found that may be trained."""
        with self.display as display:
            ready = planned(self.request, display.preparing)
            plan = ready.plan
            self.study = open_study(plan.store, ready.name, ready.facts, plan.objectives)
            self.mirror, self.others = Mirror(self.study, display.notice), Others(self.study, display.notice)
            scores: dict[str, SplitScores] | None = None
            try:
                with self._ended_in_any_case():
                    scores = self._run(ready)
            except KeyboardInterrupt:
                display.stop()
                show(self.study, display, None)
                raise
            display.stop()
            show(self.study, display, scores)
            return ready.name

    @contextmanager
    def _ended_in_any_case(self) -> Iterator[None]:
        """Whatever ends what runs in here: afterwards neither Optuna nor MLflow shows anything as running."""
        status = "FAILED"
        try:
            yield
            status = "FAILED" if self.short else "FINISHED"
        except KeyboardInterrupt:
            status = "KILLED"
            raise
        finally:
            try:
                close_stale(self.study, interrupted=status == "KILLED")  # the end may have come between two trials
            finally:
                self.mirror.close(status)

    def _run(self, ready: Planned) -> dict[str, SplitScores]:
        """Search, confirm, score the front on test; the teacher's scores."""
        plan, display = ready.plan, self.display
        self.study.optuna.set_user_attr(SAMPLER, sampler_of(plan))
        subject = self.request.subject
        typed = {**self.request.typed, "env": subject.environment, "subset": subject.subset}
        typed = {option: value for option, value in typed.items() if value is not None}
        self.study.optuna.set_user_attr(REQUEST, typed)
        self.study.optuna.set_user_attr(WORKED, time.time())
        _write_typed(self.study.folder / STUDY_FILE, typed)
        keep_clips(plan.task, self.study.folder)
        teacher = teacher_on_validation(plan.task, self.study)
        self._introduce(ready, teacher.values[plan.objectives.quality])
        self.mirror.begin(teacher)
        self._search_all(ready)
        self.short = self.study.exhausted() if self.study.taken() < plan.budget.trials else None
        if self.short and not self.study.finished():
            raise UserError(self.short)
        members = front(self.study.finished(), plan.objectives)
        failed = confirm(
            self.study, plan, members, self.request.confirm, display.preparing, partial(self._share, ready)
        )
        for number, reason in failed.items():
            display.notice(f"trial {number} could not be confirmed: {reason}")
        draw_picked(plan, self.study, self._with_students(members))
        scores = self._on_test(plan, members)
        self.mirror.teacher(scores)
        return scores

    def _with_students(self, members: Sequence[FinishedTrial]) -> list[FinishedTrial]:
        """Those whose students are there; of another, whose file is gone or damaged, it is said once."""
        found = []
        for member in members:
            fault = self.study.fault_of_student(member.number)
            if fault is None:
                found.append(member)
            elif member.number not in self.lost:
                self.lost.add(member.number)
                self.damaged += [fault] if self.study.student_path(member.number).exists() else []
                self.display.notice(
                    f"trial {member.number}: its student is gone ({fault}), so that it is neither scored nor to be "
                    "exported; copy it back, its MLflow run holds one as well, and run the same line again"
                )
        return found

    def _on_test(self, plan: Plan, on_front: Sequence[FinishedTrial]) -> dict[str, SplitScores]:
        """Score the front on test, and in eight bits, and anew whatever was scored on another test split; the
        teacher's scores."""
        split = plan.task.pool.test_digest(plan.task.environment.name)
        stale = of_another_test(self.study, split)
        if stale:
            self.display.notice(another_test_words(stale.values()))
        numbers = {*stale, *(m.number for m in on_front)}
        members = self._with_students([m for m in self.study.finished() if m.number in numbers])
        steps, failed = in_eight_bits(plan, self.study, members, split, self.display.preparing)
        for number, reason in failed.items():
            self.display.notice(f"trial {number} has no scores in eight bits: {reason}")
        return score_on_test(plan.task, self.study, members, split, self.display.testing, steps)

    def _introduce(self, ready: Planned, teacher_score: float | None) -> None:
        notices = list(ready.notices)
        if self.request.manner.early_stopping and len(ready.plan.rungs) == 1 and not ready.plan.ends_early:
            notices.append(
                "no early stopping: it needs one F1, for which thresholds are chosen, of the float student, and costs "
                "known before training"
            )
        if self.request.manner.sampler == GAIN and not can_guess(ready.plan.objectives):
            notices.append("sampler: tpe; gain needs one quality against one cost that is known before training")
        if self.cluster is None:
            notices.extend(self._local(ready).notices())
        if learned := learned_from(self.study, ready.plan):
            notices.append(f"learns from other studies as well (--no-carry: from none): {', '.join(learned)}")
        notices.extend(above_limits(self.study.finished(), ready.plan.budget.limits))
        self.display.introduce(
            ready.name, ready.facts, notices, teacher_score, self.study.spent(), self.request.budget.trials,
            ready.plan.rungs,
        )  # fmt: skip

    def _search_all(self, ready: Planned) -> None:
        """Until no process is at a trial of this study: what a lost one leaves behind is searched once more."""
        begin(self.study, ready.plan)
        began = time.monotonic()
        self._search(ready)
        while self.study.running():
            self.others.wait(self._waiting)
            left = self._without(time.monotonic() - began, ready)
            if left is None:
                return
            self._search(left)

    def _without(self, seconds: float, ready: Planned) -> Planned | None:
        """The same with what is left of its time when so many seconds are gone; None where nothing is."""
        budget = self.request.budget
        if budget.timeout is None:
            return ready
        if budget.timeout <= seconds:
            return None
        budget = replace(budget, timeout=budget.timeout - seconds)
        return replace(ready, plan=replace(ready.plan, budget=budget))

    def _waiting(self, what: str, done: int, total: int) -> None:
        self.display.preparing(what, done, total)
        if self.stop.asked:
            raise KeyboardInterrupt

    def _search(self, ready: Planned) -> None:
        self.study.optuna.set_user_attr(EXHAUSTED, None)
        if self.cluster is not None:
            self._search_on(self.cluster, ready)
            return
        self._local(ready).run()

    def _local(self, ready: Planned) -> LocalTrials:
        request = replace(self.request, budget=ready.plan.budget)
        return LocalTrials(request, ready, self.study, self.request.seed, self.display, self.stop, self._mirrored)

    def _search_on(self, cluster: Cluster, ready: Planned) -> None:
        wanted, watch = ready.plan.budget.trials, EndedTrials(self.study, DisplayListener(self.display, self.study, 0))
        left = wanted - self.study.taken()  # beside students that are to be trained on
        workers = self.request.workers or 1
        further = len(ready.plan.rungs) > 1 or left_behind(self.study, ready.plan)
        count = min(workers, wanted if further else left)

        def look() -> None:
            self.display.preparing(f"workers on {cluster.name}", self.study.spent(), wanted)
            if watch.look():
                self._mirrored()
            self.others.look()

        if count > 0:
            executor: Executor = Elsewhere(
                cluster, joining(ready.name, ready.plan.store), count, look, self._local(ready).bury
            )
            executor.run(lambda: self.stop.asked)

    def _share(self, ready: Planned, members: Sequence[FinishedTrial]) -> None:
        """Have several processes confirm members, where that pays."""
        sharing = Sharing(
            1 if self.cluster else self.request.workers, ready.plan.task.device.type, self.display, self.stop
        )
        sharing.confirming(self.request, ready.name, members, ready.plan.rungs[-1], self.study.folder)

    def _mirrored(self) -> None:
        self.mirror.sync()
        self.others.look()
        if self.stop.asked:
            raise KeyboardInterrupt


def _write_typed(path: Path, typed: Mapping[str, Any]) -> None:
    """What was typed, for `sedkd-search --config`."""
    import yaml

    with written_atomically(path) as temporary:
        temporary.write_text(yaml.safe_dump(dict(typed), sort_keys=False, allow_unicode=True), encoding="utf-8")
