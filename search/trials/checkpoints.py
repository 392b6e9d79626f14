"""Where a trial stands in mid-training, kept so that whoever takes it over after its process was lost goes on there."""

from typing import TYPE_CHECKING

from search.study.records import KEPT
from search.study.view import StudyView
from sedkd.disk.json_file import digest
from sedkd.train.trunk import Trunk, load_trunk, save_trunk

if TYPE_CHECKING:
    import optuna

FOLDER = "unfinished"
KEEP_SECONDS = 20.0  # of training between two that are kept: less is trained again as soon as it is sent to a server


class Checkpoints:
    """Of `trial`. `key` says what is trained, to how many steps: a trial that repeats a lost one has another number,
    but the same key."""

    def __init__(self, study: StudyView, trial: "optuna.Trial", key: str) -> None:
        self.study, self.trial, self.key = study, trial, key
        self.file = study.folder / FOLDER / f"{digest(key)}.safetensors"
        self.kept = 0.0  # seconds of training before the latest

    def latest(self) -> Trunk | None:
        """Where a lost process left this training, if it kept anything: the farthest that is here or was shared."""
        here = load_trunk(self.file, self.key)
        self.study.fetch(self.file, anew=True)
        shared = load_trunk(self.file, self.key)
        found = max((trunk for trunk in (here, shared) if trunk), key=lambda trunk: trunk.step, default=None)
        self.kept = found.seconds if found else 0.0
        return found

    def keep(self, trunk: Trunk) -> None:
        """Keep where training stands, unless another was kept a moment ago.

        Raises:
            UpdateFinishedTrialError: another process has taken the trial over.
        """
        if trunk.seconds - self.kept < KEEP_SECONDS:
            return
        self.trial.set_user_attr(KEPT, trunk.step)
        save_trunk(trunk, self.file, self.key)
        self.study.share(self.file)
        self.kept = trunk.seconds

    def forget(self) -> None:
        """The trial has ended: nobody goes on with it."""
        if KEPT in self.trial.user_attrs or self.file.exists():
            self.study.forget(self.file)
