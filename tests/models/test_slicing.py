"""A slice answers as the wide student does where what was cut away was dead."""

import pytest
import torch
from torch import Tensor, nn

from sedkd.models.settings import FULL, HEADS, StudentSettings
from sedkd.models.slicing import sliced
from sedkd.models.student import Student

LABELS = ("a", "b", "c")
MEMBERS = [(block, head) for block in ("conv", "separable") for head in HEADS]


def trained(width: int, block: str, head: str, depth: int = 4, lookahead: int | str = FULL) -> Student:
    """Random weights and statistics that no two channels share."""
    torch.manual_seed(0)
    student = Student(StudentSettings(width, depth, block, head, lookahead), LABELS).eval()
    student.standardise_by(torch.randn(64), torch.rand(64) + 0.5)
    with torch.no_grad():
        for norm in norms(student):
            norm.weight.uniform_(0.5, 1.5).mul_(torch.randint(0, 2, norm.weight.shape) * 2 - 1)
            norm.bias.normal_()
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
    return student


def norms(student: Student) -> list[nn.BatchNorm2d]:
    return [m for m in student.modules() if isinstance(m, nn.BatchNorm2d)]


def answers(student: Student) -> Tensor:
    with torch.inference_mode():
        return student.eval()(torch.randn(2, 80, 64, generator=torch.Generator().manual_seed(1))).logits


def kill(student: Student, narrow: StudentSettings) -> None:
    """Leave as many channels and units alive, wherever they lie, as `narrow` has.

    Channels die in the last normalisation before they are mixed: of separable blocks in the depthwise one alone.
    """
    convolutions = [m for m in student.modules() if isinstance(m, nn.Conv2d)]
    sizes = [m.out_channels for m in Student(narrow, LABELS).modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        for i, (norm, size) in enumerate(zip(norms(student), sizes, strict=True)):
            if i + 1 < len(sizes) and convolutions[i + 1].groups > 1:
                continue
            dead = torch.randperm(norm.num_features)[size:]
            norm.weight[dead] = 0
            norm.bias[dead] = 0
        if student.gru is not None:
            hidden = student.gru.hidden_size
            for direction, suffix in enumerate(("", "_reverse") if student.gru.bidirectional else ("",)):
                dead = torch.randperm(hidden)[hidden_units(narrow, sizes[-1]) :]
                student.classifier.weight[:, direction * hidden + dead] = 0
                getattr(student.gru, f"weight_hh_l0{suffix}")[:, dead] = 0


def hidden_units(settings: StudentSettings, channels: int) -> int:
    return channels // 2 * (2 if settings.causal else 1)


@pytest.mark.parametrize(("block", "head"), MEMBERS)
@pytest.mark.parametrize("width", [1, 3, 4, 7])
@pytest.mark.parametrize("lookahead", [FULL, 160])
def test_dead_channels_are_not_missed(block: str, head: str, width: int, lookahead: int | str) -> None:
    settings = StudentSettings(width, 4, block, head, lookahead)
    wide = trained(8, block, head, lookahead=lookahead)
    whole = answers(wide)
    kill(wide, settings)
    narrow = sliced(wide, settings)
    assert narrow.settings == settings
    torch.testing.assert_close(answers(narrow), answers(wide), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(answers(wide), whole, atol=1e-2)  # those that died had been heard


@pytest.mark.parametrize(("block", "head"), MEMBERS)
def test_nothing_cut_away_is_nothing_changed(block: str, head: str) -> None:
    wide = trained(6, block, head)
    twin = sliced(wide, wide.settings)
    assert twin.state_dict().keys() == wide.state_dict().keys()
    assert all(torch.equal(tensor, wide.state_dict()[name]) for name, tensor in twin.state_dict().items())


def test_the_largest_scales_are_kept_in_order() -> None:
    wide = trained(4, "conv", "none", depth=1)
    with torch.no_grad():
        wide.stem[1].weight.copy_(torch.tensor([0.3, -2.0, 0.1, 1.0]))
    narrow = sliced(wide, StudentSettings(2, 1, "conv"))
    assert torch.equal(narrow.stem[1].weight, torch.tensor([-2.0, 1.0]))
    assert torch.equal(narrow.stem[0].weight, wide.stem[0].weight[[1, 3]])
    assert torch.equal(narrow.mean, wide.mean)


def test_units_are_kept_by_what_they_send() -> None:
    wide = trained(4, "conv", "gru", depth=2)
    with torch.no_grad():
        wide.gru.weight_hh_l0[:, [0, 3]] *= 10
        wide.classifier.weight[:, 4 + 2] *= 100
        wide.classifier.weight[:, 4 + 1] *= 50
    narrow = sliced(wide, StudentSettings(2, 2, "conv", "gru"))
    assert torch.equal(narrow.classifier.weight, wide.classifier.weight[:, [0, 3, 4 + 1, 4 + 2]])
    assert torch.equal(narrow.gru.bias_hh_l0_reverse, wide.gru.bias_hh_l0_reverse[[1, 2, 5, 6, 9, 10]])


@pytest.mark.parametrize(("block", "head"), MEMBERS)
def test_a_slice_learns_and_leaves_the_wide_one_alone(block: str, head: str) -> None:
    wide = trained(6, block, head)
    before = {name: tensor.clone() for name, tensor in wide.state_dict().items()}
    narrow = sliced(wide, StudentSettings(2, 4, block, head)).train()
    optimiser = torch.optim.SGD(narrow.parameters(), 0.1)
    narrow(torch.randn(2, 40, 64)).logits.square().mean().backward()
    assert all(p.grad is not None for p in narrow.parameters())
    optimiser.step()
    assert all(torch.equal(before[name], tensor) for name, tensor in wide.state_dict().items())
