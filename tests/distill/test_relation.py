"""Relational distillation: distances and angles among clips, by hand on triangles."""

import pytest
import torch
from bands import corpus, distilled, student, weights
from torch import Tensor

from sedkd.distill.relation import Strategy, angles, distances, relation_loss
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.corpus import TeacherOutputs
from sedkd.train.term import Sizes

SIZES = Sizes(4, 4, 2)
RIGHT = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])  # sides 3, 4, 5, whose mean is 4
EQUILATERAL = torch.eye(3)
ALL = torch.ones(3)


def test_distances_by_hand() -> None:
    expected = torch.tensor([[0, 0.75, 1], [0.75, 0, 1.25], [1, 1.25, 0]])
    torch.testing.assert_close(distances(RIGHT, ALL), expected)
    torch.testing.assert_close(distances(EQUILATERAL, ALL), 1 - torch.eye(3))


def test_angles_by_hand() -> None:
    found = angles(RIGHT, ALL)
    assert found[0, 1, 2] == found[0, 2, 1] == pytest.approx(0)
    assert float(found[1, 0, 2]) == pytest.approx(0.6)
    assert float(found[2, 0, 1]) == pytest.approx(0.8)
    torch.testing.assert_close(angles(EQUILATERAL, ALL)[0, 1, 2], torch.tensor(0.5))


def test_loss_by_hand() -> None:
    # Distances are 0.25, 0 and 0.25 apart, angles 0.5, 0.1 and 0.3, each at two entries of 9 and of 27.
    apart = 2 * 0.5 * (0.25**2 + 0.25**2) / 9
    turned = 2 * 0.5 * (0.5**2 + 0.1**2 + 0.3**2) / 27
    assert float(relation_loss(RIGHT, EQUILATERAL)) == pytest.approx(apart + 2 * turned)
    assert float(relation_loss(EQUILATERAL, RIGHT)) == pytest.approx(apart + 2 * turned)


def test_large_differences_count_linearly() -> None:
    # On a line, another point lies between the two others: two cosines flip from 1 to -1, and |2| counts 2 - 0.5.
    # Distances 1, 2, 1 against 1, 1, 2, each over 4 / 3: two are 0.75 apart.
    ours, theirs = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([[0.0], [1.0], [-1.0]])
    apart, turned = 2 * 0.5 * (0.75**2 + 0.75**2) / 9, 2 * (1.5 + 1.5) / 27
    assert float(relation_loss(ours, theirs)) == pytest.approx(apart + 2 * turned)


def test_scale_rotation_and_translation_do_not_matter() -> None:
    torch.manual_seed(0)
    ours, theirs = torch.randn(6, 3, dtype=torch.float64), torch.randn(6, 5, dtype=torch.float64)
    before = relation_loss(ours, theirs)
    assert float(before) > 0.05
    turned = torch.linalg.qr(torch.randn(8, 3, dtype=torch.float64))[0].T  # 3 channels to 8, lengths and angles kept
    torch.testing.assert_close(relation_loss(50 * ours @ turned + 9, theirs), before)
    torch.testing.assert_close(relation_loss(ours, 0.01 * theirs - 3), before)
    assert float(relation_loss(ours @ turned, ours)) == pytest.approx(0, abs=1e-12)


def test_a_point_that_moves_is_noticed() -> None:
    moved = RIGHT.clone()
    moved[1, 1] += 1
    assert float(relation_loss(RIGHT, RIGHT)) == 0
    assert float(relation_loss(moved, RIGHT)) > 0.01


def gradient(ours: Tensor, theirs: Tensor) -> Tensor:
    ours = ours.clone().requires_grad_()
    relation_loss(ours, theirs).backward()
    return ours.grad


@pytest.mark.parametrize("twins", ["the student's", "the teacher's", "both", "nearly", "all of the student's"])
def test_two_clips_that_coincide(twins: str) -> None:
    """A batch may hold one window twice; a gradient of 1e10 is as bad as none, since training clips its norm."""
    torch.manual_seed(0)
    ours, theirs = torch.randn(6, 4), torch.randn(6, 4)
    for name, points in (("the student's", ours), ("the teacher's", theirs)):
        if twins in (name, "both", "nearly"):
            points[3] = points[1]
    if twins == "nearly":  # as rounding leaves them, or a masked band of which little is heard
        ours[3] += 1e-6 * torch.randn(4)
    if twins == "all of the student's":
        ours[:] = ours[0]
    found = gradient(ours, theirs)
    assert found.isfinite().all()
    assert float(found.norm()) < 1e3


def test_one_clip_has_no_relations() -> None:
    ours = torch.randn(1, 4, requires_grad=True)
    loss = relation_loss(ours, torch.randn(1, 3))
    loss.backward()
    assert loss.item() == 0
    assert ours.grad.isfinite().all()


def batch(teacher: Tensor, valid: Tensor) -> Batch:
    zero = torch.zeros(*valid.shape, 2)
    return Batch(zero, zero, zero, valid, None, teacher)


def test_a_clip_is_the_mean_of_its_frames_of_audio() -> None:
    # Frames that lie around the triangles' corners; the third is past the end in two of the clips.
    valid = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    ours, theirs = (torch.stack([p + 1, p - 1, p], dim=1) for p in (RIGHT, EQUILATERAL))
    ours[1:, 2], theirs[1:, 2] = 1e3, -1e3
    found = Strategy(SIZES)(batch(theirs, valid), FrameOutput(ours, ours))
    torch.testing.assert_close(found, relation_loss(RIGHT, EQUILATERAL))
    ours.requires_grad_()
    Strategy(SIZES)(batch(theirs, valid), FrameOutput(ours, ours)).backward()
    assert (ours.grad.abs().sum(2) > 0).tolist() == valid.bool().tolist()


def test_it_trains_and_leaves_the_teachers_answers_alone() -> None:
    torch.manual_seed(0)
    outputs = TeacherOutputs(torch.randn(144, 2), torch.randn(144, 5))
    before = outputs.embeddings.clone()
    model, (_, term) = distilled("relation", corpus(unlabeled=2).taught_by(outputs), weight=0.4)
    assert torch.equal(outputs.embeddings, before)
    assert not torch.equal(model.classifier.weight, weights(student())["classifier.weight"])
    assert term.weight == 0.4
    assert list(term.parameters()) == []


def test_clips_that_are_mixtures_count_in_no_pair() -> None:
    ours, theirs = torch.randn(32, 6), torch.randn(32, 9)
    alone = (torch.arange(32) < 8).float()
    torch.testing.assert_close(relation_loss(ours, theirs, alone), relation_loss(ours[:8], theirs[:8]))
    assert relation_loss(ours, theirs, torch.zeros(32)) == 0
