"""What a study begins with: its controls and, where there are trials enough, every other strategy once."""

import math
from collections.abc import Mapping
from typing import Any

from search.setup.budget import Limits
from search.setup.plan import Plan
from search.space.controls import controls
from search.space.dimensions import STRATEGY
from search.space.first_tries import first_tries, to_be_tried
from search.study.opening import done_or_begun, enqueue_missing
from search.study.records import ANSWERED, INFEASIBLE, LACK, PENDING
from search.study.view import StudyView

UNTRAINED = {ANSWERED, INFEASIBLE, LACK, PENDING}


def begin(study: StudyView, plan: Plan) -> None:
    """Put next in line what the study is to begin with, as far as it has not; of two searches, one does."""
    with study.store.storage.turn(study.name):
        _put_in_line(study, plan)


def _put_in_line(study: StudyView, plan: Plan) -> None:
    limits = plan.limits
    enqueue_missing(
        study, controls(plan.space), lambda values: limits.lack(values) is None and not limits.is_over(values)
    )
    tried = _tried(study)
    left = [name for name in to_be_tried(plan.space, plan.budget.trials) if name not in tried]
    cost = plan.objectives.cost if plan.objectives.costs_are_known_before else "macs"
    for values in first_tries(plan.space, left, lambda values: _log_cost(limits, values, cost)):
        study.optuna.enqueue_trial(values)


def _log_cost(limits: Limits, values: Mapping[str, Any], cost: str) -> float:
    """As `Limits.log_cost`, but infinite above any limit, also one that has to be measured."""
    known = limits.log_cost(values, cost)
    return math.inf if math.isfinite(known) and limits.is_over(values) else known


def _tried(study: StudyView) -> set[str | None]:
    """The strategies that were trained, failed by a fault of their own, are being trained or are in line."""
    known = [t for t in done_or_begun(study) if UNTRAINED.isdisjoint(t.user_attrs)]
    return {(t.params or t.system_attrs.get("fixed_params", {})).get(STRATEGY) for t in known}
