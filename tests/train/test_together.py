"""Terms computed together are the terms computed one by one."""

import importlib
import pkgutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

import sedkd.distill
from sedkd.distill.hint import Strategy as Hint
from sedkd.distill.registry import build_terms, find
from sedkd.distill.response import Strategy as Response
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.labels import Labels
from sedkd.train.term import Sizes, Term
from sedkd.train.together import TermCohort, signature

SIZES = Sizes(student=5, teacher=7, labels=3)
K, CLIPS, FRAMES, BANDS = 3, 4, 6, 8
# Each member's numbers; a joined strategy takes what is its parts'.
NUMBERS = {
    "response": [{"temperature": 1.0}, {"temperature": 2.7, "weight": 0.3}, {"temperature": 5.0, "weight": 2}],
    "decoupled": [{"target_share": 0.0}, {"target_share": 0.3, "temperature": 1.3}, {"target_share": 1, "weight": 0.1}],
    "similarity": [{"clip_share": 0.0}, {"clip_share": 0.4, "weight": 3.0}, {"clip_share": 1.0}],
    "hint": [{"weight": 0.1}, {"weight": 1.0}, {"weight": 4.0}],
    "attention": [{"weight": 0.1}, {"weight": 1.0}, {"weight": 4.0}],
    "relation": [{"weight": 0.1}, {"weight": 1.0}, {"weight": 4.0}],
}
ALONE = {"born_again", "mean_teacher", "mutual", "joint", "weak"}  # each keeps a network, or the clips, of its own
JOINED = ["none", *NUMBERS, "response+hint", "decoupled+attention", "similarity+relation", "hint+hint"]


def members(strategy: str, dtype: torch.dtype = torch.float64) -> list[list[Term]]:
    """Each with weights and numbers of its own."""
    torch.manual_seed(1)
    numbers = [{name: each[k] for name, each in NUMBERS.items()} for k in range(K)]
    return [[term.to(dtype) for term in build_terms(strategy, mine, SIZES)] for mine in numbers]


def batches(dtype: torch.dtype = torch.float64, bands: int = 5) -> list[Batch]:
    """Clips of unlike lengths, of which some are not annotated; the first member has no label, the second hears one
    clip twice."""
    torch.manual_seed(2)
    found = []
    for k in range(K):
        lengths = torch.tensor([FRAMES, 1 + k, FRAMES - 1, FRAMES])
        valid = (torch.arange(FRAMES) < lengths[:, None]).to(dtype)
        known = (torch.rand(CLIPS, 1, SIZES.labels) < 0.6) * valid[..., None] * (k > 0)
        shape = (CLIPS, FRAMES)
        logits, embedding, attention = (
            torch.randn(*shape, n, dtype=dtype) for n in (SIZES.labels, SIZES.teacher, bands)
        )
        embedding[3] = embedding[0] if k == 1 else embedding[3]
        features, targets = torch.randn(CLIPS, 4 * FRAMES, 16, dtype=dtype), torch.rand(*shape, SIZES.labels).to(dtype)
        found.append(Batch(features, targets, known, valid, logits, embedding, attention.abs()))
    return found


def outputs(dtype: torch.dtype = torch.float64) -> list[FrameOutput]:
    torch.manual_seed(3)
    shapes = ((CLIPS, FRAMES, SIZES.labels), (CLIPS, FRAMES, SIZES.student), (CLIPS, 2, FRAMES, BANDS))
    found = [FrameOutput(*(torch.randn(shape, dtype=dtype) for shape in shapes)) for _ in range(K)]
    found[1].embedding[3] = found[1].embedding[0]
    return found


def stacked_batch(each: Sequence[Batch]) -> Batch:
    columns = {name: [getattr(batch, name) for batch in each] for name in vars(each[0])}
    return Batch(**{name: None if column[0] is None else torch.stack(column) for name, column in columns.items()})


def stacked_output(each: Sequence[FrameOutput]) -> FrameOutput:
    return FrameOutput(*(None if column[0] is None else torch.stack(column) for column in zip(*each, strict=True)))


def learned(terms: nn.Module, batch: Batch, output: FrameOutput, losses: Callable) -> tuple[Tensor, list[Tensor]]:
    """The losses, and the gradients of their weighted sum in output and parameters, 0 where there is none."""
    given = FrameOutput(*(tensor.clone().requires_grad_() for tensor in output))
    found, weights = losses(batch, given)
    inputs = [*given, *terms.parameters()]
    (found * weights).sum().backward()
    return found.detach(), [torch.zeros_like(x) if x.grad is None else x.grad for x in inputs]


def one_by_one(each: Sequence[Sequence[Term]], heard: Sequence[Batch], said: Sequence[FrameOutput]) -> list:
    """Losses `[K, terms]`, then gradients, each stacked."""
    found = []
    for terms, batch, output in zip(each, heard, said, strict=True):
        weights = torch.tensor([term.weight for term in terms])

        def losses(batch: Batch, output: FrameOutput, terms=terms, weights=weights) -> tuple[Tensor, Tensor]:
            return torch.stack([term(batch, output) for term in terms]), weights

        loss, gradients = learned(nn.ModuleList(terms), batch, output, losses)
        found.append([loss, *gradients])
    return [torch.stack(column) for column in zip(*found, strict=True)]


