"""The recording by which a report shows how a student hears."""

import numpy as np

from search.study.heard import Heard
from sedkd.data.events import clip_to
from sedkd.score.postprocess import Answers, PostProcessing
from sedkd.score.thresholding import smooth
from sedkd.train.split import Split

MOST_SECONDS = 60.0
MOST_COLUMNS = 500  # of the log-mel
SHADES_NEPERS = 12.0  # from the loudest down to black


def heard_of(split: Split, answers: Answers, post: PostProcessing) -> Heard:
    """The recording with the most different events, of these the one with the most of them, by name: all students are
    shown by the same."""
    number = min(range(len(answers.filenames)), key=lambda i: _rank(answers, i))
    seconds, name = min(answers.durations[number], MOST_SECONDS), answers.filenames[number]
    frames = int(np.ceil(seconds / answers.frame_seconds))
    probability = smooth(answers.probabilities[number], post.median_frames)[:frames]
    return Heard(
        name,
        seconds,
        answers.frame_seconds,
        list(answers.labels),
        list(post.thresholds),
        np.round(probability.astype(float), 3).tolist(),
        [event for event in clip_to(answers.truth[number], seconds) if event.event_label in answers.labels],
        clip_to(answers.detections(post)[name], seconds),
        _levels(split, number, seconds / answers.frame_seconds * split.corpus.stride),
    )


def _rank(answers: Answers, number: int) -> tuple[int, int, str]:
    labels = [event.event_label for event in answers.truth[number] if event.event_label in answers.labels]
    return -len(set(labels)), -len(labels), answers.filenames[number]


def _levels(split: Split, number: int, frames: float) -> np.ndarray:
    """The recording's log-mel `[bands, columns]` as bytes; neighbouring frames are averaged where there are many."""
    first, end = split.corpus.starts[number : number + 2].tolist()
    mel = split.corpus.frames[first : min(end, first + max(int(frames), 1))].float().cpu().numpy()
    step = -(-len(mel) // MOST_COLUMNS)
    whole = mel[: len(mel) // step * step].reshape(-1, step, mel.shape[1]).mean(axis=1)
    shade = 255 * (1 - (whole.max() - whole.T) / SHADES_NEPERS)
    return np.ascontiguousarray(shade.clip(0, 255).astype(np.uint8))
