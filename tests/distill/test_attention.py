"""Attention transfer: where the energy lies, whatever its scale and the number of channels and bands."""

import pytest
import torch
from bands import corpus, distilled, student, weights
from torch import Tensor

from sedkd.distill.attention import Strategy, attention_loss, energy
from sedkd.errors import UserError
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.corpus import TeacherOutputs
from sedkd.train.term import Sizes

SIZES = Sizes(4, 4, 2)


def column(*values: float) -> Tensor:
    """One window, one band."""
    return torch.tensor(values, dtype=torch.float32)[None, :, None]


def loss(student: Tensor, teacher: Tensor, valid: Tensor | None = None) -> float:
    return float(attention_loss(student, teacher, torch.ones(student.shape[:2]) if valid is None else valid))


def test_energy_is_the_mean_square_over_channels() -> None:
    channels = torch.tensor([[[[1.0, -2.0]], [[3.0, 4.0]]]])  # [batch 1, channels 2, frames 1, bands 2]
    assert energy(channels).tolist() == [[[5, 10]]]


def test_by_hand() -> None:
    # (3, 4) has the direction (0.6, 0.8): 0.4^2 + 0.8^2 from (1, 0). Over time, over frequency, and over both.
    assert loss(column(3, 4), column(9, 0)) == pytest.approx(0.8)
    assert loss(column(3, 4).transpose(1, 2), column(9, 0).transpose(1, 2)) == pytest.approx(0.8)
    both = torch.tensor([[[3.0, 0.0], [0.0, 4.0]]])
    assert loss(both, both * torch.tensor([9.0, 0.0])) == pytest.approx(0.8)
    assert loss(column(1, 0), column(0, 1)) == pytest.approx(2)


def test_the_mean_over_windows_each_of_unit_length() -> None:
    ours, theirs = torch.cat([column(3, 4), column(700, 0)]), torch.cat([column(1, 0), column(1, 0)])
    assert loss(ours, theirs) == pytest.approx(0.8 / 2)


def test_scale_does_not_matter() -> None:
    torch.manual_seed(0)
    ours, theirs = torch.rand(3, 6, 4), torch.rand(3, 6, 4)
    before = loss(ours, theirs)
    assert before > 0.1
    assert loss(1000 * ours, theirs) == pytest.approx(before, rel=1e-4)
    assert loss(ours, 0.001 * theirs) == pytest.approx(before, rel=1e-4)
    assert loss(ours * torch.tensor([1.0, 7.0, 0.1])[:, None, None], theirs) == pytest.approx(before, rel=1e-4)


def test_the_finer_one_is_averaged_to_the_coarser_ones_bands() -> None:
    fine, coarse = torch.tensor([[[1.0, 5.0, 4.0, 4.0]]]), torch.tensor([[[3.0, 4.0]]])
    assert loss(fine, coarse) == loss(coarse, fine) == pytest.approx(0)
    assert loss(fine, torch.tensor([[[1.0, 0.0]]])) == pytest.approx(0.8)


def test_frames_past_the_end_count_nowhere() -> None:
    valid = torch.tensor([[1.0, 1.0, 0.0]])
    assert loss(column(3, 4, 100), column(1, 0, 7), valid) == pytest.approx(0.8)
    assert loss(column(3, 4, 100), column(1, 0, 7)) != pytest.approx(0.8, abs=0.1)


def batch(attention: Tensor | None, frames: int = 6) -> Batch:
    zero, valid = torch.zeros(2, frames, 2), torch.ones(2, frames)
    valid[1, 4:] = 0
    return Batch(torch.zeros(2, 4 * frames, 64), zero, zero, valid, zero, zero, attention)


def output(feature_map: Tensor) -> FrameOutput:
    zero = torch.zeros(2, 6, 2)
    return FrameOutput(zero, zero, feature_map)


def test_the_stored_attention_is_a_root_mean_square() -> None:
    """The same map, which the teacher has twice as often, is no loss; one that looks elsewhere is."""
    torch.manual_seed(0)
    ours = torch.randn(2, 3, 6, 4)
    theirs = ours.repeat(1, 2, 1, 1).square().mean(1).sqrt()
    assert float(Strategy(SIZES)(batch(theirs), output(ours))) == pytest.approx(0, abs=1e-6)
    assert float(Strategy(SIZES)(batch(theirs.flip(1)), output(ours))) > 0.05
    expected = attention_loss(energy(ours), theirs.flip(2).square(), batch(None).valid)
    torch.testing.assert_close(Strategy(SIZES)(batch(theirs.flip(2)), output(ours)), expected)


def test_the_gradient_reaches_the_students_frames_of_audio() -> None:
    torch.manual_seed(0)
    ours = torch.randn(2, 3, 6, 4, requires_grad=True)
    Strategy(SIZES)(batch(torch.rand(2, 6, 4)), output(ours)).backward()
    reached = ours.grad.abs().sum((1, 3)) > 0
    assert reached.tolist() == batch(None).valid.bool().tolist()


def test_silence_has_no_wild_gradient() -> None:
    ours = torch.zeros(2, 3, 6, 4, requires_grad=True)
    found = Strategy(SIZES)(batch(torch.rand(2, 6, 4)), output(ours))
    found.backward()
    assert found.item() == pytest.approx(1)
    assert not ours.grad.any()


def test_a_teacher_without_a_map() -> None:
    with pytest.raises(UserError, match="strategy attention: this teacher has no feature map") as caught:
        Strategy(SIZES)(batch(None), output(torch.zeros(2, 3, 6, 4)))
    assert "\n" not in str(caught.value)


def test_it_trains_and_leaves_the_teachers_answers_alone() -> None:
    torch.manual_seed(0)
    outputs = TeacherOutputs(torch.randn(144, 2), torch.randn(144, 5), torch.rand(144, 32))
    before = outputs.attention.clone()
    model, (_, term) = distilled("attention", corpus(unlabeled=2).taught_by(outputs), weight=0.5)
    assert torch.equal(outputs.attention, before)
    assert not torch.equal(model.classifier.weight, weights(student())["classifier.weight"])
    assert term.weight == 0.5
    assert list(term.parameters()) == []


def test_windows_that_are_mixtures_count_nowhere() -> None:
    ours, theirs = torch.rand(8, 20, 6), torch.rand(8, 20, 6)
    alone = torch.zeros(8, 20)
    alone[:2] = 1
    assert loss(ours, theirs, alone) == pytest.approx(loss(ours[:2], theirs[:2], alone[:2]))
    assert loss(ours, theirs, torch.zeros(8, 20)) == 0