def together(each: Sequence[Sequence[Term]], heard: Sequence[Batch], said: Sequence[FrameOutput]) -> list:
    cohort = TermCohort(each)
    batch, output = stacked_batch(heard), stacked_output(said)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as that an operation is mapped by a slow loop
        loss, gradients = learned(cohort, batch, output, lambda *given: (cohort(*given), cohort.weights))
    return [loss, *gradients]


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
@pytest.mark.parametrize("bands", [5, 11])  # the teacher's are coarser and finer than the student's 8
@pytest.mark.parametrize("strategy", JOINED)
def test_losses_and_gradients_are_those_of_the_members(
    strategy: str, bands: int, dtype: torch.dtype, rtol: float
) -> None:
    each, heard, said = members(strategy, dtype), batches(dtype, bands), outputs(dtype)
    expected, found = one_by_one(each, heard, said), together(each, heard, said)
    assert found[0].shape == (K, 1 if strategy == "none" else 1 + len(strategy.split("+")))
    assert not found[0][0, 0]  # nothing is annotated for the first member
    assert found[0][1:].all()
    assert len(found) == len(expected) == 4 + len(list(nn.ModuleList(each[0]).parameters()))
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == dtype
        # Of what is summed up to a gradient, little may be left.
        torch.testing.assert_close(a, b, rtol=rtol, atol=rtol * float(b.abs().max()))
    reached = [bool(gradient.any()) for gradient in found[1:]]
    parts = set(strategy.split("+"))
    assert reached[:3] == [True, bool(parts & {"hint", "similarity", "relation"}), "attention" in parts]
    assert all(reached[3:])


