"""What a person should know of the tables that are scored: a line each."""

from collections import Counter
from collections.abc import Sequence

from sedkd.data.events import Annotations, merge_touching
from sedkd.data.folders import without_audio_suffix

FEW_LABELS, FEW_SPANS = 2, 3  # one label may be heard in every span, and two in two of them


def touching(truth: Annotations, detections: Annotations) -> list[str]:
    """A note where references are one event for a search, and several here; another where detections are."""
    notes = []
    windows = "; join those of a system that answers window by window before event F1 is to tell something"
    for kind, annotations, mend in (("reference event", truth, ""), ("detection", detections, windows)):
        apart = sum(len(events) - len(merge_touching(events)) for events in annotations.values())
        if apart:
            which = f"one {kind} touches or overlaps" if apart == 1 else f"{apart} {kind}s touch or overlap"
            notes.append(
                f"{which} another of the same label: counted as they stand, where a search takes what touches for "
                f"one{mend}"
            )
    return notes


def called_twice(truth: Annotations) -> list[str]:
    """A note where the ground truth lists two files that are called alike but for an audio file's ending."""
    stems = Counter(without_audio_suffix(name) for name in truth)
    twice = [name for name in truth if stems[without_audio_suffix(name)] > 1]
    if not twice:
        return []
    one, other = [name for name in twice if without_audio_suffix(name) == without_audio_suffix(twice[0])][:2]
    return [f"the ground truth lists {one!r} and {other!r}, and counts both: if they are one file, call it by one name"]


def every_label_at_once(detections: Annotations) -> list[str]:
    """A note where each span has a row for each label: a table of scores, of which all would count as detections."""
    events = [(name, event) for name, events in detections.items() for event in events]
    labels = {event.event_label for _, event in events}
    spans = {(name, event.onset, event.offset) for name, event in events}
    if len(labels) < FEW_LABELS or len(spans) < FEW_SPANS or len(events) < len(labels) * len(spans):
        return []
    return [
        f"detections have a row for each of {len(labels)} labels at each of {len(spans)} spans, as scores have: every "
        "row counts as a detection, whatever other columns say: keep those above your threshold"
    ]


def at_any_confidence(confidences: Sequence[float]) -> list[str]:
    """A note where detections tell how sure they are, in rising order: what is scored is decided by the table alone."""
    if len(confidences) < 2:
        return []
    return [
        f"tells confidences from {confidences[0]:g} to {confidences[-1]:g}, and every row counts as a detection: leave "
        "out those below your threshold, or give a table for each threshold with --operating-points"
    ]
