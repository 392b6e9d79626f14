"""The arms of a comparison: one architecture, trained in ways that differ in nothing but what is compared.

All arms learn the labels of the same clips, those of the environment, for the same number of steps from the same
initial weights. They differ in who teaches, and in which clips fill the batches.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sedkd.configuration import Configuration
from sedkd.distill.registry import parameters_of, parts
from sedkd.models.student import StudentSettings
from sedkd.teach.choice import TeacherSettings
from sedkd.train.settings import TrainSettings

SCRATCH, GENERIC, AWARE, LABELLED = "scratch", "generic", "aware", "aware, labelled clips only"
OTHER_HALF = 0.5  # share of a batch that is drawn from clips without labels
FOREIGN = 0.125  # share of a batch that the aware arm keeps of other environments' clips


@dataclass(frozen=True)
class Plan:
    """What a comparison is made of.

    strategy, parameters: of the distilled arms. environments: how many the data hold; with one there is nothing
    generic. unlabeled: whether the environment has unlabelled clips. ablate: also each part of `aware` switched off.
    """

    student: StudentSettings
    train: TrainSettings
    strategy: str
    parameters: Mapping[str, Mapping[str, Any]]
    environments: int
    unlabeled: bool
    ablate: bool = False


@dataclass(frozen=True)
class Arm:
    """A way of training, by name."""

    name: str
    configuration: Configuration

    @property
    def unlabelled(self) -> str:
        """In words, the clips that it learned from without labels."""
        train = self.configuration.train
        shares = (("own", train.unlabeled_share), ("elsewhere", train.foreign_share))
        return ", ".join(f"{100 * share:.3g} % {where}" for where, share in shares if share) or "none"


def arms(plan: Plan) -> list[Arm]:
    """Scratch, generic (where there are other environments), aware, aware on labelled clips only, and ablations."""
    base = Configuration(plan.student, plan.train)
    taught = replace(base, strategy=plan.strategy, parameters=_known(plan))
    aware = replace(_filled(taught, *_aware_shares(plan)), teacher=TeacherSettings(adaptation="adapted"))
    found = [Arm(SCRATCH, base)]
    if plan.environments > 1:
        found.append(Arm(GENERIC, _generic(plan, taught)))
    found.append(Arm(AWARE, aware))
    if plan.unlabeled:
        found.append(Arm(LABELLED, _filled(aware, 0.0, 0.0)))
    return found + (_ablations(plan, aware) if plan.ablate else [])


def _generic(plan: Plan, taught: Configuration) -> Configuration:
    """Without regard to the environment: the general teacher, all its labels, and batches to which each environment
    gives the same share of its labelled and unlabelled clips."""
    own = OTHER_HALF / plan.environments if plan.unlabeled else 0.0
    return replace(_filled(taught, own, 1 - 1 / plan.environments), teacher=TeacherSettings(targets="all"))


def _ablations(plan: Plan, aware: Configuration) -> list[Arm]:
    """`aware` with one of its parts switched off in turn."""
    own, foreign = _aware_shares(plan)
    found = [Arm("aware, general teacher", replace(aware, teacher=replace(aware.teacher, adaptation="general")))]
    if plan.environments > 1:
        every = replace(aware, teacher=replace(aware.teacher, targets="all"))
        found.append(Arm("aware, all events", every))
    if own and foreign:  # else one of the arms above is this already
        found.append(Arm("aware, without own unlabelled clips", _filled(aware, 0.0, foreign)))
        found.append(Arm("aware, nothing from elsewhere", _filled(aware, own, 0.0)))
    return found


def _aware_shares(plan: Plan) -> tuple[float, float]:
    """Of each batch, the environment's own unlabelled clips and other environments'."""
    foreign = FOREIGN if plan.environments > 1 else 0.0
    return (OTHER_HALF - foreign if plan.unlabeled else 0.0), foreign


def _filled(configuration: Configuration, unlabeled: float, foreign: float) -> Configuration:
    return replace(configuration, train=replace(configuration.train, unlabeled_share=unlabeled, foreign_share=foreign))


def _known(plan: Plan) -> dict[str, dict[str, Any]]:
    """Of the given parameters, those of the strategy's own parts."""
    return {
        part: {k: v for k, v in plan.parameters.get(part, {}).items() if k in parameters_of(part)}
        for part in parts(plan.strategy)
    }
