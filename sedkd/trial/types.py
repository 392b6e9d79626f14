"""Whether a value is what a setting, or a strategy's parameter, says that it is."""

from numbers import Integral, Real
from types import NoneType
from typing import Any, get_args

KINDS: dict[Any, tuple[type, str]] = {
    int: (Integral, "a whole number"),
    float: (Real, "a number"),
    str: (str, "a text"),
    NoneType: (NoneType, "nothing"),
}


def require_type(key: str, value: Any, declared: Any) -> None:
    """ValueError names the key where `value` is no such thing; a declared type that is none of KINDS, or a union with
    such a one, is not looked at."""
    members = get_args(declared) or (declared,)
    if not all(member in KINDS for member in members):
        return
    if isinstance(value, bool) or not isinstance(value, tuple(KINDS[member][0] for member in members)):
        expected = " or ".join(KINDS[member][1] for member in members)
        raise ValueError(f"{key} must be {expected}, not {value!r}")
