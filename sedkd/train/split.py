"""Recordings of one split together with their tensors, and a model's answers for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sedkd.data.recordings import Recording
from sedkd.features.settings import STUDENT_FEATURES, FeatureSettings
from sedkd.models.frame import FrameModel
from sedkd.models.settings import STRIDE
from sedkd.score.postprocess import Answers
from sedkd.train.corpus import Corpus
from sedkd.train.infer import fits, probabilities

FRAME_SECONDS = STRIDE * STUDENT_FEATURES.frame_seconds  # of a student's answers


@dataclass(frozen=True)
class Split:
    """Recordings with their corpus on some model's grid; `heard` makes that of other features."""

    recordings: Sequence[Recording]
    corpus: Corpus
    heard: Callable[[FeatureSettings], Corpus] | None = field(default=None, compare=False)
    _others: dict[FeatureSettings, Corpus] = field(default_factory=dict, init=False, compare=False)

    def answers(self, model: FrameModel) -> Answers:
        """The model's probabilities for this split; its labels must be the corpus's."""
        return self.answers_from(probabilities(model, self.heard_by(model)), model.labels, model.frame_seconds)

    def heard_by(self, model: FrameModel) -> Corpus:
        """The corpus of the features that the model hears, made once for each. ValueError where it cannot be made."""
        if fits(model, self.corpus):
            return self.corpus
        if self.heard is None:
            raise ValueError(f"a corpus of other features than the model's: {model.features}")
        if model.features not in self._others:
            self._others[model.features] = self.heard(model.features)
        return self._others[model.features]

    def answers_from(self, found: Sequence[np.ndarray], labels: tuple[str, ...], frame_seconds: float) -> Answers:
        """See `answers_of`."""
        return answers_of(found, self.recordings, labels, frame_seconds)


def answers_of(
    found: Sequence[np.ndarray], recordings: Sequence[Recording], labels: tuple[str, ...], frame_seconds: float
) -> Answers:
    """Probabilities `[frames, labels]` per recording, joined by what is known of the recordings.

    They are 0 for labels that nobody listened for in a recording, where a detection is neither right nor wrong.
    """
    return Answers(
        [_where_heard(p, r, labels) for p, r in zip(found, recordings, strict=True)],
        [r.filename for r in recordings],
        [r.duration for r in recordings],
        [r.events or () for r in recordings],
        labels,
        frame_seconds,
    )


def _where_heard(probability: np.ndarray, recording: Recording, labels: tuple[str, ...]) -> np.ndarray:
    if recording.listened is None:
        return probability
    return np.where([label in recording.listened for label in labels], probability, 0).astype(probability.dtype)
