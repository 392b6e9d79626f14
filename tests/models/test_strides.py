"""Opening a network's time strides keeps what it answered: the a-trous identity."""

import pytest
import torch
from torch import Tensor, nn

from sedkd.models.strides import open_time_strides


def conv(inputs: int, outputs: int, size: int | tuple[int, int], stride: int | tuple[int, int] = 1, groups: int = 1):
    size = (size, size) if isinstance(size, int) else size
    return nn.Conv2d(inputs, outputs, size, stride, (size[0] // 2, size[1] // 2), groups=groups)


class Gate(nn.Module):
    """Squeeze-excitation over frequency and time."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.layer(x.mean((2, 3), keepdim=True)).sigmoid()


def network(gate: bool = False) -> nn.Sequential:
    """Time is reduced 16 times."""
    torch.manual_seed(0)
    layers = [
        conv(1, 4, 3, 2), nn.ReLU(), conv(4, 6, 5, 2), nn.ReLU(), conv(6, 6, 3, (1, 2), groups=6), nn.ReLU(),
        *([Gate(6)] if gate else []), conv(6, 8, 1), conv(8, 8, 3), nn.ReLU(), conv(8, 8, 5, 2), nn.ReLU(),
        conv(8, 3, 3),
    ]  # fmt: skip
    return nn.Sequential(*layers).eval()


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
def test_the_opened_network_passes_through_the_strided_ones_answers(stride: int) -> None:
    strided, opened = network(), network()
    example = torch.randn(1, 1, 16, 128)
    open_time_strides(opened, torch.zeros(1, 1, 16, 64), stride)
    with torch.no_grad():
        before, after = strided(example), opened(example)
    assert before.shape[-1] == 128 // 16
    assert after.shape == (*before.shape[:-1], 128 // stride)
    torch.testing.assert_close(after[..., :: 16 // stride], before, atol=1e-5, rtol=1e-4)


def test_a_stride_that_is_small_already_stays() -> None:
    strided, opened = network(), network()
    open_time_strides(opened, torch.zeros(1, 1, 16, 64), 16)
    example = torch.randn(1, 1, 16, 64)
    torch.testing.assert_close(opened(example), strided(example))


def test_gates_are_left_alone() -> None:
    opened = network(gate=True)
    open_time_strides(opened, torch.zeros(1, 1, 16, 64), 4)
    gate = next(m for m in opened.modules() if isinstance(m, Gate)).layer
    assert gate.stride == (1, 1)
    assert gate.dilation == (1, 1)
    assert opened(torch.randn(1, 1, 16, 64)).shape[-1] == 16


@pytest.mark.parametrize("pool", [nn.AvgPool2d(2), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d((2, 2))])
def test_pooling_past_the_stride_is_over_frequency_alone(pool: nn.Module) -> None:
    opened = nn.Sequential(conv(1, 2, 3, (1, 4)), pool)
    open_time_strides(opened, torch.zeros(1, 1, 16, 64), 4)
    assert opened(torch.zeros(1, 1, 16, 64)).shape == (1, 2, 8, 16)


def test_frequency_and_mode_are_left_alone() -> None:
    opened = network().train()
    open_time_strides(opened, torch.zeros(1, 1, 16, 64), 1)
    assert opened.training
    assert [m.stride[0] for m in opened if isinstance(m, nn.Conv2d)] == [2, 2, 1, 1, 1, 2, 1]
    assert not any(m._forward_pre_hooks for m in opened.modules())


def test_padding_by_name_is_refused() -> None:
    named = nn.Sequential(conv(1, 2, 3, 2), nn.Conv2d(2, 2, 3, padding="same"))
    with pytest.raises(ValueError, match="pads by name"):
        open_time_strides(named, torch.zeros(1, 1, 16, 64), 4)
