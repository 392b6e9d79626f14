"""MLflow, told as a search runs: never in its way, never more than a small share of its time."""

import os
import time
from collections.abc import Callable
from typing import Any

from search.study.scores import SplitScores
from search.study.view import StudyView
from search.tracking.tracker import Tracker
from sedkd.errors import UserError

RETRY_SECONDS = 60.0  # seconds until an MLflow that did not answer is tried again
ALLOWED_SECONDS, ALLOWED_SHARE = 5.0, 0.005  # seconds, and of the time since the search began


def impatient() -> None:
    """Let MLflow's client give up after seconds instead of minutes, unless its variables say otherwise."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")


class Mirror:
    """Tells MLflow of a study; when it cannot be reached, says so once and goes on: Optuna keeps everything, and the
    same line, or `sedkd sync`, brings MLflow up to date."""

    def __init__(self, study: StudyView, notice: Callable[[str], None]) -> None:
        impatient()
        self.study, self.notice = study, notice
        self.tracker: Tracker | None = None
        self.silent_until = 0.0
        self.lost = False
        self.began, self.spent = time.monotonic(), 0.0

    def begin(self, teacher: SplitScores) -> None:
        """Show the study as running, with its teacher's scores on validation."""
        self._tell(lambda tracker: tracker.begin({"validation": teacher}))

    def sync(self) -> None:
        """Bring MLflow up to date, unless that has taken too large a share of the time so far, or has just failed."""
        now = time.monotonic()
        if now >= self.silent_until and self.spent <= ALLOWED_SECONDS + ALLOWED_SHARE * (now - self.began):
            self._tell(lambda tracker: tracker.sync())
            self.spent += time.monotonic() - now

    def teacher(self, scores: dict[str, SplitScores]) -> None:
        """The teacher's scores by split."""
        self._tell(lambda tracker: tracker.teacher(scores))

    def close(self, status: str) -> None:
        """Bring it up to date a last time and end the study's run as `status`."""
        self._tell(lambda tracker: tracker.close(status))

    def _tell(self, action: Callable[[Tracker], Any]) -> None:
        reason = attempt(lambda: action(self._tracker()))
        if reason is None:
            return
        self.silent_until = time.monotonic() + RETRY_SECONDS
        if not self.lost:
            self.lost = True
            self.notice(f"MLflow was not told ({reason}); the search goes on, and `sedkd sync` tells it later")

    def _tracker(self) -> Tracker:
        if self.tracker is None:
            self.tracker = Tracker(self.study)
        return self.tracker


def attempt(action: Callable[[], Any]) -> str | None:
    """Run `action`; why MLflow could not be told, or None."""
    import requests
    import sqlalchemy
    from mlflow.exceptions import MlflowException

    try:
        action()
    except UserError as error:
        return str(error)
    except (MlflowException, requests.RequestException, sqlalchemy.exc.SQLAlchemyError, OSError) as error:
        return (str(error).splitlines() or [type(error).__name__])[0]
    return None
