"""From a strategy's name to its loss terms.

`none` is training from scratch. Names are joined by `+`; each is a module of this folder, or `module:callable` for
one's own, which is found without touching sedkd.
"""

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sedkd.errors import UserError

if TYPE_CHECKING:  # tables of strategies are shown without torch
    from sedkd.models.settings import StudentSettings
    from sedkd.train.term import Sizes, Teaching, Term

SCRATCH = "none"


def parts(strategy: str) -> tuple[str, ...]:
    """The names that a strategy joins; none for training from scratch."""
    return () if strategy == SCRATCH else tuple(strategy.split("+"))


def find(name: str) -> "Callable[..., Term]":
    """The factory of one strategy: the class `Strategy` of `sedkd.distill.<name>`, or the named callable."""
    module_name, _, attribute = name.partition(":") if ":" in name else (f"sedkd.distill.{name}", "", "Strategy")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"no distillation strategy {name!r} ({error}); use a module of sedkd/distill or 'module:callable'"
        ) from error


def parameters_of(name: str) -> tuple[str, ...]:
    """Names of the parameters that a strategy takes."""
    return tuple(p for p in inspect.signature(find(name)).parameters if p not in ("sizes", "self"))


def needs_teacher(strategy: str) -> bool:
    """Whether one of a strategy's parts reads a teacher's outputs. A factory that does not tell is taken to."""
    return any(getattr(find(name), "needs_teacher", True) for name in parts(strategy))


def lack(strategy: str, task: "Teaching", student: "StudentSettings") -> str | None:
    """Why one of a strategy's parts cannot train such a student with this task; None where all can, as far as they
    tell (see `Term.lack`). UserError when a strategy of one's own cannot tell."""
    for name in parts(strategy):
        ask = getattr(find(name), "lack", None)
        try:
            reason = ask(task, student) if ask else None
        except Exception as error:  # what somebody else wrote may raise anything
            raise UserError(f"strategy {name}: its `lack` raised {type(error).__name__}: {error}") from error
        if reason:
            return f"strategy {name}: {reason}"
    return None


def build_terms(strategy: str, parameters: Mapping[str, Mapping[str, Any]], sizes: "Sizes") -> "list[Term]":
    """The label term, then one term per part; `parameters` are keyed by the part's name."""
    from sedkd.train.labels import Labels

    return [Labels(), *(find(name)(sizes, **parameters.get(name, {})) for name in parts(strategy))]
