"""On a GPU: the step is a captured graph, and what it trains is what the CPU trains."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from cohorts import QUICK, SETTINGS, members
from torch import Tensor

import sedkd.train.fit as plain
from sedkd.errors import SedkdWarning
from sedkd.models.frame import FrameOutput
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.train.batch import Batch
from sedkd.train.cohort import Member, _Cohort, fit_cohort
from sedkd.train.fit import TrainingDiverged, fit
from sedkd.train.term import Term

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
CUDA = torch.device("cuda", 0)
STRATEGIES = ["none", "response", "decoupled", "response+hint", "similarity+relation"]


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single precision, so that both devices answer alike."""
    monkeypatch.setattr(plain, "REDUCED", ())
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


def there(found: list[Member]) -> list[Member]:
    for member in found:
        member.student.to(CUDA)
    return found


def distance(one: Student, other: Student) -> float:
    first, second = (torch.cat([p.detach().flatten().cpu() for p in model.parameters()]) for model in (one, other))
    return float((first - second).norm() / second.norm())


@pytest.mark.parametrize("mixture", [0.0, 0.7])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_trains_what_the_cpu_trains(exact: None, strategy: str, mixture: float) -> None:
    here, far = members(strategy, SETTINGS, mixture), there(members(strategy, SETTINGS, mixture))
    for one, curve, other, expected in zip(far, fit_cohort(far), here, fit_cohort(here), strict=True):
        assert isinstance(curve, list)
        assert isinstance(expected, list)
        assert distance(one.student, other.student) < 2e-2
        for point, wanted in zip(curve, expected, strict=True):
            assert point.loss == pytest.approx(wanted.loss, rel=1e-2)


@pytest.mark.parametrize("strategy", ["none", "response+hint"])
def test_one_in_a_graph_is_the_plain_trainer(exact: None, strategy: str) -> None:
    (one,), (other,) = (there(members(strategy, SETTINGS[1:2])) for _ in range(2))
    (curve,) = fit_cohort([one])
    expected = fit(other.student, other.corpus, other.terms, other.settings, other.watch)
    assert isinstance(curve, list)
    assert distance(one.student, other.student) < 2e-2
    assert curve[-1].loss == pytest.approx(expected[-1].loss, rel=1e-2)


@pytest.mark.parametrize("block", ["conv", "separable"])
@pytest.mark.parametrize(("width", "depth"), [(1, 1), (6, 3), (16, 5)])
def test_any_architecture_learns_in_half_precision(block: str, width: int, depth: int) -> None:
    made = []
    for member in members("none", [replace(own, steps=60) for own in SETTINGS]):
        own = Student(StudentSettings(width, depth, block), member.student.labels)
        own.standardise_by(*member.corpus.statistics())
        made.append(replace(member, student=own.to(CUDA)))
    for curve in fit_cohort(made):
        assert isinstance(curve, list)
        assert curve[-1].loss < curve[0].loss


def test_the_step_is_a_graph() -> None:
    cohort = _Cohort(there(members("response", SETTINGS, 0.5)), CUDA)
    cohort.run(None)
    assert cohort.step.graph is not None
    assert int(cohort.done) == QUICK.steps


def test_one_that_diverges_harms_no_other(exact: None) -> None:
    bad, good = there(members("response")), there(members("response"))
    next(bad[1].student.parameters()).data[:] = math.nan
    first, second, third = fit_cohort(bad)
    fit_cohort(good)
    assert isinstance(second, TrainingDiverged)
    assert isinstance(first, list)
    assert isinstance(third, list)
    for number in (0, 2):
        assert distance(bad[number].student, good[number].student) < 2e-2


def test_many_at_once_are_what_few_are(exact: None) -> None:
    few = there(members("response", SETTINGS[:2]))
    many = there(members("response", [*SETTINGS[:2], *(replace(QUICK, seed=seed) for seed in range(30))]))
    fit_cohort(few)
    fit_cohort(many)
    for one, other in zip(few, many, strict=False):
        assert distance(one.student, other.student) < 2e-2


class Asking(Term):
    """One's own strategy that asks the device for a value, against what `in_cohort` promises."""

    in_cohort = True
    needs_teacher = False

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        torch.cuda.synchronize()
        return output.logits.square().mean()


def test_a_step_that_cannot_be_captured_goes_on_with_a_warning() -> None:
    found = [replace(member, terms=[*member.terms, Asking()]) for member in there(members("none"))]
    with pytest.warns(SedkdWarning, match="cannot be captured as a CUDA graph"):
        curves = fit_cohort(found)
    assert all(isinstance(curve, list) and len(curve) == 2 for curve in curves)


def test_two_cohorts_one_after_the_other() -> None:
    """A second graph beside what the first one left."""
    first = there(members("response"))
    before = copy.deepcopy([member.student for member in first])
    fit_cohort(first)
    assert all(distance(member.student, start) > 0.01 for member, start in zip(first, before, strict=True))
    assert all(isinstance(curve, list) for curve in fit_cohort(there(members("response+hint"))))
