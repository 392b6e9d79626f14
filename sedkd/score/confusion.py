"""Who is taken for whom: what was told wrongly while something else sounded.

Several events may sound at once, so that there is no confusion matrix as of single labels. What is measured here are
seconds of co-detection: a class is wrong where it is detected and not true, and every other class that is true at
that moment had a part in it, whether it was detected itself or not. These are the cross-triggers of PSDS (Bilen et al.,
ICASSP 2020), in seconds instead of whole detections; a row and a column for "no event" are those of the multi-label
confusion matrix (Heydarian et al., IEEE Access 2022). sed_eval counts substitutions without saying of what by what
(Mesaros et al., Applied Sciences 2016).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sedkd.data.events import Event, clip_to
from sedkd.score.postprocess import Answers, PostProcessing


@dataclass(frozen=True)
class Confusion:
    """Seconds, of classes in the order of `labels`.

    detected: `[i][j]`, in which `j` was detected while `i` was true. For `i = j` that is right; otherwise only where
        `j` was not true as well. Where two classes are true, a wrong third counts once for each.
    quiet: `[j]`, in which `j` was detected while no class was true.
    true: `[i]`, in which `i` was true. silence: in which none was.
    """

    labels: Sequence[str]
    detected: Sequence[Sequence[float]]
    quiet: Sequence[float]
    true: Sequence[float]
    silence: float

    @property
    def shares(self) -> list[list[float | None]]:
        """`detected` out of `true`, and behind it a row of `quiet` out of `silence`; None where there is no time.

        A row need not sum up to 1: several classes may be detected at once, or none.
        """
        rows = zip([*self.detected, self.quiet], [*self.true, self.silence], strict=True)
        return [[seconds / whole if whole else None for seconds in row] for row, whole in rows]

    @property
    def missed(self) -> list[float | None]:
        """The share of each class's seconds in which it was not detected; None for one that is never true."""
        return [max(1 - self.detected[i][i] / whole, 0.0) if whole else None for i, whole in enumerate(self.true)]

    @property
    def occurs(self) -> bool:
        """Whether any class is ever true."""
        return any(self.true)


def confusion_of(answers: Answers, post: PostProcessing, negatives: Answers | None = None) -> Confusion:
    """Of the detections after `post`; `negatives` are answers for recordings without events."""
    size = len(answers.labels)
    detected, quiet, true, silence = np.zeros((size, size)), np.zeros(size), np.zeros(size), 0.0
    for part in (answers, negatives) if negatives else (answers,):
        found = part.detections(post)
        for name, events, duration in zip(part.filenames, part.truth, part.durations, strict=True):
            there, told, lengths = _spans(clip_to(events, duration), found[name], answers.labels, duration)
            wrong, none = told & ~there, ~there.any(axis=0)
            detected += (there * lengths) @ wrong.T + np.diag(((there & told) * lengths).sum(axis=1))
            quiet += (wrong * lengths) @ none
            true += there @ lengths
            silence += float(none @ lengths)
    return Confusion(list(answers.labels), _rounded(detected), _rounded(quiet), _rounded(true), round(silence, 6))


def _spans(
    truth: Iterable[Event], told: Iterable[Event], labels: Sequence[str], duration: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The spans between all onsets and offsets: what is true and what is told in each, both `[labels, spans]`, and how
    many seconds it has."""
    both = [[event for event in events if event.event_label in labels] for events in (truth, told)]
    times = {0.0, duration, *(time for events in both for event in events for time in (event.onset, event.offset))}
    edges = np.array(sorted(time for time in times if 0 <= time <= duration))
    active = np.zeros((2, len(labels), len(edges) - 1), dtype=bool)
    for number, events in enumerate(both):
        for event in events:
            first, end = np.searchsorted(edges, (event.onset, event.offset))
            active[number, labels.index(event.event_label), first:end] = True
    return active[0], active[1], np.diff(edges)


def _rounded(seconds: np.ndarray) -> list:
    return np.round(seconds, 6).tolist()
