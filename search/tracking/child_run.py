"""A trial's run in MLflow: its parameters, metrics, curve and files."""

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.study.names import cleaned
from search.study.records import CONTINUES, CONTROL, LIFE, REASON, RECORD, RESUMED, RETRIED, SECOND, STOPPED
from search.study.trial_record import FinishedRecord, StoppedRecord, TrialRecord
from search.study.view import StudyView
from search.tracking.client import log_metrics
from search.tracking.links import ROLE_TAG, STUDY_TAG, life_tag
from search.tracking.notes import NOTE_TAG, trial_note

if TYPE_CHECKING:
    import optuna
    from mlflow import MlflowClient
    from mlflow.entities import Run

TRIAL_TAG = "sedkd.trial"


@dataclass(frozen=True)
class ChildRuns:
    """Writes the child runs of one study: below `parent`, in `experiment`."""

    client: "MlflowClient"
    study: StudyView
    experiment: str
    parent: str

    def write(self, trial: "optuna.trial.FrozenTrial") -> "Run":
        """The run of a trial that has ended: there whole or not at all."""
        start = int((trial.datetime_start.timestamp() if trial.datetime_start else time.time()) * 1000)
        name = f"trial {trial.number:04d}"
        run = self.client.create_run(self.experiment, start_time=start, run_name=name, tags=self._tags(trial))
        try:
            self._fill(run.info.run_id, trial)
        except BaseException:  # Ctrl-C among them
            self.client.delete_run(run.info.run_id)
            raise
        return run

    def _tags(self, trial: "optuna.trial.FrozenTrial") -> dict[str, str]:
        record, attributes = _record(trial), trial.user_attrs
        tags = {
            "mlflow.parentRunId": self.parent,
            STUDY_TAG: cleaned(self.study.name),
            ROLE_TAG: "trial",
            TRIAL_TAG: str(trial.number),
            **life_tag(self.study.optuna.user_attrs.get(LIFE)),
            "synthetic": str(self.study.facts["synthetic"]).lower(),
        }
        if attributes.get(CONTROL):
            tags[CONTROL] = attributes[CONTROL]
        if record is not None:
            tags[NOTE_TAG] = trial_note(record, self.study.objectives)
        if isinstance(record, FinishedRecord) and record.continues is not None:
            tags |= {CONTINUES: str(record.continues), RESUMED: "0"}
        tags |= {name: str(attributes[name]) for name in (RESUMED, RETRIED) if name in attributes}
        if isinstance(record, StoppedRecord):
            tags |= {STOPPED: record.rung, "on_front": "false"}
        if isinstance(record, FinishedRecord) and record.second_seed_of is not None:
            tags |= {SECOND: str(record.second_seed_of), "on_front": "false"}  # its first seed's trial stands there
        if record is None:
            tags |= {REASON: attributes.get(REASON, "the process ended in mid-trial"), "on_front": "false"}
        return tags

    def _fill(self, run_id: str, trial: "optuna.trial.FrozenTrial") -> None:
        """Write everything, and end the run."""
        from mlflow.entities import Param

        record = _record(trial)
        params = [Param(k, str(v)) for k, v in (record.configuration if record is not None else trial.params).items()]
        self.client.log_batch(run_id, params=params)
        if record is not None:
            log_metrics(self.client, run_id, measures_of(record))
            self._curve(run_id, record)
            student = self.study.student_path(trial.number)
            if student.exists():
                self.client.log_artifact(run_id, str(student))
            self.client.log_dict(run_id, record.to_json(), "record.json")
        end = int(trial.datetime_complete.timestamp() * 1000) if trial.datetime_complete else None
        status = "FAILED" if record is None else "FINISHED"
        self.client.set_terminated(run_id, status, end)

    def _curve(self, run_id: str, record: TrialRecord) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        curve = [
            Metric(name, point[key], now, point["step"])
            for point in record.curve
            for name, key in (("curve_loss", "loss"), ("curve_f1_segment", "score"))
            if point[key] is not None
        ]
        self.client.log_batch(run_id, metrics=curve)


def measures_of(record: TrialRecord) -> dict[str, float]:
    """A trial's metrics: scores, cost, `log10_flops` per second of audio, seconds, and F1 per class."""
    measures = dict(record.measures)
    measures["log10_flops"] = math.log10(max(2 * measures["macs"], 1e-9))
    measures["seconds"] = record.seconds
    if record.curve:
        measures["steps"] = record.curve[-1]["step"]
    per_class = record.per_class if isinstance(record, FinishedRecord) else {}
    for label, scores in per_class.items():
        for name, value in scores.items():
            if value is not None:
                measures[f"{name}_class/{cleaned(label)}"] = value
    return measures


def _record(trial: "optuna.trial.FrozenTrial") -> FinishedRecord | StoppedRecord | None:
    """What is remembered of a trial that was trained, to its end or until a rung."""
    if RECORD in trial.user_attrs:
        return FinishedRecord.from_json(trial.user_attrs[RECORD])
    return StoppedRecord.from_json(trial.user_attrs[STOPPED]) if STOPPED in trial.user_attrs else None
