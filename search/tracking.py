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

from search.finale import SplitScores, test_scores
from search.front import Member, front, hypervolume, knee, ranks, reference_point
from search.objectives import Objectives
from search.run import STUDENT_FILE
from search.store import Store
from search.study import CONTROL, FACTS, INFEASIBLE, REASON, finished

if TYPE_CHECKING:
    import optuna
    from mlflow import MlflowClient
    from mlflow.entities import Run

STUDY_TAG = "sedkd.study"
ROLE_TAG = "sedkd.role"
TRIAL_TAG = "sedkd.trial"
TEST_TAG = "sedkd.test_scored"
FIGURE_SECONDS = 3.0  # the interactive front weighs 5 MB: it is not written more often than this
BATCH = 900  # MLflow takes at most 1000 metrics in one call


class Tracker:
    """Mirrors one study. `sync` may be called as often as one likes; `close` ends the parent run."""

    def __init__(self, study: "optuna.Study", objectives: Objectives, store: Store) -> None:
        self.study, self.objectives, self.store = study, objectives, store
        self.facts: Mapping[str, Any] = study.user_attrs[FACTS]
        self.client = quiet_client(store)
        self.experiment = experiment_of(self.client, store, self.facts["environment"])
        self.parent = self._parent()
        self._read_children()
        self.figure_at = -math.inf

    def begin(self) -> None:
        """Show the study as running, without the child runs that a killed process left half written."""
        self.client.update_run(self.parent, "RUNNING")
        self._drop_half_written()

    def _drop_half_written(self) -> None:
        half = [run for run in self._runs("trial") if run.info.status == "RUNNING"]
        for run in half:
            self.client.delete_run(run.info.run_id)
        if half:
            self._read_children()

    def sync(self, figures: bool = True) -> None:
        """Bring MLflow up to date with Optuna: new children, ranks, and the parent's figure and table."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL)):
            if trial.number not in self.children:
                self.children[trial.number] = self._child(trial)
        members = finished(self.study)
        if not members:
            return
        self._mark(members)
        self._test(members)
        self._summary(members)
        if figures and time.monotonic() - self.figure_at > FIGURE_SECONDS:
            self.figures(members)

    def figures(self, members: Sequence[Member]) -> None:
        """Write `pareto.html`, `front.csv` and the study's facts to the parent run."""
        from search.figure import pareto_html
        from search.table import front_frame

        self.figure_at = time.monotonic()
        tests = {m.number: self._test_scores(m) for m in front(members, self.objectives)}
        with tempfile.TemporaryDirectory() as folder:
            title = self.study.study_name + (" (synthetic soundscapes)" if self.facts["synthetic"] else "")
            Path(folder, "pareto.html").write_text(pareto_html(members, self.objectives, title), encoding="utf-8")
            front_frame(members, self.objectives, tests).to_csv(Path(folder, "front.csv"), index=False)
            Path(folder, "study.json").write_text(json.dumps(dict(self.facts), indent=2))
            self.client.log_artifacts(self.parent, folder)

    def teacher(self, scores: Mapping[str, SplitScores]) -> None:
        """The teacher's scores, on the parent: `teacher_f1_segment` (validation), `teacher_test_f1_segment` (test)."""
        for split, found in scores.items():
            prefix = "teacher_" if split == "validation" else f"teacher_{split}_"
            self._metrics(self.parent, {prefix + name: value for name, value in found.values.items()})

    def close(self, status: str) -> None:
        """End the parent run: FINISHED, or KILLED after Ctrl-C."""
        self._drop_half_written()
        members = finished(self.study)
        if members:
            self.sync(figures=False)
            self.figures(members)
        self.client.set_terminated(self.parent, status)

    def child_id(self, number: int) -> str:
        """Run id of a trial's child run."""
        return self.children[number].info.run_id

    def _read_children(self) -> None:
        self.children = {int(run.data.tags[TRIAL_TAG]): run for run in self._runs("trial")}
        self.marked = {n: int(run.data.metrics.get("pareto_rank", 0)) for n, run in self.children.items()}

    def _runs(self, role: str) -> "list[Run]":
        query = f"tags.`{STUDY_TAG}` = '{self.study.study_name}' and tags.`{ROLE_TAG}` = '{role}'"
        runs: list[Run] = []
        token = None
        while True:
            page = self.client.search_runs([self.experiment], query, max_results=1000, page_token=token)
            runs += page
            token = page.token
            if not token:
                return runs

    def _parent(self) -> str:
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
            "mlflow.note.content": _note(self.facts),
        }
        return self.client.create_run(self.experiment, run_name=self.study.study_name, tags=tags).info.run_id

    def _child(self, trial: "optuna.trial.FrozenTrial") -> "Run":
        record = trial.user_attrs.get("record")
        tags = {
            "mlflow.parentRunId": self.parent,
            STUDY_TAG: self.study.study_name,
            ROLE_TAG: "trial",
            TRIAL_TAG: str(trial.number),
            "synthetic": str(self.facts["synthetic"]).lower(),
            "feasible": str(not trial.user_attrs.get(INFEASIBLE, False)).lower(),
        }
        if trial.user_attrs.get(CONTROL):
            tags[CONTROL] = trial.user_attrs[CONTROL]
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
            ]
            self.client.log_batch(run_id, metrics=curve)
            folder = self.store.trial_folder(self.study.study_name, trial.number)
            if (folder / STUDENT_FILE).exists():
                self.client.log_artifact(run_id, str(folder / STUDENT_FILE))
            self.client.log_dict(run_id, record, "record.json")
        end = int(trial.datetime_complete.timestamp() * 1000) if trial.datetime_complete else None
        self.client.set_terminated(run_id, "FINISHED" if record else "FAILED", end)

    def _mark(self, members: Sequence[Member]) -> None:
        """Write `on_front` and `pareto_rank` where they changed."""
        for member, rank in zip(members, ranks([m.values for m in members], self.objectives), strict=True):
            if self.marked.get(member.number) != rank:
                run_id = self.child_id(member.number)
                self.client.log_metric(run_id, "pareto_rank", rank)
                self.client.set_tag(run_id, "on_front", str(rank == 1).lower())
                self.marked[member.number] = rank

    def _test(self, members: Sequence[Member]) -> None:
        for member in members:
            run = self.children[member.number]
            found = test_scores(self.store, self.study.study_name, member.number)
            if found and TEST_TAG not in run.data.tags:
                self._metrics(run.info.run_id, {f"test_{name}": value for name, value in found.values.items()})
                self.client.set_tag(run.info.run_id, TEST_TAG, "true")
                self.children[member.number] = self.client.get_run(run.info.run_id)

    def _test_scores(self, member: Member) -> SplitScores | None:
        return test_scores(self.store, self.study.study_name, member.number)

    def _summary(self, members: Sequence[Member]) -> None:
        on_front = front(members, self.objectives)
        corner = knee(on_front, self.objectives)
        values = {
            "trials_finished": len(members),
            "front_size": len(on_front),
            "hypervolume": hypervolume(members, self.objectives, reference_point(self.objectives)),
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
    for label, scores in record["per_class"].items():
        for name, value in scores.items():
            if value is not None:
                measures[f"{name}_class/{_metric_name(label)}"] = value
    return measures


def _metric_name(label: str) -> str:
    """MLflow allows letters, digits, spaces and -_./ in names of metrics."""
    return "".join(c if c.isalnum() or c in " -_./" else "_" for c in label)


def _note(facts: Mapping[str, Any]) -> str:
    source = "**Synthetic soundscapes** made by sedkd." if facts["synthetic"] else f"Recordings: `{facts['data']}`."
    return (
        f"Students for **{facts['environment']}** ({facts['scene']}), events: {', '.join(facts['events'])}.\n\n"
        f"{source} Teacher: {facts['teacher']}.\n\n"
        "The live front is the artifact `pareto.html`, as a table `front.csv`. Child runs carry `pareto_rank` "
        "(1 is the front), `on_front`, `log10_flops` per second of audio, scores on validation and, for front "
        "members once the search has ended, on test (`test_...`)."
    )
