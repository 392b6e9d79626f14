"""Several cohorts on several cores: the same students, told as they end, and none trained on unheard."""

import threading
from dataclasses import replace

import pytest
import torch
from cohorts import QUICK, SETTINGS, members

from sedkd.distill.registry import build_terms
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.cohort import Member, fit_cohort
from sedkd.train.fit import TrainingDiverged
from sedkd.train.groups import fit_groups
from sedkd.train.term import Sizes, Term


def groups() -> list[list[Member]]:
    """One of two students, and two of one each, of which one is trained alone."""
    first, second, third = members("response")
    lone = replace(members("none")[0], terms=build_terms("mutual", {}, Sizes(16, 5, 2)))
    return [[first, second], [lone], [third]]


def weights(member: Member) -> torch.Tensor:
    return torch.cat([part.detach().flatten() for part in member.student.parameters()])


def test_side_by_side_they_are_what_they_are_one_after_the_other() -> None:
    torch.manual_seed(0)
    apart, expected = groups(), {}
    for ended in fit_groups(apart, 1):
        expected[ended.place] = ended.members
    torch.manual_seed(0)
    together, threads = groups(), torch.get_num_threads()
    told: list[tuple[int, int]] = []
    found = {ended.place: ended.members for ended in fit_groups(together, 2, lambda *now: told.append(now))}
    assert sorted(found) == [0, 1, 2]
    assert torch.get_num_threads() == threads
    assert told[-1] == (4 * QUICK.steps, 4 * QUICK.steps)
    assert sorted(done for done, _ in told) == [done for done, _ in told]
    for mine, theirs in zip(together, apart, strict=True):
        for one, other in zip(mine, theirs, strict=True):
            assert float((weights(one) - weights(other)).norm() / weights(other).norm()) < 5e-3


class Noisy(Term):
    """A strategy of one's own that draws from torch's stream."""

    needs_teacher = False

    def forward(self, batch: Batch, output: FrameOutput) -> torch.Tensor:
        return (output.logits + torch.randn_like(output.logits)).square().mean()


def test_a_strategy_that_draws_is_the_same_in_any_company() -> None:
    found = []
    for company in ([0], [1, 0], [2, 1, 0]):
        made = {seed: [replace(members("none")[seed], terms=[Noisy()])] for seed in company}
        for _ in fit_groups(list(made.values()), 1):
            torch.randn(company[0] + 1)  # what is computed meanwhile may draw as well
        found.append(weights(made[0][0]))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_what_fails_is_told_as_the_others_are() -> None:
    made = [[member] for member in members("none")]
    made[1] = [replace(made[1][0], settings=replace(SETTINGS[1], learning_rate=float("inf")))]
    found = {ended.place: ended.members[0] for ended in fit_groups(made, 2)}
    assert isinstance(found[1], TrainingDiverged)
    assert isinstance(found[0], list)
    assert isinstance(found[2], list)


def test_ctrl_c_ends_all_of_them() -> None:
    endless = replace(QUICK, steps=100_000)
    made = [[replace(member, settings=endless)] for member in members("none")]

    def interrupted(done: int, total: int) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        list(fit_groups(made, 2, interrupted))
    assert threading.active_count() == before


def test_who_stops_listening_ends_all_of_them() -> None:
    long = replace(QUICK, steps=100_000)
    made = [[members("none")[0]], *([replace(member, settings=long)] for member in members("none"))]
    found = fit_groups(made, 2)
    assert next(found).place == 0
    found.close()
    for (member,) in made[1:]:
        assert int(member.student.stem[1].num_batches_tracked) < long.steps


def test_one_group_keeps_all_cores_to_itself() -> None:
    (first, *_), (second, *_) = members("none"), members("none")
    (ended,) = fit_groups([[first]], 4)
    assert ended.place == 0
    fit_cohort([second])
    assert torch.equal(weights(first), weights(second))
