"""`--threshold EVENT=P`: another threshold for an event than the export's."""

import argparse


def add_threshold(parser: argparse.ArgumentParser) -> None:
    """Add the option; `dict(args.threshold)` is for `Bundle.with_thresholds`."""
    parser.add_argument(
        "--threshold",
        type=_threshold,
        action="append",
        default=[],
        metavar="EVENT=P",
        help="another threshold for an event than the export's, such as `sedkd review read` tells; as often as needed",
    )


def _threshold(text: str) -> tuple[str, float]:
    """`rain=0.73`; the label may hold an equals sign itself."""
    label, sign, value = text.rpartition("=")
    if not (sign and label and 0 < float(value) <= 1):
        raise ValueError
    return label.strip(), float(value)


_threshold.__name__ = "EVENT=P with P above 0 and at most 1"
