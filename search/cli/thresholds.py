"""`--threshold EVENT=P`: another threshold for an event than the export's."""

import argparse
from typing import Any

from sedkd.spelling import folded


def add_threshold(parser: argparse.ArgumentParser) -> None:
    """Add the option; `args.threshold` is for `Bundle.with_thresholds`."""
    parser.add_argument(
        "--threshold",
        type=_threshold,
        action=_EachOnce,
        default={},
        metavar="EVENT=P",
        help="another threshold for an event than the export's, such as `sedkd review read` tells; as often as needed",
    )


class _EachOnce(argparse.Action):
    """Keeps event and threshold; an event that is named twice is a mistake, of which either may be meant."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        label, value = values
        before = getattr(namespace, self.dest)
        twice = next((known for known in before if folded(known) == folded(label)), None)
        if twice is not None:
            parser.error(f"argument {option_string}: {label} is named twice, with {before[twice]:g} and {value:g}")
        setattr(namespace, self.dest, {**before, label: value})


def _threshold(text: str) -> tuple[str, float]:
    """`rain=0.73`; the label may hold an equals sign itself."""
    label, sign, value = text.rpartition("=")
    if not (sign and label and 0 < float(value) <= 1):
        raise ValueError
    return label.strip(), float(value)


_threshold.__name__ = "EVENT=P with P above 0 and at most 1"
