"""Studies in Optuna's storage: made, continued, found again."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search.study.life import begin_life, claim
from search.study.objectives import Objectives
from search.study.options import as_typed
from search.study.ownership import close_stale
from search.study.proxy import BY_TRIALS
from search.study.records import CONTROL, FACTS, INFEASIBLE, INTERRUPTED, LACK, LEASES, REASON, RETRIED, WORKED
from search.study.store import Store
from search.study.view import StudyView
from sedkd.errors import UserError

if TYPE_CHECKING:
    import optuna


PLACES = ("data", "validation")  # facts by which a study is not told from others: where its recordings lie


def open_study(store: Store, name: str, facts: Mapping[str, Any], objectives: Objectives) -> StudyView:
    """The study of this name: made, or continued, with its recordings where they lie now. Trials that a killed process
    left running are marked as failed.

    Raises:
        UserError: its processes hold their leases by way of another storage (`LEASES`).
    """
    optuna = quiet_optuna()
    study = optuna.create_study(
        study_name=name, storage=store.storage.trials(), directions=objectives.directions, load_if_exists=True
    )
    with store.storage.turn(name):  # of two processes that make it at once, one does
        _make_whole(study, store, facts, objectives)
    _require_readable(name, study.user_attrs, store)
    view = _view(study, store)
    close_stale(view)
    return view


def _make_whole(study: "optuna.Study", store: Store, facts: Mapping[str, Any], objectives: Objectives) -> None:
    """Write into a study what it is, or, where that is there, where its recordings lie now."""
    if FACTS not in study.user_attrs:
        study.set_metric_names(objectives.metric_names)
        if not study.get_trials(deepcopy=False):
            store.storage.forget_study(study.study_name)  # what a study shared that had this name
            begin_life(study)
        study.set_user_attr(LEASES, store.storage.leases)
        study.set_user_attr(FACTS, dict(facts))
    elif moved := {n: facts[n] for n in PLACES if n in facts and facts[n] != study.user_attrs[FACTS].get(n)}:
        study.set_user_attr(FACTS, {**study.user_attrs[FACTS], **moved})


def load_studies(store: Store, environment: str | None, name: str | None, scores: bool = True) -> list[StudyView]:
    """The named study, or the environment's, or all there are; the one that a search was at last first. Those that are
    worked on by way of another storage (`LEASES`) are left out. `scores`: also what other machines shared of them.

    Raises:
        UserError: there is no store, or no such study (those that there are), or all are worked on otherwise.
    """
    optuna = quiet_optuna()
    if not store.storage.exists:
        asked = as_typed("env", environment or "street")
        raise UserError(f"{store.storage.place}: no study yet; run `sedkd-search {asked}`, or give --store")
    storage = store.storage.trials()
    # A process that was killed at once may have left a study without facts: the same line makes it whole.
    summaries = [s for s in optuna.get_all_study_summaries(storage) if FACTS in s.user_attrs]
    found = [s for s in summaries if _matches(s, environment, name)]
    if not found:
        there = ", ".join(s.study_name for s in summaries) or "none"
        asked = " in ".join(filter(None, (name, environment))) or "any environment"
        raise UserError(f"{store.storage.place}: no study of {asked}; there are: {there}")
    readable = [s for s in found if _begun_elsewise(s.user_attrs, store) is None]
    if not readable:
        _require_readable(found[0].study_name, found[0].user_attrs, store)
    readable.sort(key=_worked_at, reverse=True)
    view = _view if scores else StudyView
    return [view(optuna.load_study(study_name=s.study_name, storage=storage), store) for s in readable]


def _worked_at(summary: Any) -> float:
    """When a search was at it last, in seconds since 1970; of an earlier version's, when its first trial began."""
    began = summary.datetime_start.timestamp() if summary.datetime_start else 0.0
    return float(summary.user_attrs.get(WORKED, began))


def _view(study: "optuna.Study", store: Store) -> StudyView:
    """A study with the scores that other machines shared."""
    view = StudyView(study, store)
    claim(view)
    store.storage.fetch_scores(view.name, view.folder)
    return view


def _begun_elsewise(attributes: Mapping[str, Any], store: Store) -> str | None:
    """By way of what a study with these attributes was begun, whose processes' leases this storage does not read; None
    where it does."""
    leases, here = attributes.get(LEASES), store.storage.leases
    if here == leases or BY_TRIALS not in (leases, here):  # the others, which came first, did not write it down
        return None
    return "its proxy, grpc://HOST:PORT" if leases == BY_TRIALS else "its database"


def _require_readable(name: str, attributes: Mapping[str, Any], store: Store) -> None:
    """UserError where the processes of a study hold their leases by way of another storage."""
    if (way := _begun_elsewise(attributes, store)) is not None:
        raise UserError(f"--storage {store.storage.place}: {name} was begun by way of {way}; name that")


def load_study(store: Store, environment: str | None, name: str | None) -> StudyView:
    """The study to look at: the named one, else the environment's latest in which something has finished. See
    `load_studies`."""
    found = load_studies(store, environment, name)
    if len(found) == 1:
        return found[0]
    return next((study for study in found if study.finished()), found[0])


def enqueue_missing(
    study: StudyView,
    controls: Sequence[tuple[str, Mapping[str, Any]]],
    fits: Callable[[Mapping[str, Any]], bool] = lambda values: False,
) -> None:
    """Put controls, by name, next in line, each once in a study's life; again only where Ctrl-C or a kill came before
    it could fail or end, or where it was above a limit, or could not be trained, and `fits` now."""
    trials = done_or_begun(study)
    there = {t.user_attrs.get(CONTROL) for t in trials if not {INFEASIBLE, LACK} & t.user_attrs.keys()}
    left_out = {t.user_attrs.get(CONTROL) for t in trials} - there
    for name, values in controls:
        if name not in there and (name not in left_out or fits(values)):
            study.optuna.enqueue_trial(dict(values), user_attrs={CONTROL: name})


def done_or_begun(study: StudyView) -> "list[optuna.trial.FrozenTrial]":
    """The trials of what need not be put in line again. For one that was lost stands the one that repeats it."""
    trials = study.optuna.get_trials(deepcopy=False)
    repeated = {t.user_attrs.get(RETRIED) for t in trials}
    return [t for t in trials if t.number not in repeated and not _is_undone(t)]


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


def _matches(summary: Any, environment: str | None, name: str | None) -> bool:
    named = name is None or summary.study_name == name
    return named and (environment is None or summary.user_attrs[FACTS]["environment"] == environment)


def others(of: StudyView) -> list[StudyView]:
    """Each environment's latest study of these events with the objectives of this one and something finished, but for
    itself; of students that were trained as its own are."""
    latest: dict[tuple[str, ...], StudyView] = {}
    for study in load_studies(of.store, None, None, scores=False):
        alike = study.objectives == of.objectives and study.training == of.training
        if study.name != of.name and alike and study.finished():
            latest.setdefault((study.facts["environment"], *study.facts["events"]), study)
    return list(latest.values())
