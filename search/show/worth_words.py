"""What more labels and more trials are worth, and how long a search takes, as lines for who begins."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from search.pareto.worth import LabelsWorth, TrialsWorth, comparisons_in, labels_worth, trials_worth
from search.study.store import Store
from search.study.view import StudyView
from sedkd.data.datasets.dataset import VALIDATION
from sedkd.data.datasets.facts import EventCount, environments_in, event_counts, most_helpful
from sedkd.data.datasets.survey import Survey
from sedkd.words import several

MORE = 20  # labels of an event: an evening's work
COARSE = 0.15  # half an interval of recall, above which it hides what two students differ by
Z = 1.96  # deviations on either side of 95 %


def helpful_lines(found: Survey, store: Store, studies: Sequence[StudyView]) -> Iterator[str]:
    """What would help most, a line each, and of which environment where there are several: by counting, and by what
    the comparisons of a store and its `studies`, the latest first, measured."""
    names, comparisons = environments_in(found), comparisons_in(store.root / "comparisons")
    for name in names:
        of = f"{name}: " if len(names) > 1 else ""
        yield from (of + line for line in _helpful_to(name, found, comparisons, studies))


def _helpful_to(
    name: str, found: Survey, comparisons: Sequence[Mapping[str, Any]], studies: Sequence[StudyView]
) -> Iterator[str]:
    counts = event_counts(found, name)
    yield from most_helpful(counts)
    validation = [part for part in found.parts if (part.environment, part.split) == (name, VALIDATION)]
    yield from blurred({event: n for part in validation for event, n in (part.events or {}).items()})
    labels = labels_worth(comparisons, name)
    if labels is not None and counts:
        yield from labels_lines(labels, counts)
    past = next((study for study in studies if study.facts["environment"] == name), None)
    trials = past and trials_worth(past)
    if trials:
        yield trials_line(trials)


def blurred(support: Mapping[str, int]) -> Iterator[str]:
    """A line per event whose recall validation tells roughly: `support` are its labels there.

    Half of Wilson's 95 % interval (1927) about a recall of one half, where it is widest.
    """
    for event, labels in support.items():
        half = Z / (2 * (labels + Z**2) ** 0.5)
        if half > COARSE:
            yield (
                f"event {event} has {several(labels, 'label')} in validation: its recall is known to "
                f"within {half:.2f} there; with four times as many to within {Z / (2 * (4 * labels + Z**2) ** 0.5):.2f}"
            )


def labels_lines(worth: LabelsWorth, counts: Sequence[EventCount]) -> Iterator[str]:
    """What twice the labelled clips brought, and what some more labels of the rarest event may."""
    numbers = " and ".join(map(str, worth.numbers))
    interval = f"[{_points(worth.low)}, {_points(worth.high)}]"
    yield (
        f"twice the labelled clips brought {_points(worth.mean)} {interval} points of segment F1 on test "
        f"({numbers} clips, {worth.architecture}, {worth.seeds} seeds, `sedkd compare --labels`)"
    )
    rarest = min(counts, key=lambda count: (count.labels, count.recordings))
    more = worth.of_more(rarest.event, rarest.labels, MORE)
    if more is not None:
        yield (
            f"{MORE} more labels of {rarest.event}, which has {rarest.labels}: about {_points(more)} points of its F1, "
            "if a doubling brings as much as those did"
        )


def trials_line(worth: TrialsWorth) -> str:
    """What the second half of a study brought."""
    half = worth.students - worth.students // 2
    return (
        f"the last {half} of the {worth.students} students of study {worth.study} raised the best {worth.quality} by "
        f"{100 * worth.gain:.1f} points to {worth.best:.3f} (validation)"
    )


def duration_words(seconds: float) -> str:
    """Roughly, as is known."""
    minutes = seconds / 60
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes:.0f} min" if minutes < 90 else f"about {minutes / 60:.1f} h"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"
