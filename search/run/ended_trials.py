"""Trials that workers on other machines end, told to a listener as if they were trained here."""

from typing import TYPE_CHECKING

from search.study.records import CONTROL, REASON
from search.study.trial_record import FinishedRecord, StoppedRecord
from search.study.view import StudyView
from search.trials.loop import TrialListener

if TYPE_CHECKING:
    import optuna


class EndedTrials:
    """What has ended since it was made, or since its last look."""

    def __init__(self, study: StudyView, listener: TrialListener) -> None:
        self.study, self.listener = study, listener
        self.known = {trial.number for trial in self._ended()}

    def look(self) -> int:
        """Tell the listener; how many have ended."""
        fresh = [trial for trial in self._ended() if trial.number not in self.known]
        trained: dict[int, FinishedRecord | StoppedRecord] = {}
        trained |= {trial.number: trial.record for trial in self.study.trained()}
        trained |= {trial.number: trial.record for trial in self.study.ended_early()}
        for trial in fresh:
            self.known.add(trial.number)
            if trial.number in trained:
                self.listener.begin(trial.number, trained[trial.number].configuration, trial.user_attrs.get(CONTROL))
                self.listener.end(trial.number)
            elif REASON in trial.user_attrs:
                self.listener.failed(trial.number, trial.user_attrs[REASON])
        return len(fresh)

    def _ended(self) -> "list[optuna.trial.FrozenTrial]":
        return [trial for trial in self.study.optuna.get_trials(deepcopy=False) if trial.state.is_finished()]
