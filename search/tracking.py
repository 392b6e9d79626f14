"""MLflow's picture of a study: an experiment per environment, a parent run per study, a child run per trial.

Optuna's storage is the truth; this mirrors it. What is there already is found again by its tags, so mirroring twice,
or after a crash, changes nothing.
"""

import json
import logging
import math
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.finale import SplitScores, teacher_scores, test_scores
from search.front import Member, front, knee, ranks
from search.gain import Gain
from search.links import ROLE_TAG, STUDY_TAG, VIEW_TAG, view_of
from search.notes import NOTE_TAG, study_note, trial_note
from search.objectives import Objectives
from search.store import Store
from search.study import CONTROL, FACTS, REASON, RECORD, STOPPED, finished, running
from search.training import STUDENT_FILE

if TYPE_CHECKING:
    import optuna
    from mlflow import MlflowClient
    from mlflow.entities import Run

TRIAL_TAG = "sedkd.trial"
TEST_TAG = "sedkd.test_scored"
FIGURE_SECONDS = 3.0  # the interactive front weighs 5 MB: it is not written more often than this
BATCH = 900  # MLflow takes at most 1000 metrics in one call
LAST_RANK = 10  # stands for itself and whatever follows: what is farther from the front moves too often
MOST_MARKS = 50  # ranks written in one go while a search runs; the rest follows


