"""MLflow's picture of a study: an experiment per environment, a parent run per study, a child run per trial.

Optuna's storage is the truth; this mirrors it. What is there already is found again by its tags, so mirroring twice,
or after a crash, changes nothing.
"""

import json
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from search.pareto.front import front, ranks
from search.pareto.gain import Gain
from search.pareto.picks import knee
from search.study.names import cleaned
from search.study.records import LIFE, RECORD, SAMPLER, STOPPED, FinishedTrial
from search.study.scores import SplitScores
from search.study.view import StudyView
from search.tracking.child_run import TRIAL_TAG, ChildRuns
from search.tracking.client import experiment_of, log_metrics, quiet_client
from search.tracking.links import ROLE_TAG, STUDY_TAG, VIEW_TAG, life_tag, runs_of, view_of
from search.tracking.notes import NOTE_TAG, study_note

if TYPE_CHECKING:
    from mlflow.entities import Run

TEST_TAG = "sedkd.test_scored"
INT8_TAG, INT8_TEST_TAG = "sedkd.int8_scored", "sedkd.int8_test_scored"
CONFIRMED_TAG = "sedkd.confirmed"
SEEDS_TAG = "sedkd.seeds"
FIGURE_SECONDS = 3.0  # the interactive front weighs 5 MB: it is not written more often than this
MAX_RANK = 10  # stands for itself and whatever follows: what is farther from the front moves too often
MAX_MARKS = 50  # ranks written in one go while a search runs; the rest follows


