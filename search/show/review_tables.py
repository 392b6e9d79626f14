"""What the answers of a review say, for the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from search.show.comparison_table import plain_table

if TYPE_CHECKING:
    from rich.table import Table

    from sedkd.review.answers import Answer
    from sedkd.review.bounds import Bound
    from sedkd.review.review import Review


def bands_table(review: "Review", answers: "Sequence[Answer]", events: Sequence[str]) -> "Table":
    """A row per event and band of confidence: what was found, what was answered, and the precision of that."""
    from sedkd.review.bounds import bands_of

    table = plain_table("precision by event and confidence, with 95 % intervals")
    for head in ("event", "confidence"):
        table.add_column(head)
    for head in ("found", "answered", "yes", "precision"):
        table.add_column(head, justify="right")
    for label in events:
        for place, band in enumerate(bands_of(review, answers, label)):
            precision = "-"
            if band.answered:
                low, high = band.interval
                precision = f"{band.yes / band.answered:.2f} [{low:.2f}, {high:.2f}]"
            name = "" if place else label
            table.add_row(name, band.words, str(band.found), str(band.answered), str(band.yes), precision)
    return table


def bound_lines(
    review: "Review",
    answers: "Sequence[Answer]",
    events: Sequence[str],
    precision: float | None,
    per_hour: float | None,
) -> list[str]:
    """Each event's thresholds for what is wanted, and how to use them."""
    from sedkd.review.bounds import for_false_alarms, for_precision

    lines: list[str] = []
    if precision is not None:
        bounds = {label: for_precision(review, answers, label, precision) for label in events}
        lines += _told(bounds, f"precision {precision:g}", review)
    if per_hour is not None:
        bounds = {label: for_false_alarms(review, answers, label, per_hour) for label in events}
        lines += _told(bounds, f"at most {per_hour:g} false alarms per hour", review)
    return lines


def _told(bounds: "dict[str, Bound]", wanted: str, review: "Review") -> list[str]:
    lines = [f"{wanted}:"] + [f"  {label}: {_words(bound)}" for label, bound in bounds.items()]
    found = {label: bound.value for label, bound in bounds.items() if bound.value is not None}
    if not found:
        return lines
    if review.measure == "confidence":
        return [*lines, "  keep the rows of the table from these confidences up"]
    options = " ".join(f"--threshold {_quoted(f'{label}={value:.4g}')}" for label, value in found.items())
    return [*lines, f"  sedkd detect BUNDLE FILE {options}"]


def _words(bound: "Bound") -> str:
    if bound.value is None:
        return f"not reached: {bound.reason}"
    low = "not told" if bound.low is None else f"{bound.low:.3f}"
    high = "not reached" if bound.high is None else f"{bound.high:.3f}"
    note = f" ({bound.note})" if bound.note else ""
    return f"{bound.value:.4g} [{low}, {high}], keeps {bound.kept:.0%} of what is right{note}"


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
