"""Trials as rows of Optuna's tables in PostgreSQL, read and written in few statements.

Optuna's storage reads all trials that have not ended anew at every look, each parameter as an object of its own, and
writes each parameter in a transaction of its own. With 200 workers that is nearly all the work of asking, and who asks
does it while others wait. Here a look asks which trials have changed, and reads those. The tables are those of Optuna's
schema since its version 3; everything but these methods is left to Optuna.
"""

import copy
import json
import threading
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from optuna.distributions import (
    BaseDistribution,
    check_distribution_compatibility,
    distribution_to_json,
    json_to_distribution,
)
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from sqlalchemy import Engine

# A trial that has ended never changes again. Of another, parameters are only added, and a row that is written anew has
# a new xmin.
_CHANGED = """
SELECT t.trial_id, concat_ws(' ', t.state,
    (SELECT count(*) FROM trial_params p WHERE p.trial_id = t.trial_id),
    (SELECT string_agg(u.xmin::text, ',') FROM trial_user_attributes u WHERE u.trial_id = t.trial_id), '/',
    (SELECT string_agg(s.xmin::text, ',') FROM trial_system_attributes s WHERE s.trial_id = t.trial_id))
FROM trials t
WHERE t.study_id = :study AND (t.trial_id > :last OR t.trial_id = ANY(CAST(:unfinished AS integer[])))
"""
_READ = """
SELECT t.study_id, t.trial_id, t.number, t.state::text, t.datetime_start, t.datetime_complete,
    p.names, p.found, p.distributions, v.found, v.types, u.keys, u.found, s.keys, s.found
FROM trials t,
    LATERAL (SELECT array_agg(param_name ORDER BY param_id) AS names, array_agg(param_value ORDER BY param_id) AS found,
        array_agg(distribution_json ORDER BY param_id) AS distributions
        FROM trial_params WHERE trial_id = t.trial_id) p,
    LATERAL (SELECT array_agg(value ORDER BY objective) AS found,
        array_agg(value_type::text ORDER BY objective) AS types
        FROM trial_values WHERE trial_id = t.trial_id) v,
    LATERAL (SELECT array_agg(key) AS keys, array_agg(value_json) AS found
        FROM trial_user_attributes WHERE trial_id = t.trial_id) u,
    LATERAL (SELECT array_agg(key) AS keys, array_agg(value_json) AS found
        FROM trial_system_attributes WHERE trial_id = t.trial_id) s
WHERE t.trial_id = ANY(CAST(:trials AS integer[]))
"""
_WRITE = """
INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)
SELECT t.trial_id, p.name, p.value, p.distribution
FROM trials t, unnest(CAST(:names AS text[]), CAST(:found AS float8[]), CAST(:distributions AS text[]))
    WITH ORDINALITY AS p (name, value, distribution, place)
WHERE t.trial_id = :trial AND t.state IN ('RUNNING', 'WAITING') ORDER BY p.place
ON CONFLICT (trial_id, param_name) DO UPDATE SET param_value = excluded.param_value
"""
_INFINITE = {"INF_POS": float("inf"), "INF_NEG": float("-inf")}

Params = dict[str, tuple[float, BaseDistribution]]
_distribution = lru_cache(maxsize=4096)(json_to_distribution)  # a study has one for each dimension, each trial all


