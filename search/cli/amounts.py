"""Amounts as a person types them: 64k bytes, 1.5M multiplications, 200ms."""

import argparse
import math

SUFFIXES = {"k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2.0**10, "Mi": 2.0**20}
UNITS = {"ms": 1e-3, "s": 1.0}
OF_BYTES = ("bytes", "ram", "flash")  # objectives
AMOUNTS = "N is a number, also 64k or 1.5M: k is 1000, Ki 1024; of durations the unit is part of it, 200ms or 0.2s"


def count(text: str) -> float:
    """An argparse type: a number above 0, with one of SUFFIXES or none."""
    found = _scaled(text.strip(), SUFFIXES | {"": 1.0})
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number above 0, such as 65000, 64k (k is 1000) or 64Ki")
    return found


def amount(text: str) -> float:
    """An argparse type: a number of bytes, as `count`; a `B` may follow."""
    return count(text.strip().removesuffix("B").strip())


def duration(text: str) -> float:
    """An argparse type: seconds above 0, typed with one of UNITS."""
    found = _scaled(text.strip(), UNITS)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a duration with its unit, such as 200ms or 0.2s")
    return found


def _scaled(text: str, scales: dict[str, float]) -> float | None:
    """The number before the longest of the suffixes that ends the text; None where it is none, or not above 0."""
    suffix = max((each for each in scales if text.endswith(each)), key=len, default=None)
    if suffix is None:
        return None
    try:
        value = float(text.removesuffix(suffix)) * scales[suffix]
    except ValueError:
        return None
    return value if 0 < value < math.inf else None
