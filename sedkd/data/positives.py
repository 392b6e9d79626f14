"""Splits without a single event of those that are searched for: nothing can be learnt or tuned on them."""

from collections.abc import Sequence

from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording
from sedkd.data.silence import events_in_silence
from sedkd.errors import UserError

_MISSED = {
    "train": "students cannot learn that",
    "validation": "no threshold can be tuned for that, and the scores leave it out",
}
_LOST = {
    "train": "there is nothing to learn from",
    "validation": "thresholds cannot be tuned, nor F1 computed",
}


def require_positives(pool: Pool, name: str, events: Sequence[str]) -> list[str]:
    """UserError when train or validation of an environment holds none of the events. Test stays sealed.

    Weak and soft labels count for train. Returns a line for each of the two that holds some of the events, and others
    not, and one where events are told of recordings that hold nothing.
    """
    training, validation = pool.training(name), pool.validation(name)
    there = {"train": taught([*training, *pool.weak(name)]), "validation": scored(validation)}
    lines = [] if pool.synthetic else events_in_silence([*training, *validation])
    for split, labels in there.items():
        missing = [event for event in events if event not in labels]
        if len(missing) == len(events):
            raise UserError(lack_of_events(pool, name, split, events))
        if missing:
            lines.append(lack_of_some(name, split, missing))
    return lines


def scored(recordings: Sequence[Recording]) -> set[str]:
    """The labels of a split's events."""
    return {event.event_label for recording in recordings for event in recording.events or ()}


def taught(recordings: Sequence[Recording]) -> set[str]:
    """The labels of a split's events, soft labels and tags."""
    soft = {event.event_label for recording in recordings for event, _ in recording.soft or ()}
    return scored(recordings) | soft | {tag for recording in recordings for tag in recording.tags or ()}


def lack_of_events(pool: Pool, name: str, split: str, events: Sequence[str]) -> str:
    """What to say of a split without any of the events, with the mend."""
    return (
        f"{pool.origin}: {split} of {name} holds none of the events ({', '.join(events)}), so that {_LOST[split]}; "
        f"put recordings with such events into {split}, or search for other --events"
    )


def lack_of_some(name: str, split: str, missing: Sequence[str]) -> str:
    """What to say of a split that holds others of the events."""
    return f"{name}: {split} holds no {', '.join(missing)}: {_MISSED[split]}"