class Tracker:
    """Mirrors one study. `sync` may be called as often as one likes; `close` ends the parent run."""

    def __init__(self, study: "optuna.Study", objectives: Objectives, store: Store) -> None:
        self.study, self.objectives, self.store = study, objectives, store
        self.facts: Mapping[str, Any] = study.user_attrs[FACTS]
        self.client = quiet_client(store)
        self.experiment = experiment_of(self.client, store, self.facts["environment"])
        self.gain = Gain(objectives)
        self.parent = self._parent()
        self._read_children()
        self.figure_at = -math.inf

    def begin(self, teacher: Mapping[str, SplitScores]) -> None:
        """Show the study as running, with its teacher's scores (see `teacher`), and without the child runs that a
        killed process left half written."""
        self.client.update_run(self.parent, "RUNNING")
        self.teacher(teacher)
        self._drop_half_written()

    def _drop_half_written(self) -> None:
        for run in self._runs("trial", " and attributes.status = 'RUNNING'"):
            self.client.delete_run(run.info.run_id)
            self.children.pop(int(run.data.tags[TRIAL_TAG]), None)

    def sync(self, figures: bool = True) -> None:
        """Bring MLflow up to date with Optuna: new children, most ranks that changed, and, unless it was written just
        now, the parent's figure and table."""
        members = self._tell_trials()
        if not members:
            return
        on_front = front(members, self.objectives)
        self._mark(members, MOST_MARKS)
        self._test(on_front)
        self._summary(members, on_front)
        if figures and time.monotonic() - self.figure_at > FIGURE_SECONDS:
            self.figures(members)

    def _settle(self) -> None:
        """Bring all up to date, whatever that takes."""
        self._drop_half_written()
        members = self._tell_trials()
        if members:
            self._mark(members, len(members))
            self._test(members)
            self._summary(members, front(members, self.objectives))
            self.figures(members)

    def _tell_trials(self) -> list[Member]:
        """Child runs for the trials that have none; those that cost nothing get none. Returns the finished ones that
        have one: others may have ended meanwhile, in other processes."""
        from optuna.trial import TrialState

        states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
        for trial in self.study.get_trials(deepcopy=False, states=states):
            told = trial.state == TrialState.FAIL or RECORD in trial.user_attrs or STOPPED in trial.user_attrs
            if told and trial.number not in self.children:
                self.children[trial.number] = self._child(trial)
        return [member for member in finished(self.study) if member.number in self.children]

    def figures(self, members: Sequence[Member]) -> None:
        """Write `pareto.html`, `front.csv`, the study's facts and a note with the front to the parent run."""
        from search.figure import ended_early, pareto_html
        from search.table import front_frame

        self.figure_at = time.monotonic()
        on_front = front(members, self.objectives)
        tests = {m.number: self._test_scores(m) for m in on_front}
        with tempfile.TemporaryDirectory() as folder:
            title = self.study.study_name + (" (SYNTHETIC soundscapes)" if self.facts["synthetic"] else "")
            page = pareto_html(members, self.objectives, title, ended_early(self.study))
            Path(folder, "pareto.html").write_text(page, encoding="utf-8")
            front_frame(members, self.objectives, tests).to_csv(Path(folder, "front.csv"), index=False)
            Path(folder, "study.json").write_text(json.dumps(dict(self.facts), indent=2))
            self.client.log_artifacts(self.parent, folder)
        self.client.set_tag(self.parent, NOTE_TAG, self._note(on_front))

    def teacher(self, scores: Mapping[str, SplitScores]) -> None:
        """The teacher's scores, on the parent: `teacher_f1_segment` (validation), `teacher_test_f1_segment` (test)."""
        for split, found in scores.items():
            prefix = "teacher_" if split == "validation" else f"teacher_{split}_"
            self._metrics(self.parent, {prefix + name: value for name, value in found.values.items()})

    def catch_up(self) -> None:
        """Tell all that was missed; a study's run that nobody is at any longer is ended."""
        self.teacher(teacher_scores(self.store, self.study.study_name))
        self._settle()
        if not running(self.study) and self.client.get_run(self.parent).info.status == "RUNNING":
            self.client.set_terminated(self.parent, "FINISHED")

    def close(self, status: str) -> None:
        """Bring all up to date and end the parent run: FINISHED, or KILLED after Ctrl-C."""
        self._settle()
        self.client.set_terminated(self.parent, status)

    def child_id(self, number: int) -> str:
        """Run id of a trial's child run."""
        return self.children[number].info.run_id

    def _read_children(self) -> None:
        self.children = {int(run.data.tags[TRIAL_TAG]): run for run in self._runs("trial")}
        self.marked = {n: int(run.data.metrics.get("pareto_rank", 0)) for n, run in self.children.items()}

    def _runs(self, role: str, also: str = "") -> "list[Run]":
        query = f"tags.`{STUDY_TAG}` = '{self.study.study_name}' and tags.`{ROLE_TAG}` = '{role}'{also}"
        runs: list[Run] = []
        token = None
        while True:
            page = self.client.search_runs([self.experiment], query, max_results=1000, page_token=token)
            runs += page
            token = page.token
            if not token:
                return runs

    def _parent(self) -> str:
        view = view_of(self.study.study_name, self.objectives)
        self.client.set_experiment_tag(self.experiment, VIEW_TAG + self.study.study_name, view)
        existing = self._runs("study")
        if existing:
            return existing[0].info.run_id
        tags = {
            STUDY_TAG: self.study.study_name,
            ROLE_TAG: "study",
            "synthetic": str(self.facts["synthetic"]).lower(),
            "teacher": self.facts["teacher"],
            "data": self.facts["data"],
            "events": ", ".join(self.facts["events"]),
            NOTE_TAG: self._note([]),
        }
        return self.client.create_run(self.experiment, run_name=self.study.study_name, tags=tags).info.run_id

    def _child(self, trial: "optuna.trial.FrozenTrial") -> "Run":
        stopped = trial.user_attrs.get(STOPPED)
        record = trial.user_attrs.get(RECORD) or stopped
        tags = {
            "mlflow.parentRunId": self.parent,
            STUDY_TAG: self.study.study_name,
            ROLE_TAG: "trial",
            TRIAL_TAG: str(trial.number),
            "synthetic": str(self.facts["synthetic"]).lower(),
        }
        if trial.user_attrs.get(CONTROL):
            tags[CONTROL] = trial.user_attrs[CONTROL]
        if record:
            tags[NOTE_TAG] = trial_note(record, self.objectives)
        if stopped:
            tags |= {STOPPED: stopped["rung"], "on_front": "false"}
        if record is None:
            tags |= {REASON: trial.user_attrs.get(REASON, "the process ended in mid-trial"), "on_front": "false"}
        start = int((trial.datetime_start.timestamp() if trial.datetime_start else time.time()) * 1000)
        run = self.client.create_run(self.experiment, start_time=start, run_name=f"trial {trial.number:04d}", tags=tags)
        try:
            self._fill(run.info.run_id, trial, record)
        except BaseException:  # Ctrl-C among them: a run is there whole or not at all
            self.client.delete_run(run.info.run_id)
            raise
        return run

    def _fill(self, run_id: str, trial: "optuna.trial.FrozenTrial", record: dict[str, Any] | None) -> None:
        """Write a child run's parameters, metrics, curve and files, and end it."""
        from mlflow.entities import Metric, Param

        params = [Param(k, str(v)) for k, v in (record["configuration"] if record else trial.params).items()]
        self.client.log_batch(run_id, params=params)
        if record:
            self._metrics(run_id, _measures(record))
            now = int(time.time() * 1000)
            curve = [
                Metric(name, point[key], now, point["step"])
                for point in record["curve"]
                for name, key in (("curve_loss", "loss"), ("curve_f1_segment", "score"))
                if point[key] is not None
            ]
            self.client.log_batch(run_id, metrics=curve)
            folder = self.store.trial_folder(self.study.study_name, trial.number)
            if (folder / STUDENT_FILE).exists():
                self.client.log_artifact(run_id, str(folder / STUDENT_FILE))
            self.client.log_dict(run_id, record, "record.json")
        end = int(trial.datetime_complete.timestamp() * 1000) if trial.datetime_complete else None
        status = "FAILED" if record is None else "KILLED" if STOPPED in trial.user_attrs else "FINISHED"
        self.client.set_terminated(run_id, status, end)

    def _mark(self, members: Sequence[Member], most: int) -> None:
        """Write `on_front` and `pareto_rank` where they changed, at most so many; the front, old and new, first."""
        from mlflow.entities import Metric, RunTag

        found = ranks([m.values for m in members], self.objectives)
        rank = {m.number: min(r, LAST_RANK) for m, r in zip(members, found, strict=True)}
        changed = [number for number, now in rank.items() if self.marked.get(number) != now]
        changed.sort(key=lambda number: (1 not in (rank[number], self.marked.get(number)), rank[number]))
        for number in changed[:most]:
            metric = Metric("pareto_rank", rank[number], int(time.time() * 1000), len(members))
            tag = RunTag("on_front", str(rank[number] == 1).lower())
            self.client.log_batch(self.child_id(number), metrics=[metric], tags=[tag])
            self.marked[number] = rank[number]

    def _test(self, members: Sequence[Member]) -> None:
        """Write the test scores that are there and were not written."""
        for member in members:
            run = self.children[member.number]
            found = test_scores(self.store, self.study.study_name, member.number)
            if found and TEST_TAG not in run.data.tags:
                self._metrics(run.info.run_id, {f"test_{name}": value for name, value in found.values.items()})
                self.client.set_tag(run.info.run_id, TEST_TAG, "true")
                self.children[member.number] = self.client.get_run(run.info.run_id)

    def _test_scores(self, member: Member) -> SplitScores | None:
        return test_scores(self.store, self.study.study_name, member.number)

    def _note(self, on_front: Sequence[Member]) -> str:
        runs = [(member, self.child_id(member.number)) for member in on_front]
        return study_note(self.facts, self.experiment, self.study.study_name, self.objectives, runs)

    def _summary(self, members: Sequence[Member], on_front: Sequence[Member]) -> None:
        corner = knee(on_front, self.objectives)
        values = {
            "trials_finished": len(members),
            "front_size": len(on_front),
            "hypervolume": self.gain.look(members).volume,
            f"knee_{self.objectives.quality}": corner.measure(self.objectives.quality),
            f"best_{self.objectives.quality}": max(m.measure(self.objectives.quality) for m in on_front),
        }
        self._metrics(self.parent, values, step=len(members))

    def _metrics(self, run_id: str, values: Mapping[str, float], step: int = 0) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, float(value), now, step) for name, value in values.items() if value is not None]
        for first in range(0, len(metrics), BATCH):
            self.client.log_batch(run_id, metrics=metrics[first : first + BATCH])


