"""Which sampler a search asks."""

from collections.abc import Sequence

import optuna

from search.sampling.knowledge import StudyKnowledge
from search.sampling.narrowed import Narrowed
from search.sampling.sampler import GainSampler, Observation
from search.setup.plan import GAIN, TPE, Plan
from search.study.objectives import Objectives
from search.study.opening import others
from search.study.view import StudyView


def with_sampler(study: StudyView, plan: Plan, seed: int) -> StudyView:
    """The study with a sampler of its own; one that started again with the same seed would repeat its random draws."""
    seed += len(study.optuna.get_trials(deepcopy=False))
    if sampler_of(plan) != GAIN:
        tpe = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)
        study.optuna.sampler = Narrowed(tpe, plan.space, seed)
        return study
    objectives = plan.objectives
    worst = dict(zip(objectives.names, objectives.reference, strict=True))
    knowledge = StudyKnowledge(study, plan.limits, plan.ends_early)
    reference = (worst[objectives.quality], worst[objectives.cost])
    study.optuna.sampler = Narrowed(
        GainSampler(plan.space, knowledge, reference, seed, _past(study, plan)), plan.space, seed
    )
    return study


def sampler_of(plan: Plan) -> str:
    """The name of the sampler that serves: the one that was asked for, or tpe where it cannot."""
    return plan.manner.sampler if can_guess(plan.objectives) else TPE


def can_guess(objectives: Objectives) -> bool:
    """Whether our sampler serves these objectives: one quality against one cost that is known before training."""
    return len(objectives.names) == 2 and objectives.costs_are_known_before


def learned_from(study: StudyView, plan: Plan) -> list[str]:
    """The names of the other studies by whose trials the search guesses as well."""
    return [other.name for other in others(study)] if plan.manner.carry and sampler_of(plan) == GAIN else []


def _past(study: StudyView, plan: Plan) -> Sequence[Observation]:
    """What other studies trained, where something is to be carried over."""
    if not plan.manner.carry:
        return []
    return [seen for other in others(study) for seen in StudyKnowledge(other, plan.limits).observations()]
