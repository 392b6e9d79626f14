"""What numba's loops compute, against torch's own operations in double precision."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

from sedkd.models.gru import GRU
from sedkd.models.loops.compiled import compiled
from sedkd.models.loops.gru import add_product, tanh
from sedkd.models.norm import norm_relu

EPS, MOMENTUM = 1e-5, 0.1


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def gradients(output: Tensor, passed: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad((output * passed.to(output.dtype)).sum(), inputs))


def require_close(found: list[Tensor], wanted: list[Tensor], within: float) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one.double(), other, rtol=within, atol=within * float(other.abs().max()))


@pytest.mark.parametrize(
    ("shape", "scale", "mean"),
    [
        ((4, 16, 64, 32), 1.0, 0.0),
        ((3, 6, 33, 7), 1.0, 100.0),  # an odd number of rows, far from zero
        ((2, 2, 8, 1), 0.01, 5.0),
        ((2, 40, 31, 3), 3.0, 0.0),
        ((1, 1, 5, 3), 1.0, -2.0),
    ],
)
@pytest.mark.parametrize("last", [True, False])
def test_norm_and_rectifier(shape: tuple[int, ...], scale: float, mean: float, last: bool) -> None:
    torch.manual_seed(1)
    channels = shape[1]
    x = torch.randn(shape) * scale + mean
    x = x.to(memory_format=torch.channels_last) if last else x
    given = [t.requires_grad_() for t in (x, torch.rand(channels) + 0.5, torch.randn(channels))]
    exact = [t.detach().double().requires_grad_() for t in given]
    running, wanted_running = (
        [torch.zeros(channels, dtype=kind), torch.ones(channels, dtype=kind)] for kind in (torch.float32, torch.float64)
    )
    y = norm_relu(*given, *running, MOMENTUM, EPS)
    wanted = batch_norm(exact[0], *wanted_running, *exact[1:], True, MOMENTUM, EPS).relu()
    passed = torch.randn(shape)
    require_close([y.detach()], [wanted.detach()], 1e-5)
    require_close(gradients(y, passed, given), gradients(wanted, passed, exact), 3e-5)
    require_close(running, wanted_running, 1e-5)


def test_what_is_not_finite_is_not_hidden() -> None:
    x = torch.randn(2, 3, 4, 4)
    x[0, 1, 0, 0] = float("nan")
    x[0, 2, 0, 0] = float("inf")
    y = norm_relu(x.requires_grad_(), torch.ones(3), torch.zeros(3), torch.zeros(3), torch.ones(3), MOMENTUM, EPS)
    assert y[:, 0].isfinite().all()
    assert y[:, 1].isnan().all()
    assert not y[:, 2].isfinite().all()


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize(("inputs", "units", "batch", "frames"), [(8, 4, 5, 9), (3, 1, 1, 1), (20, 11, 32, 32)])
def test_gru(both: bool, inputs: int, units: int, batch: int, frames: int) -> None:
    torch.manual_seed(1)
    gru = GRU(inputs, units, both).train()
    exact = nn.GRU(inputs, units, batch_first=True, bidirectional=both).double()
    exact.load_state_dict(gru.state_dict())
    x = torch.randn(batch, frames, inputs, requires_grad=True)
    x_exact = x.detach().double().requires_grad_()
    (y, last), (wanted, wanted_last) = gru(x), exact(x_exact)
    passed = torch.randn(wanted.shape)
    require_close([y.detach(), last.detach()], [wanted.detach(), wanted_last.detach()], 3e-6)
    found = gradients(y, passed, [x, *gru.parameters()])
    require_close(found, gradients(wanted, passed, [x_exact, *exact.parameters()]), 1e-5)
    with torch.no_grad():
        torch.testing.assert_close(gru.eval()(x)[0], y)


def test_a_gru_tells_its_last_state_for_the_gradient_too() -> None:
    gru = GRU(3, 4, bidirectional=True).train()
    x = torch.randn(2, 6, 3, requires_grad=True)
    exact = nn.GRU(3, 4, batch_first=True, bidirectional=True)
    exact.load_state_dict(gru.state_dict())
    passed = torch.randn(2, 2, 4)
    torch.testing.assert_close(gradients(gru(x)[1], passed, [x]), gradients(exact(x)[1], passed, [x]))


def test_a_product_of_any_size_is_added() -> None:
    torch.manual_seed(1)
    for rows, inner, columns in [(1, 1, 1), (2, 4, 8), (5, 7, 3), (32, 13, 39)]:
        a, b, out = torch.randn(rows, inner), torch.randn(inner, columns), torch.randn(rows, columns)
        wanted = out + a @ b
        add_product(a.numpy(), b.numpy(), out.numpy())
        torch.testing.assert_close(out, wanted)


def test_tanh_everywhere() -> None:
    for x in (-1e30, -9.0, -1.0, -1e-6, 0.0, 1e-6, 0.3, 7.9, 8.0, 1e30):
        x = torch.tensor(x)
        assert tanh(x.numpy()[()]) == pytest.approx(float(x.double().tanh()), rel=1e-6, abs=1e-12)
    assert torch.tensor(float(tanh(torch.tensor(float("nan")).numpy()[()]))).isnan()


def test_what_cannot_be_kept_is_compiled_anew() -> None:
    """As where neither package nor home can be written to: of what lies in no file nothing can be kept either."""
    found: dict[str, Any] = {}
    exec("def twice(x):\n    return 2 * x", found)
    assert compiled(found["twice"])(3) == 6
