"""From a strategy's name to its loss terms.

`none` is training from scratch. Names are joined by `+`; each is a module of this folder, or `module:callable` for
one's own, which is found without touching sedkd.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sedkd.errors import UserError
from sedkd.own import Broken, Missing, imported
from sedkd.own_sources import sources_digest

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
        return imported(module_name, attribute)
    except Missing as error:
        raise UserError(
            f"no distillation strategy {name!r} ({error}); use a module of sedkd/distill or 'module:callable'"
        ) from error
    except Broken as error:
        raise UserError(f"strategy {name}: {error}") from error


def parameters_of(name: str) -> tuple[str, ...]:
    """Names of the parameters that a strategy takes."""
    return tuple(types_of(name))


def types_of(name: str) -> dict[str, Any]:
    """The parameters that a strategy takes, by name, with the types that it declares."""
    taken = inspect.signature(find(name)).parameters.items()
    return {key: parameter.annotation for key, parameter in taken if key not in ("sizes", "self")}


def own_strategies(*strategies: str) -> dict[str, Any]:
    """By name, the sources of those parts that are one's own, as they stand: part of the names of what they train."""
    own = sorted({name for strategy in strategies for name in parts(strategy) if ":" in name})
    return {name: sources_digest(name) for name in own}


def require_once(strategy: str) -> None:
    """UserError where a part stands twice: both would have one set of parameters."""
    names = parts(strategy)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"strategy {strategy}: {twice} stands there twice; keep one, and raise {twice}.weight")


def require_parameters(strategy: str, parameters: Mapping[str, Mapping[str, Any]]) -> None:
    """ValueError where a part cannot have its `parameters`: each is built once, small, and thrown away. One's own is
    left alone, since it may need the sizes of a real model."""
    import torch

    from sedkd.train.term import Sizes

    with torch.random.fork_rng(devices=[]):  # no training's draws depend on what was checked before
        for name in parts(strategy):
            if ":" not in name:
                _term(name, Sizes(student=2, teacher=2, labels=2), parameters.get(name, {}))


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

    return [Labels(), *(_term(name, sizes, parameters.get(name, {})) for name in parts(strategy))]


def _term(name: str, sizes: "Sizes", parameters: Mapping[str, Any]) -> "Term":
    """One part. What `weight` and `temperature` may be is the same for all of sedkd's own; the rest each says."""
    if ":" not in name:
        if not parameters.get("weight", 0) >= 0:
            raise ValueError(f"{name}.weight must be at least 0, not {parameters['weight']}")
        if not parameters.get("temperature", 1) > 0:
            raise ValueError(f"{name}.temperature must be above 0, not {parameters['temperature']}")
    return find(name)(sizes, **parameters)
