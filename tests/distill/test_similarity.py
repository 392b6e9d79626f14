"""Similarity-preserving distillation: which frames, and which clips, resemble each other."""

import math

import pytest
import torch
from bands import corpus, distilled, student, weights
from torch import Tensor

from sedkd.distill.similarity import Strategy, clip_means, similarity_loss
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.corpus import TeacherOutputs
from sedkd.train.term import Sizes

SIZES = Sizes(4, 4, 2)
APART = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # similarities [[1, 0], [0, 1]]
ALIKE = torch.tensor([[1.0, 1.0], [1.0, 1.0]])  # [[2, 2], [2, 2]], whose rows of unit length are (1, 1) / sqrt 2
# Each of two rows: (1 - 1 / sqrt 2)^2 + (1 / sqrt 2)^2 = 2 - sqrt 2; over 2^2 entries.
BY_HAND = 2 * (2 - math.sqrt(2)) / 4


def test_by_hand() -> None:
    assert float(similarity_loss(APART, ALIKE)) == pytest.approx(BY_HAND)
    assert float(similarity_loss(ALIKE, APART)) == pytest.approx(BY_HAND)
    assert float(similarity_loss(APART, APART)) == 0


def test_every_row_has_unit_length() -> None:
    # (2, 0), (1, 1): similarities [[4, 2], [2, 2]], rows (2, 1) / sqrt 5 and (1, 1) / sqrt 2; not so the whole matrix.
    found = similarity_loss(torch.tensor([[2.0, 0.0], [1.0, 1.0]]), APART)
    first = (2 / math.sqrt(5) - 1) ** 2 + 1 / 5
    assert float(found) == pytest.approx((first + 2 - math.sqrt(2)) / 4)


def test_channels_scale_and_rotation_do_not_matter() -> None:
    torch.manual_seed(0)
    ours, theirs = torch.randn(7, 3), torch.randn(7, 5)
    before = similarity_loss(ours, theirs)
    assert float(before) > 0.01
    turned = torch.linalg.qr(torch.randn(8, 3))[0].T  # 3 channels to 8, lengths and angles kept
    torch.testing.assert_close(similarity_loss(20 * ours @ turned, theirs), before)
    torch.testing.assert_close(similarity_loss(ours, 0.05 * theirs), before)
    assert float(similarity_loss(ours @ turned, ours)) == pytest.approx(0, abs=1e-10)


def test_items_that_are_left_out_count_nowhere() -> None:
    far = torch.tensor([[50.0, -70.0]])
    present = torch.tensor([1.0, 1.0, 0.0])
    found = similarity_loss(torch.cat([APART, far]), torch.cat([ALIKE, -far]), present)
    assert float(found) == pytest.approx(BY_HAND)
    middle = torch.tensor([1.0, 0.0, 1.0])
    found = similarity_loss(torch.cat([APART[:1], far, APART[1:]]), torch.cat([ALIKE[:1], -far, ALIKE[1:]]), middle)
    assert float(found) == pytest.approx(BY_HAND)


def test_each_window_counts_alike_however_many_frames_it_has() -> None:
    # The first holds two frames; of the second, one of audio: alone it resembles itself, which is no loss.
    present = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    found = similarity_loss(APART.repeat(2, 1, 1), ALIKE.repeat(2, 1, 1), present)
    assert float(found) == pytest.approx(BY_HAND / 2)


def test_clip_means() -> None:
    embedding = torch.tensor([[[1.0, 10.0], [3.0, 20.0], [99.0, 99.0]], [[5.0, 6.0], [99.0, 99.0], [99.0, 99.0]]])
    valid = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert clip_means(embedding, valid).tolist() == [[2, 15], [5, 6]]


