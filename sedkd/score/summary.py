"""All scores of one system on one split, as flat numbers."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sedkd.score.alarms import alarm_rate
from sedkd.score.f1 import event_f1, segment_f1
from sedkd.score.postprocess import Answers, PostProcessing
from sedkd.score.thresholding import operating_points, smooth

PSDS_THRESHOLDS = 50

Score = Callable[[Answers, PostProcessing], float | None]


@dataclass(frozen=True)
class Scores:
    """`values`: f1_segment, f1_segment_micro, f1_event, f1_event_micro and, where asked for, psds1 and psds2, as
    fractions; None where the split holds nothing to be found; and fa_per_hour (`sedkd.score.alarms`). `per_class`:
    label -> its f1_segment and f1_event (None where the split holds no such event), and its fa_per_hour."""

    values: Mapping[str, float | None]
    per_class: Mapping[str, Mapping[str, float | None]]
    support: Mapping[str, int]


def score(
    answers: Answers,
    post: PostProcessing,
    with_psds: bool,
    also: Mapping[str, Score] | None = None,
    negatives: Answers | None = None,
) -> Scores:
    """Score a system's answers after post-processing; PSDS uses the smoothed probabilities at 50 thresholds. `also`:
    further scores by name. `negatives`: answers for recordings without events, whose false alarms count as well."""
    truth = {
        name: [event for event in events if event.event_label in answers.labels]
        for name, events in zip(answers.filenames, answers.truth, strict=True)
    }
    durations = dict(zip(answers.filenames, answers.durations, strict=True))
    detections = answers.detections(post)
    segment = segment_f1(truth, detections, durations, answers.labels)
    event = event_f1(truth, detections, answers.labels)
    values = {
        "f1_segment": segment.macro,
        "f1_segment_micro": segment.micro,
        "f1_event": event.macro,
        "f1_event_micro": event.micro,
    }
    if with_psds:
        values |= _psds(answers, post, truth, durations)
    values |= {name: compute(answers, post) for name, compute in (also or {}).items()}
    quiet = negatives.detections(post) if negatives else {}
    heard = Counter(each.event_label for events in quiet.values() for each in events)
    rate = alarm_rate(event, durations, heard, sum(negatives.durations) if negatives else 0.0)
    values["fa_per_hour"] = rate.total if rate else None
    per_class = {
        label: {
            "f1_segment": segment.per_class[label],
            "f1_event": event.per_class[label],
            "fa_per_hour": rate.per_class[label] if rate else None,
        }
        for label in answers.labels
    }
    return Scores(values, per_class, dict(segment.support))


def _psds(
    answers: Answers, post: PostProcessing, truth: Mapping, durations: Mapping[str, float]
) -> dict[str, float | None]:
    from sedkd.score.psds import psds

    smoothed = {
        name: smooth(p, post.median_frames) for name, p in zip(answers.filenames, answers.probabilities, strict=True)
    }
    thresholds = (np.arange(PSDS_THRESHOLDS) + 0.5) / PSDS_THRESHOLDS
    points = operating_points(smoothed, answers.frame_seconds, answers.labels, thresholds)
    report = psds(truth, durations, points, answers.labels)
    return {"psds1": report.psds1, "psds2": report.psds2}
