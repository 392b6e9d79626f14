"""A second device on a machine that has none: tensors that say they are on CUDA, and refuse to meet those of the CPU.

`Pretend` tensors hold their numbers on the CPU and compute there, but every operation is refused that a real GPU would
refuse: one whose tensors lie on two devices, unless the odd one is a single number, or an index into what is there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

CUDA = torch.device("cuda", 0)
COPIES = {"copy_", "_to_copy"}  # between devices
INDEXED = {"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index"}


class Pretend(torch.Tensor):
    """`held` is the tensor with the numbers. To C++ it lies on the device `meta`, to Python on CUDA."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> "Pretend":
        made = torch.Tensor._make_wrapper_subclass(
            cls, held.shape, held.stride(), held.storage_offset(), dtype=held.dtype, device="meta",
            requires_grad=held.requires_grad,
        )  # fmt: skip
        made.held = held.detach()
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return CUDA

    def __repr__(self) -> str:  # type: ignore[override]
        return f"Pretend({self.held!r})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = func.overloadpacket.__name__
        _refuse_mixing(name, args, kwargs)
        if kwargs.get("device") is not None and torch.device(kwargs["device"]).type == "meta":
            kwargs["device"] = torch.device("cpu")
            back = False
        else:
            back = kwargs.get("device") is not None
        into_cpu = name == "copy_" and not isinstance(args[0], Pretend)
        found = func(*tree_map(_held, args), **tree_map(_held, kwargs))
        if torch.Tag.inplace_view in func.tags and isinstance(args[0], Pretend):  # such as transpose_
            with torch._C._DisableTorchDispatch():
                func(*args, **kwargs)
        if back or into_cpu:
            return args[0] if into_cpu else found
        own = {id(t.held): t for t in tree_flatten((args, kwargs))[0] if isinstance(t, Pretend)}
        return tree_map(lambda x: _there(x, own), found)


def _there(value: Any, own: dict[int, Pretend]) -> Any:
    """What an operation answered, on the pretended device: what it was given, where it worked in place."""
    if not isinstance(value, torch.Tensor):
        return value
    return own[id(value)] if id(value) in own else Pretend(value)


def _held(value: Any) -> Any:
    return value.held if isinstance(value, Pretend) else value


def _refuse_mixing(name: str, args: Any, kwargs: Any) -> None:
    """RuntimeError where CUDA would raise one."""
    if name in COPIES:
        return
    tensors = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, torch.Tensor)]
    if name in INDEXED:
        if not isinstance(args[0], Pretend) and any(isinstance(index, Pretend) for index in args[1]):
            raise RuntimeError("indices should be either on cpu or on the same device as the indexed tensor (cpu)")
        tensors = [t for t in (args[0], *args[2:]) if isinstance(t, torch.Tensor)]
    here = [t for t in tensors if not isinstance(t, Pretend) and t.dim() > 0]
    if here and len(here) < len(tensors):
        raise RuntimeError(f"{name}: expected all tensors to be on the same device, but found cuda:0 and cpu")


class _Moves(TorchFunctionMode):
    """Makes what Python puts on CUDA a `Pretend`, and brings back what it asks for."""

    def __torch_function__(self, func: Callable, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        first = args[0] if args else None
        if isinstance(first, Pretend):
            if name in ("numpy", "__array__"):
                raise TypeError("can't convert cuda:0 device type tensor to numpy; use Tensor.cpu() first")
            if name in ("__getitem__", "__setitem__"):  # a list becomes an index on the device of what it indexes
                return func(first, _indices(args[1]), *args[2:])
            if name == "new_tensor":
                return Pretend(torch.tensor(args[1], dtype=first.dtype))
            if name == "tolist":
                return first.held.tolist()
            if name == "cpu" or (name == "to" and _asks_for(args[1:], kwargs, "cpu")):
                kept = [a for a in args[1:] if isinstance(a, torch.dtype)]
                return _copied(first).to(*kept)
            if name == "to" and _asks_for(args[1:], kwargs, "cuda"):
                left = {**kwargs, "device": None} if "device" in kwargs else kwargs
                return func(*[None if _is(a, "cuda") else a for a in args], **left)
        elif name != "_parse_to" and _asks_for(args, kwargs, "cuda"):
            found = func(*[_here(a) for a in args], **{k: _here(v) for k, v in kwargs.items()})
            return Pretend(found) if isinstance(found, torch.Tensor) else found
        return func(*args, **kwargs)


class _Makes(TorchDispatchMode):
    """Makes what C++ puts beside a `Pretend`, such as a number that it turns into a tensor, one as well."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if str(kwargs.get("device")) == "meta" and not any(isinstance(a, Pretend) for a in tree_flatten(args)[0]):
            return Pretend(func(*args, **{**kwargs, "device": torch.device("cpu")}))
        return func(*args, **kwargs)


def _indices(index: Any) -> Any:
    parts = index if isinstance(index, tuple) else (index,)
    found = tuple(Pretend(torch.tensor(part)) if isinstance(part, list) else part for part in parts)
    return found if isinstance(index, tuple) else found[0]


def _copied(tensor: Pretend) -> torch.Tensor:
    """A copy on the CPU."""
    return tensor.held.detach().clone()


def _is(value: Any, kind: str) -> bool:
    return (isinstance(value, torch.device) and value.type == kind) or (isinstance(value, str) and value == kind)


def _asks_for(args: Any, kwargs: Any, kind: str) -> bool:
    return any(_is(value, kind) for value in (*args, kwargs.get("device")))


def _here(value: Any) -> Any:
    return torch.device("cpu") if _is(value, "cuda") else value


@contextmanager
def second_device() -> Iterator[torch.device]:
    """Inside, the device that is yielded can be used as if it were there; where it is, it is the real one."""
    if torch.cuda.is_available():
        yield CUDA
        return
    future = torch.__future__
    before, inference = future.get_overwrite_module_params_on_conversion(), torch.inference_mode
    future.set_overwrite_module_params_on_conversion(True)  # a parameter cannot become another class
    torch.inference_mode = torch.no_grad  # type: ignore[assignment, misc]  # views of subclasses cannot be made in it
    try:
        with _Makes(), _Moves():
            yield CUDA
    finally:
        torch.inference_mode = inference  # type: ignore[misc]
        future.set_overwrite_module_params_on_conversion(before)
