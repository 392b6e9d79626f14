"""What the person is told of the trials of one process's search."""

import warnings
from dataclasses import dataclass
from typing import Any

from search.show.display import Display
from search.show.words import macs_words
from search.study.records import RESUMED
from search.study.view import StudyView
from sedkd.errors import SedkdWarning


@dataclass(frozen=True)
class DisplayListener:
    """A `search.trials.loop.TrialListener` for the `worker` of this number."""

    display: Display
    study: StudyView
    worker: int

    def begin(self, number: int, configuration: Any, note: str | None) -> None:
        self.display.begin(self.worker, number, configuration, note)

    def stage(self, what: str, done: int, total: int) -> None:
        self.display.stage(self.worker, what, done, total)

    def end(self, number: int) -> None:
        with self.study.one_look():
            study = self.study
            outcome = _outcome(study, number)
            self.display.end(self.worker, outcome, study.finished(), study.spent(), study.ended_early())

    def failed(self, number: int, reason: str) -> None:
        self.display.failed(number, reason)

    def warned(self, line: str) -> None:
        warnings.warn(line, SedkdWarning, stacklevel=2)


def _outcome(study: StudyView, number: int) -> str:
    """How a trial ended, in a few words."""
    early = next((trial.record for trial in study.ended_early() if trial.number == number), None)
    if early:
        return f"ended at {early.rung} with {early.score:.3f}: others do better for no more"
    member, quality = next(m for m in study.trained() if m.number == number), study.objectives.quality
    cost = macs_words(member.record.measures, study.objectives)
    begun = study.optuna.get_trials(deepcopy=False)[number].user_attrs.get(RESUMED)
    resumed = f", resumed at step {begun}" if begun else ""
    return f"{quality} {member.measure(quality):.3f} at {cost} MACs/s in {member.record.seconds:.0f} s{resumed}"