@pytest.mark.parametrize("strategy", JOINED)
def test_members_in_another_order_answer_in_that_order(strategy: str) -> None:
    each, heard, said, order = members(strategy), batches(), outputs(), [2, 0, 1]
    before = together(each, heard, said)
    after = together(*([column[k] for k in order] for column in (each, heard, said)))
    for a, b in zip(after, before, strict=True):
        torch.testing.assert_close(a, b[order], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("strategy", JOINED)
def test_a_member_that_diverges_leaves_the_others_alone(strategy: str) -> None:
    each, heard, said = members(strategy), batches(), outputs()
    before = together(each, heard, said)
    said[1] = FrameOutput(*(torch.full_like(tensor, torch.nan) for tensor in said[1]))
    after = together(each, heard, said)
    assert after[0][1, 0].isnan()
    for a, b in zip(after, before, strict=True):
        torch.testing.assert_close(a[[0, 2]], b[[0, 2]], rtol=1e-12, atol=1e-14)


def test_a_cohort_of_one() -> None:
    each, heard, said = members("response+hint")[1:2], batches()[1:2], outputs()[1:2]
    for a, b in zip(together(each, heard, said), one_by_one(each, heard, said), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def test_what_no_term_reads_may_be_absent() -> None:
    each = members("response")
    heard = [replace(batch, teacher_embedding=None, teacher_attention=None) for batch in batches()]
    said = [output._replace(feature_map=None) for output in outputs()]
    found = TermCohort(each)(stacked_batch(heard), stacked_output(said))
    torch.testing.assert_close(found, TermCohort(each)(stacked_batch(batches()), stacked_output(outputs())))


def test_each_member_takes_its_own_steps() -> None:
    """The parameters are leaves that an optimiser moves as it would move the members'."""
    each, heard, said = members("hint"), batches(), outputs()
    cohort, alone = TermCohort(each), nn.ModuleList(map(nn.ModuleList, each))
    names = {name: tuple(p.shape) for name, p in cohort.named_parameters()}
    assert names == {"terms.1.projection.weight": (K, 7, 5), "terms.1.projection.bias": (K, 7)}
    assert all(p.is_leaf and p.requires_grad for p in cohort.parameters())
    optimisers = [torch.optim.AdamW(module.parameters(), 0.01) for module in (cohort, alone)]
    for _ in range(5):
        for optimiser in optimisers:
            optimiser.zero_grad()
        cohort(stacked_batch(heard), stacked_output(said)).sum().backward()
        sum(term(*given) for terms, *given in zip(each, heard, said, strict=True) for term in terms).backward()
        for optimiser in optimisers:
            optimiser.step()
    for k, (_, hint) in enumerate(each):
        torch.testing.assert_close(cohort.terms[1].projection.weight[k], hint.projection.weight)


def test_the_members_are_copied_with_their_weights() -> None:
    each = members("response+hint")
    cohort = TermCohort(each)
    torch.testing.assert_close(cohort.weights, torch.tensor([[1, 2, 0.1], [1, 0.3, 1], [1, 2, 4]]))
    with torch.no_grad():
        cohort.terms[2].projection.weight.zero_()
    assert all(terms[2].projection.weight.any() for terms in each)
    assert cohort.terms[1].temperature.tolist() == pytest.approx([1, 2.7, 5])
    assert [name for name, _ in cohort.named_buffers()] == ["weights", "terms.1.temperature"]
    moved = cohort.to("meta")
    assert {t.device.type for t in (*moved.parameters(), *moved.buffers())} == {"meta"}


OTHER = Sizes(student=5, teacher=8, labels=3)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ([Labels()], r"^member 1's terms do not fit the first member's: sedkd\.train\.labels\.Labels, sedkd"),
        ([Labels(), Response(SIZES)], r"response\.Strategy, sedkd\.train\.labels\.Labels\+sedkd\.distill\.hint\.Str"),
        ([Hint(SIZES), Labels()], "member 1's terms do not fit"),
        ([Labels(), Hint(OTHER)], "member 1's terms do not fit"),
        ([Labels(), Hint(SIZES).double()], "member 1's terms do not fit"),
        ([Labels(), Hint(SIZES).requires_grad_(False)], "member 1's terms do not fit"),
        ([Labels(), find("mutual")(SIZES)], r"member 1's terms are not computed in cohorts: .*mutual\.Strategy"),
        ([], "member 1's terms do not fit"),
    ],
)
def test_members_that_do_not_fit_together(second: list[Term], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        TermCohort([[Labels(), Hint(SIZES)], second])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("nobody", [[], [[]]])
def test_no_member_and_no_term(nobody: list) -> None:
    with pytest.raises(ValueError, match="at least one member with at least one term"):
        TermCohort(nobody)


def test_as_many_batches_as_members() -> None:
    for strategy in ("none", "hint"):
        cohort = TermCohort(members(strategy))
        with pytest.raises(ValueError, match="the batches of 2 members for a cohort of 3"):
            cohort(stacked_batch(batches()[:2]), stacked_output(outputs()[:2]))
        with pytest.raises(ValueError, match="same size"):
            cohort(stacked_batch(batches()), stacked_output(outputs()[:2]))


def test_a_signature_tells_who_may_stand_together() -> None:
    assert signature([Labels(), Response(SIZES, 1.0)]) == signature([Labels(), Response(OTHER, 4.0, weight=0.1)])
    assert signature([Labels(), Hint(SIZES)]) == signature([Labels(), Hint(SIZES, weight=3.0)])
    kinds = [members(strategy)[0] for strategy in JOINED] + [[Labels(), Hint(OTHER)], [Labels(), Hint(SIZES)]]
    assert len({signature(terms) for terms in kinds}) == len(kinds)
    assert signature([Labels(), find("weak")(SIZES)]) is None


def test_every_strategy_is_computed_here_or_trained_alone() -> None:
    """One that is new is either among `NUMBERS`, and so compared above, or among `ALONE`."""
    modules = [info.name for info in pkgutil.iter_modules(sedkd.distill.__path__)]
    names = {name for name in modules if hasattr(importlib.import_module(f"sedkd.distill.{name}"), "Strategy")}
    assert {name for name in names if find(name).in_cohort} == set(NUMBERS)
    assert names - set(NUMBERS) == ALONE
    assert Labels.in_cohort
    for name in names:
        assert (signature([Labels(), find(name)(SIZES)]) is None) is (name in ALONE)


class Own(Response):
    """Adds to a strategy, and says nothing of cohorts."""


class Powered(Term):
    """Says that it can, with a number that is no `setting`."""

    in_cohort = True

    def __init__(self, power: float) -> None:
        super().__init__()
        self.power = power

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        return output.logits.abs().pow(self.power).mean()


class Keeping(Powered):
    in_cohort = True

    def __init__(self, seen: object) -> None:
        super().__init__(2.0)
        self.seen = seen


class Following(Powered):
    in_cohort = True

    def after_step(self) -> None:
        self.weight *= 0.9


class Bare(nn.Module):
    """No subclass of Term."""

    weight, in_cohort = 1.0, True


def test_ones_own_is_trained_alone_unless_it_says_otherwise_and_could() -> None:
    for term in (Own(SIZES), Keeping([]), Keeping(([],)), Keeping(torch.ones(2)), Following(2.0), Bare()):
        assert signature([Labels(), term]) is None
    assert not Own.in_cohort
    assert signature([Labels(), Powered(2.0)]) is not None


def test_a_number_that_is_no_setting_must_be_the_same_for_all() -> None:
    cohort = TermCohort([[Powered(3.0)]] * K)
    expected = torch.stack([output.logits.abs().pow(3).mean() for output in outputs()])
    torch.testing.assert_close(cohort(stacked_batch(batches()), stacked_output(outputs()))[:, 0], expected)
    with pytest.raises(ValueError, match="member 1's terms do not fit"):
        TermCohort([[Powered(3.0)], [Powered(2.0)]])
