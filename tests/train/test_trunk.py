"""Training that goes on where a shorter one ended: the same student as from the first step."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bands import LABELS, SIZES, corpus, same, student, weights
from cohorts import QUICK, SETTINGS, members, taught
from own_parts import Silent

from sedkd.distill.mean_teacher import Strategy as MeanTeacher
from sedkd.errors import SedkdWarning
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.train.cohort import Member, _Cohort, fit_cohort
from sedkd.train.fit import Checkpoint, Watch, fit
from sedkd.train.labels import Labels
from sedkd.train.term import Term
from sedkd.train.trunk import Resume, Trunk, can_go_on, load_trunk, save_trunk

SHORT, LONG = 20, 80
SCORED = Watch(lambda model: float(model.classifier.weight.detach().abs().sum()))


def member(strategy: str, steps: int, resume: Resume, mixture: float = 0.5) -> Member:
    settings = replace(SETTINGS[2], steps=steps, warmup=2)
    (found,) = members(strategy, [settings], mixture)
    return replace(found, watch=SCORED, resume=resume)


STRATEGIES = ["none", "response", "response+hint", "decoupled", "similarity"]
WITH_STATE = ["mean_teacher", "mutual", "joint", "response+mean_teacher"]


@pytest.mark.parametrize("strategy", [*STRATEGIES, *WITH_STATE])
def test_it_goes_on_to_the_last_bit(strategy: str, tmp_path: Path) -> None:
    kept: list[Trunk] = []
    short = member(strategy, SHORT, Resume(keep=kept.append))
    (shorter,) = fit_cohort([short])
    (trunk,) = kept
    assert trunk.step == SHORT
    save_trunk(trunk, tmp_path / "trunk", "farm")
    read = load_trunk(tmp_path / "trunk", "farm")

    told: list[int] = []
    on, whole = member(strategy, LONG, Resume(read)), member(strategy, LONG, Resume())
    (curve,) = fit_cohort([on], lambda step, _: told.append(step))
    (expected,) = fit_cohort([whole])
    assert told == list(range(trunk.step + 1, LONG + 1))
    assert same(weights(on.student), weights(whole.student))
    assert not same(weights(on.student), weights(short.student))
    assert expected[0].step == SHORT  # and scored by the shorter one
    assert [replace(p, seconds=0) for p in curve] == [replace(p, seconds=0) for p in expected[1:]]
    assert (shorter[-1].step, shorter[-1].score) == (SHORT, expected[0].score)


def test_a_recurrent_head_goes_on_as_well() -> None:
    def trained(steps: int, resume: Resume) -> Student:
        torch.manual_seed(0)
        model = Student(StudentSettings(4, 2, head="gru"), LABELS)
        fit(model, taught(0), [Labels()], replace(QUICK, steps=steps, warmup=2), resume=resume)
        return model

    kept: list[Trunk] = []
    trained(SHORT, Resume(keep=kept.append))
    assert same(weights(trained(LONG, Resume(kept[0]))), weights(trained(LONG, Resume())))


def test_it_goes_on_twice() -> None:
    first, second = [], []
    fit_cohort([member("response", SHORT, Resume(keep=first.append))])
    fit_cohort([member("response", LONG, Resume(first[0], second.append))])
    on, whole = member("response", 160, Resume(second[0])), member("response", 160, Resume())
    fit_cohort([on])
    fit_cohort([whole])
    assert same(weights(on.student), weights(whole.student))


def test_as_a_cohort_of_one_as_on_a_gpu() -> None:
    """What a GPU does, tried on the CPU."""

    def trained(steps: int, resume: Resume) -> Member:
        found = member("response+hint", steps, resume)
        _Cohort([found], torch.device("cpu")).run(None)
        return found

    kept: list[Trunk] = []
    trained(SHORT, Resume(keep=kept.append))
    on, whole = trained(LONG, Resume(kept[0])), trained(LONG, Resume())
    assert same(weights(on.student), weights(whole.student))


@pytest.mark.parametrize("on_gpu", [False, True])
def test_one_that_was_lost_goes_on_from_each_checkpoint(on_gpu: bool, tmp_path: Path) -> None:
    def trained(resume: Resume) -> tuple[Member, list[Checkpoint]]:
        found = member("response+hint", SHORT, resume)
        (curve,) = _Cohort([found], torch.device("cpu")).run(None) if on_gpu else fit_cohort([found])
        return found, curve

    kept: list[Trunk] = []
    whole, expected = trained(Resume(keep_each=kept.append))
    assert [trunk.step for trunk in kept] == [5, 10, 15]
    for trunk in kept:
        save_trunk(trunk, tmp_path / "trunk", "farm")
        on, curve = trained(Resume(load_trunk(tmp_path / "trunk", "farm")))
        assert same(weights(on.student), weights(whole.student))
        assert [replace(point, seconds=0) for point in curve] == [replace(point, seconds=0) for point in expected]
        assert curve[-1].seconds > trunk.seconds > 0


def test_several_in_one_step_keep_none() -> None:
    with pytest.raises(ValueError, match="several students in one step"):
        fit_cohort([member("none", SHORT, Resume(keep=print)), member("none", SHORT, Resume())])


def test_a_trunk_that_is_not_the_one(tmp_path: Path) -> None:
    kept: list[Trunk] = []
    fit_cohort([member("none", SHORT, Resume(keep=kept.append))])
    file = tmp_path / "trunk"
    assert load_trunk(file, "farm") is None
    save_trunk(kept[0], file, "farm")
    with pytest.warns(SedkdWarning, match="the trunk of another training"):
        assert load_trunk(file, "home") is None
    assert load_trunk(file, "farm") is not None
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.warns(SedkdWarning, match="is damaged"):
        assert load_trunk(file, "farm") is None


def test_what_a_strategy_of_ones_own_does_not_say_is_not_known() -> None:
    """Neither of one that is no Term, nor of a subclass of one that goes on: it may keep more."""
    (own,) = members("mean_teacher", [QUICK])
    assert can_go_on(own.terms)
    assert not can_go_on([*own.terms, Silent(SIZES)])

    class More(MeanTeacher): ...

    assert not can_go_on([More(SIZES)])


def test_who_goes_on_says_how() -> None:
    """Else it would go on without what it keeps, in silence."""
    with pytest.raises(TypeError, match="resumable = True needs the methods state and restore"):

        class Forgetful(Term):
            resumable = True

            def state(self) -> dict[str, torch.Tensor]:
                return {}


class Spare(Term):
    """A term of one's own with a part that no loss reaches."""

    needs_teacher, in_cohort = False, True

    def __init__(self) -> None:
        super().__init__()
        self.spare = torch.nn.Linear(2, 2)

    def forward(self, batch, output):
        return output.logits.square().mean()


def test_what_no_loss_reaches_keeps_no_training_from_being_put_aside() -> None:
    kept: list[Trunk] = []
    settings, whole, halves = replace(QUICK, steps=4), student(), student()
    fit(whole, corpus(), [Labels(), Spare()], settings)
    fit(halves, corpus(), [Labels(), Spare()], replace(settings, steps=2), resume=Resume(keep=kept.append))
    assert all("spare" not in name or name.startswith("modules.") for name in kept[0].tensors)
    halves = student()
    fit(halves, corpus(), [Labels(), Spare()], settings, resume=Resume(kept[0]))
    assert same(weights(halves), weights(whole))