def experiment_of(client: "MlflowClient", store: Store, environment: str) -> str:
    """The id of an environment's experiment, made where there is none."""
    name = f"sedkd-{environment}"
    found = client.get_experiment_by_name(name)
    if found:
        return found.experiment_id
    where = store.artifacts_uri
    # The kind makes the UI open with its view for trained models instead of the one for language models.
    tags = {"mlflow.experimentKind": "custom_model_development"}
    return client.create_experiment(name, f"{where}/{name}" if where else None, tags)


def quiet_client(store: Store) -> "MlflowClient":
    """A client of the store, without telemetry and without an announcement for each new table."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=store.mlflow_uri, registry_uri=store.mlflow_uri)


def _measures(record: Mapping[str, Any]) -> dict[str, float]:
    """A trial's metrics: scores, cost, `log10_flops` per second of audio, seconds, and F1 per class."""
    measures = dict(record["measures"])
    measures["log10_flops"] = math.log10(max(2 * measures["macs"], 1e-9))
    measures["seconds"] = record["seconds"]
    for label, scores in record.get("per_class", {}).items():
        for name, value in scores.items():
            if value is not None:
                measures[f"{name}_class/{_metric_name(label)}"] = value
    return measures


def _metric_name(label: str) -> str:
    """MLflow allows letters, digits, spaces and -_./ in names of metrics."""
    return "".join(c if c.isalnum() or c in " -_./" else "_" for c in label)