class TrialRows:
    """Those methods of Optuna's `BaseStorage` that read trials or write their parameters. Trials have no intermediate
    values here: nothing in sedkd reports any to Optuna."""

    def __init__(self, engine: "Engine") -> None:
        # Each statement is a transaction of its own: no questions to the server that begin and end one.
        self.engine, self.lock = engine.execution_options(isolation_level="AUTOCOMMIT"), threading.Lock()
        self.studies: dict[int, _Known] = {}
        self.study_of: dict[int, int] = {}  # by trial
        self.distributions: defaultdict[int, dict[str, BaseDistribution]] = defaultdict(dict)  # by study

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        with self.lock:
            known = self.studies.setdefault(study_id, _Known())
            self._look(study_id, known)
            trials = [trial for _, trial in sorted(known.trials.items()) if states is None or trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    def get_trial(self, trial_id: int) -> FrozenTrial:
        found = self._read([trial_id])
        if not found:
            raise KeyError(f"No trial with trial id {trial_id} exists.")
        return found[0]

    def write_params(self, trial_id: int, params: Params) -> None:
        """Several parameters of a trial, all or none."""
        from sqlalchemy import text

        if trial_id not in self.study_of:
            self.get_trial(trial_id)
        known = self.distributions[self.study_of[trial_id]]
        for name, (_, distribution) in params.items():
            check_distribution_compatibility(known.setdefault(name, distribution), distribution)
        values = {
            "trial": trial_id, "names": list(params), "found": [float(value) for value, _ in params.values()],
            "distributions": [distribution_to_json(distribution) for _, distribution in params.values()],
        }  # fmt: skip
        with self.engine.connect() as connection:
            if not connection.execute(text(_WRITE), values).rowcount:
                raise UpdateFinishedTrialError(f"Trial {trial_id} has already finished and can not be updated.")

    def _look(self, study_id: int, known: "_Known") -> None:
        asked = {"study": study_id, "last": known.last, "unfinished": list(known.unfinished)}
        changed = {
            trial_id: version
            for trial_id, version in self._rows(_CHANGED, asked)
            if known.unfinished.get(trial_id) != version
        }
        # What is read is as new as these versions or newer; what is newer is read once more at the next look.
        for trial in self._read(list(changed)) if changed else ():
            known.trials[trial.number] = trial
            known.last = max(known.last, trial._trial_id)  # numbers and ids are given under a lock on the study's row
            if trial.state.is_finished():
                known.unfinished.pop(trial._trial_id, None)
            else:
                known.unfinished[trial._trial_id] = changed[trial._trial_id]

    def _read(self, trial_ids: Sequence[int]) -> list[FrozenTrial]:
        found = []
        for study_id, *row in self._rows(_READ, {"trials": trial_ids}):
            trial = _trial(*row)
            found.append(trial)
            self.study_of[trial._trial_id] = study_id
            self.distributions[study_id] |= trial.distributions
        return found

    def _rows(self, statement: str, values: Mapping[str, Any]) -> Sequence[Any]:
        from sqlalchemy import text

        with self.engine.connect() as connection:
            return connection.execute(text(statement), values).fetchall()


class _Known:
    """What was read of a study: its trials by number, and of those that have not ended the version by id."""

    def __init__(self) -> None:
        self.trials: dict[int, FrozenTrial] = {}
        self.unfinished: dict[int, str] = {}
        self.last = -1  # the greatest id


def _trial(
    trial_id: int, number: int, state: str, start: Any, complete: Any,
    names: Sequence[str] | None, found: Sequence[float] | None, distributions: Sequence[str] | None,
    values: Sequence[float] | None, types: Sequence[str] | None,
    user_keys: Sequence[str] | None, user_found: Sequence[str] | None,
    system_keys: Sequence[str] | None, system_found: Sequence[str] | None,
) -> FrozenTrial:  # fmt: skip
    """A trial of a row of `_READ`."""
    known = {name: _distribution(text) for name, text in zip(names or (), distributions or (), strict=True)}
    params = {
        name: distribution.to_external_repr(value)
        for (name, distribution), value in zip(known.items(), found or (), strict=True)
    }
    return FrozenTrial(
        number=number, state=TrialState[state], value=None,
        values=[_INFINITE.get(kind, value) for kind, value in zip(types or (), values or (), strict=True)] or None,
        datetime_start=start, datetime_complete=complete, params=params, distributions=known,
        user_attrs=_attributes(user_keys, user_found), system_attrs=_attributes(system_keys, system_found),
        intermediate_values={}, trial_id=trial_id,
    )  # fmt: skip


def _attributes(keys: Sequence[str] | None, found: Sequence[str] | None) -> dict[str, Any]:
    return {key: json.loads(text) for key, text in zip(keys or (), found or (), strict=True)}
