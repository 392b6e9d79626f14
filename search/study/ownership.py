"""Trials whose process is gone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from search.study.records import (
    CONTINUES,
    CONTROL,
    INTERRUPTED,
    KEPT,
    OWNER,
    REASON,
    RECORD,
    RESUMED,
    RETRIED,
    SECOND,
    STOPPED,
)
from search.study.view import StudyView

if TYPE_CHECKING:
    import optuna


def close_stale(study: StudyView, interrupted: bool = False) -> list[int]:
    """End the trials whose process is gone, and return the numbers of those that are lost.

    A trial whose record was already written had finished and is told so. Any other is marked as failed and put in line
    once more; again only where the one that repeated it went on from a later step than it had. Where Ctrl-C
    `interrupted` what they were at, that is no fault of theirs: those of which something was kept go on later.
    """
    with study.store.storage.turn(study.name):  # no trial is between being asked for and being owned
        closed = [_closed(study, trial, interrupted) for trial in study.running()]
    return [number for number in closed if number is not None]


def _closed(study: StudyView, trial: "optuna.trial.FrozenTrial", interrupted: bool) -> int | None:
    """End a running trial whose process is gone; its number when it is lost."""
    from optuna.trial import TrialState

    if study.store.storage.is_alive(trial.user_attrs.get(OWNER, "")):
        return None
    if RECORD in trial.user_attrs:
        study.optuna.tell(trial.number, trial.user_attrs[RECORD]["values"])
        return None
    if STOPPED in trial.user_attrs:
        study.optuna.tell(trial.number, state=TrialState.PRUNED)
        return None
    if interrupted:
        study.optuna._storage.set_trial_user_attr(trial._trial_id, REASON, INTERRUPTED)
    if _is_to_be_repeated(study, trial, interrupted):
        once_more(study, trial)  # before it is ended: who dies in between leaves it to be ended, and in line
    study.optuna.tell(trial.number, state=TrialState.FAIL)
    return trial.number


def _is_to_be_repeated(study: StudyView, trial: "optuna.trial.FrozenTrial", interrupted: bool) -> bool:
    if CONTINUES in trial.user_attrs or SECOND in trial.user_attrs:  # whom it names is there still, and asked for again
        return False
    if any(other.user_attrs.get(RETRIED) == trial.number for other in study.optuna.get_trials(deepcopy=False)):
        return False  # it is in line: who saw to that died before ending this one
    return is_kept(trial) if interrupted else bool(trial.params) and _went_on(study, trial)


def lost_words(study: StudyView, lost: Sequence[int]) -> str:
    """What becomes of lost trials (see `close_stale`), in words."""
    trials = study.optuna.get_trials(deepcopy=False)
    again = {trial.user_attrs.get(RETRIED) for trial in trials}
    again |= {t.number for t in trials if {CONTINUES, SECOND} & t.user_attrs.keys()}  # asked for again
    kinds = {
        "is tried once more": [number for number in lost if number in again],
        "is given up": [number for number in lost if number not in again],
    }
    return "; ".join(f"trial {', '.join(map(str, numbers))} {what}" for what, numbers in kinds.items() if numbers)


def once_more(study: StudyView, trial: "optuna.Trial | optuna.trial.FrozenTrial") -> None:
    """Put a trial in line again; who draws it goes on where its process kept it last, if it did."""
    control = {CONTROL: trial.user_attrs[CONTROL]} if CONTROL in trial.user_attrs else {}
    study.optuna.enqueue_trial(dict(trial.params), user_attrs={RETRIED: trial.number, **control})


def is_kept(trial: "optuna.Trial | optuna.trial.FrozenTrial") -> bool:
    """Whether something was kept of a training that was ended, so that it goes on from there."""
    return KEPT in trial.user_attrs or RESUMED in trial.user_attrs


def _went_on(study: StudyView, trial: "optuna.trial.FrozenTrial") -> bool:
    """Whether a lost trial repeats none that was lost from the same step on: it may be what ends processes."""
    if RETRIED not in trial.user_attrs:
        return True
    before = study.optuna.get_trials(deepcopy=False)[trial.user_attrs[RETRIED]]
    return bool(trial.user_attrs.get(RESUMED, 0) > before.user_attrs.get(RESUMED, 0))
