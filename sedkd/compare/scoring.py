"""What one system's answers are worth, and the counts of which intervals and verdicts are made."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np

from sedkd.parallel import results
from sedkd.score.f1 import event_counts, segment_counts
from sedkd.score.postprocess import Answers, PostProcessing
from sedkd.score.summary import Scores, score

METRICS = ("f1_segment", "f1_event")  # those with intervals and verdicts
SECONDS = 4.0  # that a system takes, nearly all of them for PSDS
START_SECONDS = 4.0  # for a process to import sed_eval and psds_eval


class Scored(NamedTuple):
    """Scores with PSDS, and per F1 (see METRICS) the counts `[files, labels, 3]`."""

    scores: Scores
    counts: dict[str, np.ndarray]


def scored(systems: Sequence[tuple[Answers, PostProcessing]]) -> Iterator[Scored]:
    """Each system's scores, in order; by several processes where there are cores for them."""
    with closing(results(_scored, systems, SECONDS, START_SECONDS)) as found:
        yield from found


def counts_of(answers: Answers, post: PostProcessing) -> dict[str, np.ndarray]:
    """Per F1 (see METRICS), the counts `[files, labels, 3]` of a system's detections."""
    truth = {
        name: [event for event in events if event.event_label in answers.labels]
        for name, events in zip(answers.filenames, answers.truth, strict=True)
    }
    durations = dict(zip(answers.filenames, answers.durations, strict=True))
    detections = answers.detections(post)
    return {
        "f1_segment": segment_counts(truth, detections, durations, answers.labels),
        "f1_event": event_counts(truth, detections, answers.labels),
    }


def _scored(system: tuple[Answers, PostProcessing]) -> Scored:
    answers, post = system
    return Scored(score(answers, post, with_psds=True), counts_of(answers, post))
