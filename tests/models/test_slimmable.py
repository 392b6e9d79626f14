"""Every slice of the family is the student that its settings name, and its gradient reaches the shared weights."""

import pytest
import torch

from sedkd.models.checkpoint import load_model, save_model
from sedkd.models.slimmable import Slimmable
from sedkd.models.student import Student, StudentSettings

LABELS = ("a", "b", "c")
WIDEST = StudentSettings(8, 4, "conv", "gru")
SLICES = [
    WIDEST,
    StudentSettings(2, 2, "conv", "none"),
    StudentSettings(5, 3, "conv", "gru"),
    StudentSettings(8, 1, "conv", "gru"),
]


def family(block: str = "conv") -> Slimmable:
    torch.manual_seed(0)
    made = Slimmable(StudentSettings(8, 4, block, "gru"), LABELS)
    made.mean.copy_(torch.randn(64))
    return made


@pytest.mark.parametrize("settings", SLICES)
@pytest.mark.parametrize("block", ["conv", "separable"])
def test_a_slice_answers_as_the_student_that_is_cut_out(settings: StudentSettings, block: str) -> None:
    settings = StudentSettings(settings.width, settings.depth, block, settings.head)
    whole = family(block).train()
    features = torch.randn(2, 32, 64)
    student = whole.cut(settings)
    assert (student.settings, student.labels) == (settings, LABELS)
    own = Student(settings, LABELS)
    assert {n: p.shape for n, p in student.named_parameters()} == {n: p.shape for n, p in own.named_parameters()}
    torch.testing.assert_close(whole.answer(settings, features).logits, student.train()(features).logits)


def test_slices_are_the_leading_channels_gates_and_directions() -> None:
    whole = family()
    cut = whole.cut(StudentSettings(5, 3, "conv", "gru"))
    wide = whole.exits["gru3"]
    hidden, narrow = wide["gru"].hidden_size, cut.gru.hidden_size
    assert (hidden, narrow) == (8, 5)
    assert torch.equal(cut.stem[0].weight, whole.stem[0].weight[:5])
    assert torch.equal(cut.blocks[2][0].weight, whole.blocks[2][0].weight[:10, :5])
    for gate in range(3):
        rows = slice(gate * hidden, gate * hidden + narrow)
        assert torch.equal(
            cut.gru.weight_hh_l0_reverse[gate * narrow : (gate + 1) * narrow],
            wide["gru"].weight_hh_l0_reverse[rows, :narrow],
        )
    assert torch.equal(cut.classifier.weight[:, :narrow], wide["classifier"].weight[:, :narrow])
    assert torch.equal(cut.classifier.weight[:, narrow:], wide["classifier"].weight[:, hidden : hidden + narrow])


def test_a_cut_student_shares_nothing() -> None:
    whole = family()
    student = whole.cut(SLICES[2])
    before = whole.stem[0].weight.clone()
    with torch.no_grad():
        student.stem[0].weight.zero_()
    assert torch.equal(whole.stem[0].weight, before)


def test_ends_are_the_answers_of_every_depth_and_head() -> None:
    whole = family().train()
    features = torch.randn(2, 32, 64)
    expected = [
        whole.answer(StudentSettings(5, depth, "conv", head), features).logits
        for depth in range(1, 5)
        for head in ("none", "gru")
    ]
    for found, wanted in zip(whole.ends(5, features), expected, strict=True):
        torch.testing.assert_close(found, wanted)


def test_gradients_reach_the_slice_and_nothing_else() -> None:
    whole = family().train()
    whole.answer(StudentSettings(5, 3, "conv", "gru"), torch.randn(2, 32, 64)).logits.square().sum().backward()
    grad = whole.blocks[2][0].weight.grad
    assert grad[:10, :5].abs().sum() > 0
    assert grad[10:].abs().sum() == 0
    assert grad[:, 5:].abs().sum() == 0
    recurrent = whole.exits["gru3"]["gru"].weight_hh_l0.grad
    assert recurrent[:5, :5].abs().sum() > 0
    assert recurrent[5:8].abs().sum() == 0
    assert recurrent[8:13, :5].abs().sum() > 0
    assert whole.exits["gru4"]["gru"].weight_hh_l0.grad is None


def test_making_moulds_moves_no_random_numbers() -> None:
    whole = family()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    whole.mould(StudentSettings(3, 2, "conv", "none"))
    assert torch.equal(torch.rand(3), expected)


def test_on_disk_and_back(tmp_path) -> None:
    whole = family()
    save_model(whole, tmp_path / "family.safetensors")
    back = load_model(tmp_path / "family.safetensors")
    assert isinstance(back, Slimmable)
    assert (back.widest, back.labels) == (whole.widest, whole.labels)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor), name
