"""`module:callable`, code of one's own: imported, and in one line what is wrong with it."""

import importlib
import traceback
from collections.abc import Callable
from typing import Any


class Missing(Exception):
    """There is no such module, or nothing of this name in it."""


class Broken(Exception):
    """The module does not load, or what it has by this name cannot be called."""


def imported(module: str, name: str) -> Callable[..., Any]:
    """The callable `name` of a module.

    Raises:
        Missing, Broken: see there.
    """
    if not module or module.startswith(".") or not name:
        raise Missing("expected module:callable")
    try:
        found = getattr(_loaded(module), name)
    except AttributeError as error:
        raise Missing(error) from error
    if not callable(found):
        raise Broken(f"{module}.{name} is of the type {type(found).__name__}, which cannot be called")
    return found


def _loaded(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:  # what somebody else wrote may raise anything
        if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            raise Missing(error) from error
        raise Broken(f"the module {module} does not load: {raised(error)}") from error


def raised(error: BaseException) -> str:
    """Type, message and place of what somebody else's code raised, in one line."""
    if isinstance(error, SyntaxError) and error.filename:  # its place is in no traceback
        return f"{type(error).__name__}: {error.msg} ({error.filename}, line {error.lineno})"
    words = " ".join(str(error).split())
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith("<frozen importlib")]
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}{': ' if words else ''}{words}{place}"