class Tracker:
    """Mirrors one study. `sync` may be called as often as one likes; `close` ends the parent run."""

    def __init__(self, study: StudyView) -> None:
        self.study, self.objectives, self.facts = study, study.objectives, study.facts
        self.client = quiet_client(study.store)
        self.experiment = experiment_of(self.client, study.store, self.facts["environment"])
        self.gain = Gain(study.objectives)
        self.life = study.optuna.user_attrs.get(LIFE)
        with self.alone():  # of two processes that begin together one makes the study's run
            self.parent = self._parent()
        self.runs = ChildRuns(self.client, study, self.experiment, self.parent)
        self._read_children()
        self.figure_at = -math.inf

    def begin(self, teacher: Mapping[str, SplitScores]) -> None:
        """Show the study as running, with its teacher's scores (see `teacher`), and without the child runs that a
        killed process left half written."""
        self.client.update_run(self.parent, "RUNNING")
        self.client.set_tag(self.parent, SAMPLER, self.study.optuna.user_attrs.get(SAMPLER, "unknown"))
        self.teacher(teacher)
        self._drop_half_written()

    def _drop_half_written(self) -> None:
        with self.alone():
            for run in self._runs("trial", " and attributes.status = 'RUNNING'"):
                self.client.delete_run(run.info.run_id)
                self.children.pop(int(run.data.tags[TRIAL_TAG]), None)

    def alone(self) -> AbstractContextManager[None]:
        """In here no other process writes runs of the study, also on another machine: both may tell one server."""
        return self.study.store.storage.turn(f"mlflow {self.study.name}")

    def sync(self, figures: bool = True) -> None:
        """Bring MLflow up to date with Optuna: new children, most ranks that changed, and, unless it was written just
        now, the parent's figure and table."""
        members = self._tell_trials()
        if not members:
            return
        on_front = front(members, self.objectives)
        self._mark(members, MAX_MARKS)
        self._later_scores(on_front)
        self._summary(members, on_front)
        if figures and time.monotonic() - self.figure_at > FIGURE_SECONDS:
            self.figures(members)

    def _settle(self) -> None:
        """Bring all up to date, whatever that takes."""
        self._drop_half_written()
        members = self._tell_trials()
        if members:
            self._mark(members, len(members))
            self._later_scores(members)
            self._summary(members, front(members, self.objectives))
            self.figures(members)

    def _tell_trials(self) -> list[FinishedTrial]:
        """Child runs for the trials that have none; those that cost nothing get none. Returns the finished ones that
        have one: others may have ended meanwhile, in other processes."""
        from optuna.trial import TrialState

        states, left = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL), []
        for trial in self.study.optuna.get_trials(deepcopy=False, states=states):
            told = trial.state == TrialState.FAIL or RECORD in trial.user_attrs or STOPPED in trial.user_attrs
            left += [trial] * (told and trial.number not in self.children)
        if left:
            with self.alone():
                for trial in left:
                    self.children[trial.number] = self._told_elsewhere(trial.number) or self.runs.write(trial)
        return [member for member in self.study.finished() if member.number in self.children]

    def figures(self, members: Sequence[FinishedTrial]) -> None:
        """Write `pareto.html`, `front.csv`, the study's facts and a note with the front to the parent run."""
        from search.show.figure import pareto_html
        from search.show.tables import front_frame

        self.figure_at = time.monotonic()
        on_front = front(members, self.objectives)
        tests = {m.number: self.study.test_scores(m.number) for m in on_front}
        with tempfile.TemporaryDirectory() as folder:
            page = pareto_html(members, self.objectives, self.study.title, self.study.ended_early())
            Path(folder, "pareto.html").write_text(page, encoding="utf-8")
            eights = {m.number: self.study.eight_bits(m.number) for m in on_front}
            front_frame(members, self.objectives, tests, eights).to_csv(Path(folder, "front.csv"), index=False)
            Path(folder, "study.json").write_text(json.dumps(dict(self.facts), indent=2))
            self.client.log_artifacts(self.parent, folder)
        self.client.set_tag(self.parent, NOTE_TAG, self._note(on_front))

    def teacher(self, scores: Mapping[str, SplitScores]) -> None:
        """The teacher's scores, on the parent: `teacher_f1_segment` (validation), `teacher_test_f1_segment` (test)."""
        for split, found in scores.items():
            prefix = "teacher_" if split == "validation" else f"teacher_{split}_"
            log_metrics(self.client, self.parent, {prefix + name: value for name, value in found.values.items()})

    def catch_up(self) -> None:
        """Tell all that was missed; a study's run that nobody is at any longer is ended."""
        self.teacher(self.study.teacher_scores())
        self._settle()
        if not self.study.running() and self.client.get_run(self.parent).info.status == "RUNNING":
            self.client.set_terminated(self.parent, "FINISHED")

    def close(self, status: str) -> None:
        """Bring all up to date and end the parent run, whatever comes of it: FINISHED, FAILED, or KILLED (Ctrl-C)."""
        try:
            self._settle()
        finally:
            self.client.set_terminated(self.parent, status)

    def child_id(self, number: int) -> str:
        """Run id of a trial's child run."""
        return self.children[number].info.run_id

    def _told_elsewhere(self, number: int) -> "Run | None":
        """The run of a trial that another process has written since this one looked."""
        return next(iter(self._runs("trial", f" and tags.`{TRIAL_TAG}` = '{number}'")), None)

    def _read_children(self) -> None:
        """Find the runs that are there; of doubles, which two searches of earlier versions wrote, one is kept."""
        self.children: dict[int, Run] = {}
        with self.alone():
            runs = self._runs("trial")
            for run in sorted(runs, key=lambda run: (run.info.status == "RUNNING", run.info.run_id)):
                if self.children.setdefault(int(run.data.tags[TRIAL_TAG]), run) is not run:
                    self.client.delete_run(run.info.run_id)
        self.marked = {n: int(run.data.metrics.get("pareto_rank", 0)) for n, run in self.children.items()}

    def _runs(self, role: str, also: str = "") -> "list[Run]":
        query = f"{runs_of(self.study.name, self.life)} and tags.`{ROLE_TAG}` = '{role}'{also}"
        runs: list[Run] = []
        token = None
        while True:
            page = self.client.search_runs([self.experiment], query, max_results=1000, page_token=token)
            runs += page
            token = page.token
            if not token:
                return runs

    def _parent(self) -> str:
        view = view_of(self.study.name, self.objectives, self.life)
        self.client.set_experiment_tag(self.experiment, VIEW_TAG + cleaned(self.study.name), view)
        existing = self._runs("study")
        if existing:
            return existing[0].info.run_id
        tags = {
            STUDY_TAG: cleaned(self.study.name),
            ROLE_TAG: "study",
            "synthetic": str(self.facts["synthetic"]).lower(),
            "teacher": self.facts["teacher"],
            "data": self.facts["data"],
            "events": ", ".join(self.facts["events"]),
            NOTE_TAG: self._note([]),
            **life_tag(self.life),
        }
        if through := self.facts.get("impulse_responses"):
            tags["impulse_responses"] = str(len(through))
        return self.client.create_run(self.experiment, run_name=self.study.name, tags=tags).info.run_id

    def _mark(self, members: Sequence[FinishedTrial], most: int) -> None:
        """Write `on_front` and `pareto_rank` where they changed, at most so many; the front, old and new, first."""
        from mlflow.entities import Metric, RunTag

        found = ranks([m.values for m in members], self.objectives)
        rank = {m.number: min(r, MAX_RANK) for m, r in zip(members, found, strict=True)}
        changed = [number for number, now in rank.items() if self.marked.get(number) != now]
        changed.sort(key=lambda number: (1 not in (rank[number], self.marked.get(number)), rank[number]))
        for number in changed[:most]:
            metric = Metric("pareto_rank", rank[number], int(time.time() * 1000), len(members))
            tag = RunTag("on_front", str(rank[number] == 1).lower())
            self.client.log_batch(self.child_id(number), metrics=[metric], tags=[tag])
            self.marked[number] = rank[number]

    def _later_scores(self, members: Sequence[FinishedTrial]) -> None:
        """Write the test scores, the scores in eight bits, the means over its seeds, and those over new seeds, that are
        there and were not written."""
        for member in members:
            test, means = self.study.test_scores(member.number), self.study.confirmed(member.number)
            if (eight := self.study.eight_bits(member.number)) is not None:
                tag = INT8_TAG if eight.test is None else INT8_TEST_TAG
                self._once(member, tag, eight.measures, eight.split)
            if member.seeds > 1:
                means_of = {f"mean_{name}": member.measure(name) for name in self.objectives.qualities}
                self._once(member, SEEDS_TAG, means_of)
            if test:
                self._once(member, TEST_TAG, {f"test_{name}": value for name, value in test.values.items()}, test.split)
            if means:
                parts = {"": means.values, "_low": means.low, "_high": means.high}
                values: dict[str, float | None] = {
                    f"confirmed_{name}{part}": v for part, found in parts.items() for name, v in found.items()
                }
                self._once(member, CONFIRMED_TAG, values)

    def _once(
        self, member: FinishedTrial, tag: str, values: Mapping[str, float | None], split: str | None = None
    ) -> None:
        """Write metrics of a trial, unless this tag says that they were; where they are of a test `split`, of this."""
        run, written = self.children[member.number], split or "true"
        if run.data.tags.get(tag) != written:
            log_metrics(self.client, run.info.run_id, values)
            self.client.set_tag(run.info.run_id, tag, written)
            self.children[member.number] = self.client.get_run(run.info.run_id)

    def _note(self, on_front: Sequence[FinishedTrial]) -> str:
        runs = [(member, self.child_id(member.number)) for member in on_front]
        return study_note(self.facts, self.experiment, self.study.name, self.objectives, runs)

    def _summary(self, members: Sequence[FinishedTrial], on_front: Sequence[FinishedTrial]) -> None:
        corner = knee(on_front, self.objectives)
        values = {
            "trials_finished": sum(member.record.continues is None for member in members),
            "front_size": len(on_front),
            "hypervolume": self.gain.look(members).volume,
            f"knee_{self.objectives.quality}": corner.measure(self.objectives.quality),
            f"best_{self.objectives.quality}": max(m.measure(self.objectives.quality) for m in on_front),
        }
        log_metrics(self.client, self.parent, values, step=len(members))
