"""A cohort's step can be captured as a CUDA graph: it asks the device for no value, and brings it none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from cohorts import SETTINGS, members
from torch.utils._python_dispatch import TorchDispatchMode

from sedkd.train.captured import WARM, Repeated
from sedkd.train.cohort import _Cohort

ASKS = {"_local_scalar_dense", "nonzero", "masked_select", "unique", "_unique2", "equal", "is_nonzero", "item"}
BRINGS = {"lift_fresh", "lift_fresh_copy"}  # torch.tensor, of Python's numbers


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Capturing(TorchDispatchMode):
    """Refuses what ends a capture."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if name in ASKS | BRINGS:
            raise RuntimeError(f"{name}: not while a graph is captured")
        for index in args[1] if name in ("index", "index_put_") else ():
            if isinstance(index, torch.Tensor) and index.dtype == torch.bool:
                raise RuntimeError(f"{name} by a mask: not while a graph is captured")
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("mixture", [0.0, 0.5])
@pytest.mark.parametrize("strategy", ["none", "response", "decoupled", "response+hint", "similarity+relation"])
def test_a_step_asks_for_nothing_and_brings_nothing(strategy: str, mixture: float) -> None:
    cohort = _Cohort(members(strategy, SETTINGS, mixture), torch.device("cpu"))
    with threads(2):  # torch's operations alone, as on a GPU: no loop of numba's
        for _ in range(WARM):
            cohort.sampler.prepare()
            cohort.step()
        before = cohort.net.flat.detach().clone()
        cohort.sampler.prepare()
        with Capturing():
            cohort.step()
    assert not torch.equal(cohort.net.flat, before)


def test_the_guard_refuses() -> None:
    with Capturing():
        for bad in (
            lambda: float(torch.ones(2).sum()),
            lambda: torch.ones(2)[torch.ones(2) > 0],
            lambda: torch.tensor(1),
        ):
            with pytest.raises(RuntimeError, match="not while a graph is captured"):
                bad()


def test_without_a_gpu_a_step_is_called_as_it_is() -> None:
    calls: list[int] = []
    step = Repeated(lambda: calls.append(1), torch.device("cpu"))
    for _ in range(WARM + 2):
        step()
    assert len(calls) == WARM + 2
