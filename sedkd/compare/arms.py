"""The arms of a comparison: one architecture, trained in ways that differ in nothing but what is compared.

All arms learn the labels of the same clips, those of the environment, for the same number of steps from the same
initial weights, and choose on validation among the same number of tries (`sedkd.compare.tries`). They differ in who
teaches, and in which clips fill the batches.

No recipe starts from the generic student: its own training would be steps that the other arms do not have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sedkd.compare.tries import MAX_RECIPES, distinct, tries
from sedkd.distill.registry import needs_teacher, parameters_of, parts
from sedkd.models.settings import StudentSettings
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration

SCRATCH, GENERIC, AWARE, LABELLED = "scratch", "generic", "aware", "aware, labelled clips only"
EVERY = "all events"
OTHER_HALF = 0.5  # share of a batch that is drawn from clips without labels
FOREIGN = 0.125  # share of a batch that one of the aware recipes keeps of other environments' clips


@dataclass(frozen=True)
class ArmSettings:
    """What a comparison is made of.

    strategy, parameters: of the distilled arms. environments: how many the data hold; with one there is nothing
    generic. unlabeled: whether the environment has unlabelled clips. more_labels: whether the teacher knows more than
    the events. adaptable: whether it can be adapted. narrowed: whether fewer than the environment's events are listened
    for. ablate: also each part of `aware` switched off.
    """

    student: StudentSettings
    train: TrainSettings
    strategy: str
    parameters: Mapping[str, Mapping[str, Any]]
    environments: int
    unlabeled: bool
    more_labels: bool = True
    adaptable: bool = True
    narrowed: bool = False
    ablate: bool = False


@dataclass(frozen=True)
class Arm:
    """A way of training, by name, with the configurations from which it chooses on validation."""

    name: str
    tries: tuple[Configuration, ...]


def arms(plan: ArmSettings) -> list[Arm]:
    """Scratch, generic (where there are other environments), aware, aware on labelled clips only, the student of all
    events (where fewer are listened for), and ablations."""
    base = Configuration(plan.student, plan.train)
    taught = replace(base, strategy=plan.strategy, parameters=_known(plan))
    aware = _aware(plan, taught)
    found = [_arm(SCRATCH, [base])]
    if plan.environments > 1:
        found.append(_arm(GENERIC, [_generic(plan, taught)]))
    found.append(_arm(AWARE, aware))
    if plan.unlabeled:
        found.append(_arm(LABELLED, [_filled(recipe, 0.0, 0.0) for recipe in aware]))
    if plan.narrowed and needs_teacher(plan.strategy):  # without one, a student has no labels but the events
        found.append(_arm(EVERY, [_taught(recipe, targets="environment") for recipe in aware]))
    return found + (_ablations(plan, aware, found) if plan.ablate else [])


def _arm(name: str, recipes: Sequence[Configuration]) -> Arm:
    return Arm(name, tries(recipes))


def _aware(plan: ArmSettings, taught: Configuration) -> list[Configuration]:
    """What the environment-aware arm may be, the first of them as many as are tried.

    Where there are few clips of the site, those of other rooms and the general teacher are worth more than what is its
    own: so it may be the generic arm's recipe for the own events, and that very recipe. Where fewer than its events
    are listened for, a student of more of them is an arm of its own, and none of these.
    """
    half = OTHER_HALF if plan.unlabeled else 0.0
    foreign = FOREIGN if plan.environments > 1 else 0.0
    found = [_filled(taught, half, 0.0)]
    if plan.environments > 1:
        everywhere = _generic(plan, taught)
        found += [_taught(everywhere, targets="own")] + ([] if plan.narrowed else [everywhere])
    if plan.adaptable:
        found.append(_taught(_filled(taught, max(half - foreign, 0.0), foreign), adaptation="adapted"))
    return distinct([*found, _filled(taught, 0.0, 0.0)])[:MAX_RECIPES]


def _generic(plan: ArmSettings, taught: Configuration) -> Configuration:
    """Without regard to the environment: the general teacher, all its labels, and batches to which each environment
    gives the same share of its labelled and unlabelled clips."""
    own = OTHER_HALF / plan.environments if plan.unlabeled else 0.0
    targets = "all" if plan.more_labels else "own"
    return _taught(_filled(taught, own, 1 - 1 / plan.environments), targets=targets)


def _ablations(plan: ArmSettings, aware: Sequence[Configuration], others: Sequence[Arm]) -> list[Arm]:
    """`aware` with one of its parts switched off in turn, where that is none of the other arms."""
    switched: dict[str, Callable[[Configuration], Configuration]] = {
        "aware, general teacher": lambda recipe: _taught(recipe, adaptation="general"),
        "aware, all the teacher's events": lambda recipe: _taught(recipe, targets="all"),
        "aware, without own unlabelled clips": lambda recipe: _filled(recipe, 0.0, recipe.train.foreign_share),
        "aware, nothing from elsewhere": lambda recipe: _filled(recipe, recipe.train.unlabeled_share, 0.0),
    }
    if plan.environments == 1 or not plan.more_labels:
        del switched["aware, all the teacher's events"]
    there = [arm.tries for arm in others]
    found = [_arm(name, [change(recipe) for recipe in aware]) for name, change in switched.items()]
    return [arm for arm in found if arm.tries not in there]


def _filled(configuration: Configuration, unlabeled: float, foreign: float) -> Configuration:
    return replace(configuration, train=replace(configuration.train, unlabeled_share=unlabeled, foreign_share=foreign))


def _taught(configuration: Configuration, **changes: str) -> Configuration:
    """Taught otherwise; a strategy without a teacher stays what it is."""
    if not configuration.needs_teacher:
        return configuration
    return replace(configuration, teacher=replace(configuration.teacher, **changes))


def _known(plan: ArmSettings) -> dict[str, dict[str, Any]]:
    """Of the given parameters, those of the strategy's own parts."""
    return {
        part: {k: v for k, v in plan.parameters.get(part, {}).items() if k in parameters_of(part)}
        for part in parts(plan.strategy)
    }
