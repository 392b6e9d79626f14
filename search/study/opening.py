"""Studies in Optuna's storage: made, continued, found again."""

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search.study.database import WAIT_SECONDS, require_sound, tell_of
from search.study.objectives import Objectives
from search.study.ownership import close_stale
from search.study.records import FACTS, INTERRUPTED, REASON, finished
from search.study.store import Store
from sedkd.errors import UserError

if TYPE_CHECKING:
    import optuna


def open_study(store: Store, name: str, facts: Mapping[str, Any], objectives: Objectives) -> "optuna.Study":
    """The study of this name: made, or continued. Trials that a killed process left running are marked as failed."""
    optuna = quiet_optuna()
    store.root.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=name, storage=_storage(store), directions=objectives.directions, load_if_exists=True
    )
    if FACTS not in study.user_attrs:
        study.set_metric_names(objectives.metric_names)
        study.set_user_attr(FACTS, dict(facts))
    close_stale(study, store)
    return study


def load_studies(store: Store, environment: str | None, name: str | None) -> list["optuna.Study"]:
    """The named study, or the environment's, or all there are; the latest first.

    Raises:
        UserError: there is no store, or no such study (those that there are).
    """
    optuna = quiet_optuna()
    if not store.exists:
        raise UserError(
            f"{store.root}: no study yet; run `sedkd-search --env {environment or 'street'}`, or give --store"
        )
    storage = _storage(store)
    summaries = optuna.get_all_study_summaries(storage)
    found = [s for s in summaries if _matches(s, environment, name)]
    if not found:
        there = ", ".join(s.study_name for s in summaries) or "none"
        raise UserError(f"{store.root}: no study of {name or environment}; there are: {there}")
    found.sort(key=lambda s: (s.datetime_start is not None, s.datetime_start), reverse=True)
    return [optuna.load_study(study_name=s.study_name, storage=storage) for s in found]


def load_study(store: Store, environment: str | None, name: str | None) -> "optuna.Study":
    """The study to look at: the named one, else the environment's latest. See `load_studies`."""
    return load_studies(store, environment, name)[0]


def enqueue_missing(study: "optuna.Study", kind: str, items: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Put named configurations next in line, each once in a study's life; again only where Ctrl-C or a kill came before
    it could fail or end. `kind` is the user attribute that holds the name, such as CONTROL."""
    there = {t.user_attrs.get(kind) for t in study.get_trials(deepcopy=False) if not _is_undone(t)}
    for name, values in items:
        if name not in there:
            study.enqueue_trial(dict(values), user_attrs={kind: name})


def _is_undone(trial: "optuna.trial.FrozenTrial") -> bool:
    """Whether a trial failed without a fault of its own. One whose process was lost is in line again already (see
    `close_stale`), unless it was lost before it had begun."""
    from optuna.trial import TrialState

    if trial.state != TrialState.FAIL:
        return False
    return trial.user_attrs.get(REASON) == INTERRUPTED or (REASON not in trial.user_attrs and not trial.params)


def quiet_optuna() -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna


def _storage(store: Store) -> "optuna.storages.RDBStorage":
    from optuna.exceptions import StorageInternalError
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import SQLAlchemyError

    require_sound(store.optuna_file, "or move it away: the same line begins anew, and finds the caches full")
    try:
        # Two processes may write at once: wait for the other instead of failing.
        storage = RDBStorage(store.optuna_url, engine_kwargs={"connect_args": {"timeout": WAIT_SECONDS}})
    except (StorageInternalError, SQLAlchemyError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{store.optuna_file}: cannot be used ({reason}); make room, see that it may be written to, or name "
            "another folder with --store"
        ) from error
    tell_of(storage.engine, store.optuna_file)
    return storage


def _matches(summary: Any, environment: str | None, name: str | None) -> bool:
    if name is not None:
        return summary.study_name == name
    return environment is None or summary.user_attrs.get(FACTS, {}).get("environment") == environment


def others(store: Store, name: str, objectives: Objectives) -> list["optuna.Study"]:
    """Each environment's latest study with these objectives and something finished, but for the one of this name."""
    latest: dict[str, optuna.Study] = {}
    for study in load_studies(store, None, None):
        facts = study.user_attrs.get(FACTS, {})
        alike = tuple(facts.get("objectives", ())) == objectives.names
        alike = alike and facts.get("most_alarms") == objectives.most_alarms
        if study.study_name != name and alike and finished(study):
            latest.setdefault(facts["environment"], study)
    return list(latest.values())
