"""Long files in parts that have nothing to do with each other: sed_eval compares all events of a file with all."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf

from sedkd.data.events import Event

FEWEST_EVENTS = 40  # of a part: with fewer the calls of sed_eval take longer, with more the comparing


def stretches(
    truth: Sequence[Event], detections: Sequence[Event], collar: float
) -> Iterator[tuple[list[Event], list[Event]]]:
    """References and detections of one file, part after part; one part where the file has few events, or none.

    Between the last onset of a part and the first one of the next lie more than `collar` seconds, so that no detection
    is matched across, and the sums of what the parts count are what the file counts.
    """
    references, found = (sorted(events, key=_onset) for events in (truth, detections))
    cuts = [-inf, *_cuts(sorted(map(_onset, (*references, *found))), collar), inf]
    for begin, end in pairwise(cuts):
        yield _between(references, begin, end), _between(found, begin, end)


def _cuts(onsets: Sequence[float], collar: float) -> Iterator[float]:
    """Of sorted onsets those with which a part begins, but the first."""
    begun = 0
    for place, (onset, following) in enumerate(pairwise(onsets), start=1):
        if following - onset > collar and place - begun >= FEWEST_EVENTS:
            yield following
            begun = place


def _between(events: list[Event], begin: float, end: float) -> list[Event]:
    return events[bisect_left(events, begin, key=_onset) : bisect_left(events, end, key=_onset)]


def _onset(event: Event) -> float:
    return event.onset
