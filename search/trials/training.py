"""One trial: trained, watched at its rungs, recorded, told to Optuna."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from search.study.objectives import Objectives
from search.study.ownership import is_kept, once_more
from search.study.records import CONTROL, INTERRUPTED, REASON, RECORD, RESUMED, STOPPED, fingerprint
from search.study.store import TRUNK_FILE
from search.study.trial_record import FinishedRecord, StoppedRecord
from search.study.view import StudyView
from search.trials.checkpoints import Checkpoints
from search.trials.drawn import Drawn
from search.trials.failures import TAKEN, reason_of, summary
from search.trials.stopping import RUNGS, Hopeless, costs_of, is_hopeless, rung_of, rung_scores
from sedkd.models.checkpoint import save_model
from sedkd.progress import Progress
from sedkd.task.task import Task
from sedkd.train.fit import Checkpoint
from sedkd.train.settings import TrainSettings
from sedkd.train.trunk import Resume, Trunk, load_trunk, save_trunk
from sedkd.trial.configuration import from_flat
from sedkd.trial.running import TrialResult, cost_before_training, run_trial

if TYPE_CHECKING:
    import optuna


class Trainer:
    """Trains the students of one study. `early_stopping`: whether hopeless ones are ended."""

    def __init__(
        self,
        study: StudyView,
        task: Task,
        base: TrainSettings,
        progress: Progress,
        early_stopping: bool,
    ) -> None:
        self.study, self.task, self.objectives, self.base = study, task, study.objectives, base
        self.progress, self.early_stopping = progress, early_stopping

    def run(self, drawn: Drawn) -> str | None:
        """Train one student and tell Optuna; the reason when it failed, whatever that is. What ends the process, such
        as Ctrl-C, ends the trial as failed and is raised on."""
        from optuna.trial import TrialState

        trial, values = drawn.trial, drawn.values
        checkpoints = Checkpoints(self.study, trial, _checkpoint_key(drawn, self.task))
        try:
            result = self._trained(drawn, checkpoints)
            record = record_of(result, drawn, self.objectives)
            weights = self.study.student_path(trial.number)
            save_model(result.student, weights)
            self.study.share(weights)
            trial.set_user_attr(RECORD, record.to_json())
            self.study.optuna.tell(trial, record.values)
            self._tidy(drawn, checkpoints)
            return None
        except Hopeless as end:
            trial.set_user_attr(STOPPED, self._stopped(end, values, trial.user_attrs.get(CONTROL)).to_json())
            self.study.optuna.tell(trial, state=TrialState.PRUNED)
            checkpoints.forget()
            return None
        except Exception as error:
            reason = reason_of(error, self.study.trial_folder(trial.number))
        except BaseException as error:
            if RECORD in trial.user_attrs:  # it had finished, and was not told so yet
                self.study.optuna.tell(trial, trial.user_attrs[RECORD]["values"], skip_if_finished=True)
                raise
            _fail(self.study.optuna, trial, INTERRUPTED if isinstance(error, KeyboardInterrupt) else summary(error))
            self._put_aside(drawn)
            raise
        _fail(self.study.optuna, trial, reason)
        if reason != TAKEN:  # else another process goes on with it
            checkpoints.forget()
        return reason

    def _put_aside(self, drawn: Drawn) -> None:
        """What somebody ended in mid-training goes on later from where it was kept, if it was. What is done for a
        finished student is asked for again anyway."""
        from optuna.trial import TrialState

        is_new = drawn.continues is None and drawn.second_seed_of is None
        if is_new and is_kept(drawn.trial):
            ended = self.study.optuna.get_trials(deepcopy=False)[drawn.trial.number]
            if ended.state == TrialState.FAIL:  # it may have been told just before
                once_more(self.study, ended)

    def _trained(self, drawn: Drawn, checkpoints: Checkpoints) -> TrialResult:
        trial, resume = drawn.trial, self._resumed(drawn, checkpoints)
        configuration = from_flat(drawn.values, replace(self.base, seed=drawn.seed, steps=drawn.steps))
        costs: tuple[float, ...] = ()
        curve = [Checkpoint(**point) for point in resume.trunk.curve] if resume.trunk else []
        to_the_end = CONTROL in trial.user_attrs or drawn.second_seed_of is not None  # others are compared with these

        def look(point: Checkpoint) -> None:
            nonlocal costs
            curve.append(point)
            rung = rung_of(point.step, point.steps)
            if rung not in RUNGS:
                return
            trial.set_user_attr(f"rung {rung}", point.score)
            if to_the_end:
                return
            costs = costs or costs_of(asdict(cost_before_training(configuration, self.task.events)), self.objectives)
            there = [rung_scores(member, self.objectives) for member in self.study.finished()]
            if is_hopeless(point.score, costs, rung, there):
                raise Hopeless(rung, point.score, curve)

        report = look if self.early_stopping else None
        objectives = self.objectives
        return run_trial(
            configuration, self.task, objectives.criterion, objectives.needs_psds, self.progress, report,
            also=objectives.scores, most_alarms=objectives.most_alarms, resume=resume, int8=objectives.int8,
        )  # fmt: skip

    def _tidy(self, drawn: Drawn, checkpoints: Checkpoints) -> None:
        """What was put aside has been taken up."""
        checkpoints.forget()
        if drawn.continues is not None:
            self.study.forget(self.study.trial_folder(drawn.continues.number) / TRUNK_FILE)

    def _resumed(self, drawn: Drawn, checkpoints: Checkpoints) -> Resume:
        """Go on where a lost process kept this training, else where the student was put aside; put it aside again
        unless this is its last rung."""
        trunk, before = checkpoints.latest(), drawn.continues
        if trunk is None and before is not None:
            trunk = load_trunk(self.study.trial_file(before.number, TRUNK_FILE), _key(drawn, self.task))
        if trunk is not None or before is not None:
            drawn.trial.set_user_attr(RESUMED, trunk.step if trunk else 0)
        if drawn.steps == self.base.steps:
            return Resume(trunk, keep_each=checkpoints.keep)

        def keep(found: Trunk) -> None:
            path = self.study.trial_folder(drawn.trial.number) / TRUNK_FILE
            save_trunk(found, path, _key(drawn, self.task))
            self.study.share(path)

        return Resume(trunk, keep, checkpoints.keep)

    def _stopped(self, end: Hopeless, values: Mapping[str, Any], control: str | None) -> StoppedRecord:
        """What is remembered of a trial that was ended at a rung."""
        cost = cost_before_training(from_flat(values, self.base), self.task.events)
        return StoppedRecord(
            rung=end.rung,
            score=end.score,
            measures={name: value for name, value in asdict(cost).items() if value is not None},
            curve=[asdict(point) for point in end.curve],
            configuration=dict(values),
            control=control,
            seconds=end.curve[-1].seconds,
        )


def _fail(study: "optuna.Study", trial: "optuna.Trial", reason: str) -> None:
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import TrialState

    try:
        trial.set_user_attr(REASON, reason)
    except UpdateFinishedTrialError:  # Ctrl-C came when the trial had just been told: it is finished
        return
    study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)


def _key(drawn: Drawn, task: Task) -> str:
    """What a trunk is of: trainings that differ in their steps alone share it, on one kind of device."""
    return f"{fingerprint(drawn.values)} seed {drawn.seed} on {task.device.type}"


def _checkpoint_key(drawn: Drawn, task: Task) -> str:
    """What a checkpoint is of. What is tried once more has its values from Optuna, where 1 that was put in line for a
    dimension of floats is 1.0."""
    values = {name: float(value) if type(value) is int else value for name, value in drawn.values.items()}
    return f"{_key(replace(drawn, values=values), task)}, {drawn.steps} steps"


def record_of(result: TrialResult, drawn: Drawn, objectives: Objectives) -> FinishedRecord:
    """Everything that is remembered of a trial."""
    measures = {**result.scores.values, **{k: v for k, v in asdict(result.cost).items() if v is not None}}
    before, first = drawn.continues, drawn.second_seed_of
    return FinishedRecord(
        values=objectives.values(measures),
        measures=measures,
        per_class={label: dict(scores) for label, scores in result.scores.per_class.items()},
        support=dict(result.scores.support),
        post=result.post,
        curve=[*(before.record.curve if before else ()), *(asdict(point) for point in result.curve)],
        configuration=dict(drawn.values),
        control=before.record.control if before else drawn.trial.user_attrs.get(CONTROL),
        seed=drawn.seed,
        continues=before.number if before else None,
        second_seed_of=first.number if first else None,
        seconds=result.seconds + (before.record.seconds if before else 0.0),
    )
