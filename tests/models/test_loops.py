"""What numba's loops compute, against torch's own operations in double precision."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, batch_norm

from sedkd.models.chain import kernel_of
from sedkd.models.gru import GRU
from sedkd.models.loops.compiled import compiled
from sedkd.models.loops.gru import add_product, tanh
from sedkd.models.norm import Norm, NormReLU, norm_relu, norm_relu_conv, norm_relu_pool

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


MAPS = [  # shape, scale and mean
    ((4, 16, 64, 32), 1.0, 0.0),
    ((3, 6, 33, 7), 1.0, 100.0),  # an odd number of rows, far from zero
    ((2, 2, 8, 1), 0.01, 5.0),
    ((2, 40, 31, 3), 3.0, 0.0),
    ((1, 1, 5, 3), 1.0, -2.0),
    ((3, 12, 10, 8), 1.0, 0.5),
]
POOLED = [(*given, size) for given in MAPS for size in ((1, 1), (1, 2), (2, 1), (2, 2)) if given[0][3] >= size[1]]


def require_same(
    looped: Callable[[Tensor, Norm], Tensor],
    then: Callable[[Tensor], Tensor],
    x: Tensor,
    weights: Sequence[Tensor] = (),
) -> None:
    """What `looped` makes of a map, its gradients and the statistics are those of normalisation, rectifier and `then`,
    whose weights in double precision come after the map."""
    channels = x.shape[1]
    given = [t.requires_grad_() for t in (x, torch.rand(channels) + 0.5, torch.randn(channels))]
    exact = [t.detach().double().requires_grad_() for t in given]
    norm = Norm(*given[1:], torch.zeros(channels), torch.ones(channels), MOMENTUM, EPS)
    statistics = [norm.mean.double(), norm.variance.double()]
    y = looped(given[0], norm)
    wanted = then(batch_norm(exact[0], *statistics, *exact[1:], True, MOMENTUM, EPS).relu())
    passed = torch.randn(wanted.shape)
    require_close([y.detach()], [wanted.detach()], 1e-5)
    own = [part for part in weights if part.dtype == torch.float32]
    doubled = [part for part in weights if part.dtype == torch.float64]
    require_close(gradients(y, passed, given + own), gradients(wanted, passed, exact + doubled), 3e-5)
    require_close([norm.mean, norm.variance], statistics, 1e-5)


def a_map(shape: tuple[int, ...], scale: float = 1.0, mean: float = 0.0, last: bool = True) -> Tensor:
    torch.manual_seed(1)
    x = torch.randn(shape) * scale + mean
    return x.to(memory_format=torch.channels_last) if last else x


@pytest.mark.parametrize(("shape", "scale", "mean"), MAPS)
@pytest.mark.parametrize("last", [True, False])
def test_norm_and_rectifier(shape: tuple[int, ...], scale: float, mean: float, last: bool) -> None:
    require_same(norm_relu, lambda x: x, a_map(shape, scale, mean, last))


@pytest.mark.parametrize(("shape", "scale", "mean", "size"), POOLED)
def test_norm_rectifier_and_pooling(shape: tuple[int, ...], scale: float, mean: float, size: tuple[int, int]) -> None:
    x = a_map(shape, scale, mean)
    require_same(lambda x, norm: norm_relu_pool(x, norm, size), lambda x: avg_pool2d(x, size), x)


@pytest.mark.parametrize(
    ("outputs", "size", "how"),
    [
        (6, (3, 3), {"groups": 6, "padding": (1, 1)}),
        (16, (1, 1), {}),
        (8, (3, 3), {"padding": (1, 1), "groups": 2}),
        (5, (3, 3), {"padding": (1, 1), "stride": (2, 2)}),
        (6, (3, 1), {"padding": (2, 0), "dilation": (2, 1), "groups": 3}),
    ],
)
def test_norm_rectifier_and_convolution(outputs: int, size: tuple[int, int], how: dict[str, Any]) -> None:
    x = a_map((3, 6, 20, 9), 2.0, 1.0)
    layer = nn.Conv2d(6, outputs, size, bias=False, **how).to(memory_format=torch.channels_last)
    exact = copy.deepcopy(layer).double()
    kernel = kernel_of(layer, layer.weight)
    require_same(lambda x, norm: norm_relu_conv(x, norm, kernel), exact, x, [layer.weight, exact.weight])


def test_a_norm_counts_its_batches() -> None:
    norm = NormReLU(3).train()
    for count in (1, 2):
        norm(torch.randn(2, 3, 4, 4))
        assert int(norm.num_batches_tracked) == count


def test_without_a_momentum_statistics_are_the_mean_of_all_batches() -> None:
    norm, wanted = NormReLU(3).train(), nn.BatchNorm2d(3, momentum=None).train()
    norm.momentum = None
    for batch in torch.randn(3, 2, 3, 4, 4):
        norm(batch)
        wanted(batch)
    torch.testing.assert_close(norm.state_dict(), wanted.state_dict())


def test_what_is_not_finite_is_not_hidden() -> None:
    x = torch.randn(2, 3, 4, 4)
    x[0, 1, 0, 0] = float("nan")
    x[0, 2, 0, 0] = float("inf")
    norm = Norm(torch.ones(3), torch.zeros(3), torch.zeros(3), torch.ones(3), MOMENTUM, EPS)
    y = norm_relu(x.requires_grad_(), norm)
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
