"""Tables of who is taken for whom, of the picked students."""

from search.show.page.findings import Findings
from search.show.page.markup import Html, paragraph, shaded, table
from search.show.words import human
from search.study.trial_files import CONFUSION
from sedkd.score.confusion import Confusion

LEGEND = (
    "Who is taken for whom on validation and, where there are any, recordings without events: of the seconds of a "
    "row's event, the share in which each column's event was detected. Right ones stand on the diagonal; elsewhere "
    "only those seconds count in which the column's event was not there as well. Several events may sound, or be "
    "detected, at once, so that a row need not sum up to 100 %."
)


def confusions(found: Findings) -> list[str]:
    """A table for each pick of which it was kept, and how to read them."""
    tables = [_table(kept, title) for _, title, kept in found.of_picks(CONFUSION) if kept.occurs]
    return [paragraph(LEGEND), *tables] if tables else []


def _table(kept: Confusion, title: str) -> str:
    seconds, missed = [*kept.true, kept.silence], [*kept.missed, None]
    rows = [
        [
            label,
            *(_cell(share, right=i == j) for j, share in enumerate(shares)),
            None if missed[i] is None else f"{missed[i]:.0%}",
            human(seconds[i]),
        ]
        for i, (label, shares) in enumerate(zip([*kept.labels, "no event"], kept.shares, strict=True))
    ]
    head = ["there", *(f"{label} detected" for label in kept.labels), "missed", "seconds"]
    return table(f"Who is taken for whom, {title}", head, rows)


def _cell(share: float | None, right: bool) -> Html | None:
    return None if share is None else shaded(share, "right" if right else "wrong")
