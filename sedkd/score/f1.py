"""Segment-based and event-based F1, counted by sed_eval (Mesaros et al., Applied Sciences 2016)."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedkd.data.events import Event, clip_to, require_known_files
from sedkd.errors import UserError
from sedkd.score.stretches import stretches

COLLAR = 0.2  # seconds, of event-based F1 as everywhere (DCASE)


@dataclass(frozen=True)
class F1Report:
    """F1 as fractions between 0 and 1; None where it is undefined.

    macro: mean of `per_class` over the classes that occur in the truth; None where no class does.
    micro: from the counts of all classes together, so false alarms for absent classes lower it;
        None where there is neither a reference nor a detection.
    per_class: None for a class that is absent from the truth; 0 for one that occurs and was never detected.
    precision: per class; None where nothing was detected. recall: per class; None where nothing was to be found.
    support: reference events per class. false_alarms: detections per class that are right nowhere (segments of them,
        where segments are counted).
    """

    macro: float | None
    micro: float | None
    per_class: dict[str, float | None]
    precision: dict[str, float | None]
    recall: dict[str, float | None]
    support: dict[str, int]
    false_alarms: dict[str, int]


def segment_f1(
    truth: Mapping[str, Sequence[Event]],
    detections: Mapping[str, Sequence[Event]],
    durations: Mapping[str, float] | None = None,
    labels: Sequence[str] | None = None,
    segment_seconds: float = 1.0,
) -> F1Report:
    """F1 over segments of `segment_seconds` (onsets rounded down, offsets up) of every file of `truth`.

    Args:
        truth: filename -> events. Files without events belong in it: false alarms there count.
        detections: filename -> events; a file that is missing has none.
        durations: filename -> seconds; what lies past a file's end is cut. None: each file reaches to the latest
            offset in truth or detections, which is how the DESED tools score.
        labels: the classes to score; events of other classes are left out on both sides. None: all that occur.

    Raises:
        UserError: `truth` lists no file, `detections` names a file that it does not, or a duration is missing.
    """
    labels = _scored(truth, detections, labels)
    truth = _clipped(truth, durations)
    metrics = _sound_event().SegmentBasedMetrics(_coded(labels), time_resolution=segment_seconds)
    for _ in _count(metrics, truth, detections, labels, durations):
        pass
    return _report(metrics, truth, labels)


def segment_counts(
    truth: Mapping[str, Sequence[Event]],
    detections: Mapping[str, Sequence[Event]],
    durations: Mapping[str, float],
    labels: Sequence[str],
) -> NDArray[np.int64]:
    """What `segment_f1` counts, `[files, labels, 3]`: hits, detections and references of each file of `truth`.

    F1 of any set of files is `2 hits / (detections + references)` of their sums. `labels` in the order given.
    """
    _scored(truth, detections, labels)
    metrics = _sound_event().SegmentBasedMetrics(_coded(labels), time_resolution=1.0)
    return _per_file(_count(metrics, _clipped(truth, durations), detections, labels, durations), labels)


def event_counts(
    truth: Mapping[str, Sequence[Event]], detections: Mapping[str, Sequence[Event]], labels: Sequence[str]
) -> NDArray[np.int64]:
    """What `event_f1` counts with its usual collars, as in `segment_counts`."""
    _scored(truth, detections, labels)
    metrics = _sound_event().EventBasedMetrics(_coded(labels), t_collar=COLLAR, percentage_of_length=0.2)
    return _per_file(_count_events(metrics, truth, detections, labels, COLLAR), labels)


def event_f1(
    truth: Mapping[str, Sequence[Event]],
    detections: Mapping[str, Sequence[Event]],
    labels: Sequence[str] | None = None,
    onset_collar: float = COLLAR,
    offset_collar: float = COLLAR,
    offset_fraction: float = 0.2,
) -> F1Report:
    """F1 over events: a detection is right when onset and offset lie within the collars of a reference event.

    The offset may be off by `offset_collar` or `offset_fraction` of the reference's length, whichever is larger;
    each reference matches one detection at most (largest matching). Collars in seconds.
    Arguments and errors otherwise as in `segment_f1`; events are not cut at the end of their file.

    Raises:
        ValueError: the two collars differ, which sed_eval cannot count.
    """
    if onset_collar != offset_collar:
        raise ValueError(f"sed_eval has one collar for both ends, not {onset_collar} and {offset_collar} s")
    labels = _scored(truth, detections, labels)
    metrics = _sound_event().EventBasedMetrics(
        _coded(labels), t_collar=float(onset_collar), percentage_of_length=float(offset_fraction)
    )
    for _ in _count_events(metrics, truth, detections, labels, onset_collar):
        pass
    return _report(metrics, truth, labels)


def _clipped(
    truth: Mapping[str, Sequence[Event]], durations: Mapping[str, float] | None
) -> Mapping[str, Sequence[Event]]:
    if durations is None:
        return truth
    for filename in truth:
        if filename not in durations:
            raise UserError(f"no duration is given for {filename!r}: add it to the table of durations")
    return {filename: clip_to(events, durations[filename]) for filename, events in truth.items()}


def _count(
    metrics: Any,
    truth: Mapping[str, Sequence[Event]],
    detections: Mapping[str, Sequence[Event]],
    labels: Sequence[str],
    durations: Mapping[str, float] | None,
) -> Iterator[Any]:
    """Feed file after file to sed_eval, which sums up; yields its metrics after each."""
    for filename, events in truth.items():
        found, length = detections.get(filename, ()), {}
        if durations is not None:  # sed_eval cuts at the end of a whole segment only
            found = clip_to(found, durations[filename])
            length = {"evaluated_length_seconds": durations[filename]}
        metrics.evaluate(_as_dicts(events, labels), _as_dicts(found, labels), **length)
        yield metrics


def _count_events(
    metrics: Any,
    truth: Mapping[str, Sequence[Event]],
    detections: Mapping[str, Sequence[Event]],
    labels: Sequence[str],
    collar: float,
) -> Iterator[Any]:
    """The same for events, stretch after stretch of a file."""
    for filename, events in truth.items():
        for references, found in stretches(events, detections.get(filename, ()), collar):
            metrics.evaluate(_as_dicts(references, labels), _as_dicts(found, labels))
        yield metrics


def _per_file(states: Iterator[Any], labels: Sequence[str]) -> NDArray[np.int64]:
    sums = [
        [[metrics.class_wise[_code(label)][name] for name in ("Ntp", "Nsys", "Nref")] for label in labels]
        for metrics in states
    ]
    return np.diff(np.asarray(sums), axis=0, prepend=0).astype(np.int64)


def _sound_event() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dcase_util imports pkg_resources, which announces its own end
        from sed_eval import sound_event
    return sound_event


def _scored(
    truth: Mapping[str, Sequence[Event]], detections: Mapping[str, Sequence[Event]], labels: Sequence[str] | None
) -> list[str]:
    if not truth:
        raise UserError("the ground truth lists no file: there is nothing to score")
    require_known_files(detections, truth, "the table of detections")
    if labels is not None:
        return sorted(set(labels))
    every_file = [*truth.values(), *detections.values()]
    return sorted({event.event_label for events in every_file for event in events})


def _code(label: str) -> str:
    """A label as sed_eval is given it: dcase_util, inside, takes the word "none" for no label at all."""
    return f"class {label}"


def _coded(labels: Sequence[str]) -> list[str]:
    return [_code(label) for label in labels]


def _as_dicts(events: Sequence[Event], labels: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"event_onset": event.onset, "event_offset": event.offset, "event_label": _code(event.event_label)}
        for event in events
        if event.event_label in labels
    ]


def _report(metrics: Any, truth: Mapping[str, Sequence[Event]], labels: Sequence[str]) -> F1Report:
    # From sed_eval's counts and not its F: that is NaN for a class without any detection, which would leave the
    # missed classes out of the macro mean.
    counts = {label: metrics.class_wise[_code(label)] for label in labels}
    per_class = {
        label: _ratio(2 * count["Ntp"], count["Nref"] + count["Nsys"]) if count["Nref"] else None
        for label, count in counts.items()
    }
    defined = [value for value in per_class.values() if value is not None]
    support = dict.fromkeys(labels, 0)
    for events in truth.values():
        for event in events:
            if event.event_label in support:
                support[event.event_label] += 1
    return F1Report(
        macro=sum(defined) / len(defined) if defined else None,
        micro=_ratio(2 * metrics.overall["Ntp"], metrics.overall["Nref"] + metrics.overall["Nsys"]),
        per_class=per_class,
        precision={label: _ratio(count["Ntp"], count["Nsys"]) for label, count in counts.items()},
        recall={label: _ratio(count["Ntp"], count["Nref"]) for label, count in counts.items()},
        support=support,
        false_alarms={label: int(count["Nsys"] - count["Ntp"]) for label, count in counts.items()},
    )


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