def batch(teacher: Tensor, valid: Tensor) -> Batch:
    zero = torch.zeros(*valid.shape, 2)
    return Batch(zero, zero, zero, valid, None, teacher)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_frames_and_clips(share: float) -> None:
    """Within each clip the frames differ for the student only; the clips' means differ for both alike."""
    ours = torch.stack([APART, APART * torch.tensor([1.0, -1.0])])  # means (0.5, 0.5) and (0.5, -0.5)
    theirs = torch.stack([ALIKE, ALIKE * torch.tensor([1.0, -1.0])])  # means (1, 1) and (1, -1)
    found = Strategy(SIZES, clip_share=share)(batch(theirs, torch.ones(2, 2)), FrameOutput(ours, ours))
    assert float(found) == pytest.approx((1 - share) * BY_HAND)
    same = theirs.new_ones(2, 2, 2)  # now all clips are alike to the teacher
    found = Strategy(SIZES, clip_share=share)(batch(same, torch.ones(2, 2)), FrameOutput(ours, ours))
    assert float(found) == pytest.approx(BY_HAND)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_frames_past_the_end(share: float) -> None:
    torch.manual_seed(0)
    ours, theirs, valid = torch.randn(3, 5, 4), torch.randn(3, 5, 6), torch.ones(3, 5)
    valid[1, 2:] = 0
    strategy = Strategy(SIZES, clip_share=share)
    before = strategy(batch(theirs, valid), FrameOutput(ours, ours))
    ours, theirs = ours.clone(), theirs.clone()
    ours[1, 2:], theirs[1, 2:] = 1e3, -1e3
    torch.testing.assert_close(strategy(batch(theirs, valid), FrameOutput(ours, ours)), before)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_gradient_reaches_the_students_frames_of_audio(share: float) -> None:
    torch.manual_seed(0)
    ours, valid = torch.randn(3, 5, 4, requires_grad=True), torch.ones(3, 5)
    valid[1, 2:] = 0
    Strategy(SIZES, clip_share=share)(batch(torch.randn(3, 5, 6), valid), FrameOutput(ours, ours)).backward()
    assert (ours.grad.abs().sum(2) > 0).tolist() == valid.bool().tolist()


def test_a_student_that_is_silent_everywhere_has_a_finite_gradient() -> None:
    ours = torch.zeros(3, 5, 4, requires_grad=True)
    Strategy(SIZES)(batch(torch.randn(3, 5, 6), torch.ones(3, 5)), FrameOutput(ours, ours)).backward()
    assert ours.grad.isfinite().all()


def test_parameters() -> None:
    strategy = Strategy(SIZES, clip_share=0.2, weight=0.7)
    assert (strategy.clip_share, strategy.weight) == (0.2, 0.7)
    assert list(strategy.parameters()) == []
    for share in (-0.1, 1.1):
        with pytest.raises(ValueError, match=r"similarity\.clip_share must lie in 0\.\.1"):
            Strategy(SIZES, clip_share=share)


def test_it_trains_and_leaves_the_teachers_answers_alone() -> None:
    torch.manual_seed(0)
    outputs = TeacherOutputs(torch.randn(144, 2), torch.randn(144, 5))
    before = outputs.embeddings.clone()
    model, _ = distilled("similarity", corpus(unlabeled=2).taught_by(outputs))
    assert torch.equal(outputs.embeddings, before)
    assert not torch.equal(model.classifier.weight, weights(student())["classifier.weight"])


def test_windows_that_are_mixtures_count_nowhere() -> None:
    ours, theirs, alone = torch.rand(8, 20, 6), torch.rand(8, 20, 6), torch.zeros(8, 20)
    alone[:2] = 1
    torch.testing.assert_close(similarity_loss(ours, theirs, alone), similarity_loss(ours[:2], theirs[:2], alone[:2]))
    for share in (0.0, 1.0):
        strategy, teacher = Strategy(Sizes(6, 6, 1), clip_share=share), theirs
        found = [
            strategy(batch(teacher[:count], alone[:count]), FrameOutput(ours[:count], ours[:count])) for count in (8, 2)
        ]
        torch.testing.assert_close(found[0], found[1])
