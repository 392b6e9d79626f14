"""What all trials of a study share: one environment's clips, features and teacher, prepared once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording, digest_of
from sedkd.environment import Environment
from sedkd.errors import UserError
from sedkd.features.logmel import STUDENT_FEATURES
from sedkd.features.pack import features_of
from sedkd.models.frame import FrameModel
from sedkd.models.student import STRIDE
from sedkd.progress import Progress, counting
from sedkd.score.postprocess import Answers
from sedkd.teach.targets import for_labels, teacher_outputs
from sedkd.teach.teacher import Teacher
from sedkd.train.corpus import Corpus, corpus_from
from sedkd.train.infer import probabilities

FRAME_SECONDS = STRIDE * STUDENT_FEATURES.frame_seconds


@dataclass(frozen=True)
class Split:
    """Recordings with their corpus on the student's grid."""

    recordings: Sequence[Recording]
    corpus: Corpus

    def answers(self, model: FrameModel) -> Answers:
        """The model's probabilities for this split; its labels must be the corpus's."""
        return Answers(
            probabilities(model, self.corpus),
            [r.filename for r in self.recordings],
            [r.duration for r in self.recordings],
            [r.events or () for r in self.recordings],
            model.labels,
            model.frame_seconds,
        )


@dataclass
class Task:
    """One environment, the events to detect there, and a teacher. Nothing here reaches the test split."""

    pool: Pool
    environment: Environment
    events: tuple[str, ...]
    teacher: Teacher
    device: torch.device
    progress: Progress | None = None

    def __post_init__(self) -> None:
        missing = [label for label in self.events if label not in self.teacher.model.labels]
        if missing:
            raise UserError(
                f"the teacher ({self.teacher.origin}) does not know {missing[0]!r}; "
                "narrow --events, or train another teacher"
            )

    @cached_property
    def training(self) -> Split:
        """The environment's labelled and unlabelled training clips with the teacher's targets for its events."""
        name = self.environment.name
        recordings = [*self.pool.training(name), *self.pool.unlabeled(name)]
        return self._taught(recordings, self.events)

    @cached_property
    def validation(self) -> Split:
        recordings = self.pool.validation(self.environment.name)
        return self.split(recordings)

    @cached_property
    def generic(self) -> Split:
        """Every environment's labelled training clips with the teacher's targets for all labels it shares with them."""
        recordings = [recording for name in self.pool.environments for recording in self.pool.training(name)]
        shared = tuple(label for label in self.pool.labels if label in self.teacher.model.labels)
        return self._taught(recordings, shared)

    @cached_property
    def generic_digest(self) -> str:
        """Names the generic clips and their annotations, for cache keys."""
        return digest_of(self.generic.recordings)

    def split(self, recordings: Sequence[Recording]) -> Split:
        """Recordings of this environment with their corpus for its events."""
        return self._split(recordings, self.events)

    @property
    def has_unlabeled(self) -> bool:
        return len(self.training.corpus.unlabeled) > 0

    @property
    def has_generic(self) -> bool:
        """Whether a generic student would know more than this environment's own clips."""
        return len(self.pool.environments) > 1

    def _taught(self, recordings: Sequence[Recording], labels: tuple[str, ...]) -> Split:
        split = self._split(recordings, labels)
        report = counting(self.progress, "computing the teacher's targets")
        outputs = teacher_outputs(self.teacher, recordings, self.pool, split.corpus, FRAME_SECONDS, report)
        targets = for_labels(outputs, self.teacher.model.labels, labels)
        return Split(recordings, split.corpus.taught_by(targets).to(self.device))

    def _split(self, recordings: Sequence[Recording], labels: tuple[str, ...]) -> Split:
        pack = features_of(recordings, STUDENT_FEATURES, counting(self.progress, "computing features"))
        return Split(
            recordings,
            corpus_from(recordings, pack, STRIDE, FRAME_SECONDS, labels, self.pool.annotated).to(self.device),
        )
