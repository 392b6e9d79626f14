"""What all trials of a study share: one environment's clips, features and teacher, prepared once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from sedkd.data.environment import Environment
from sedkd.data.impulse_responses import ImpulseResponse
from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording, digest_of, without_labels
from sedkd.disk.json_file import digest
from sedkd.errors import UserError
from sedkd.features.pack import Pack, features_of
from sedkd.features.settings import STUDENT_FEATURES, FeatureSettings
from sedkd.models.settings import StudentSettings
from sedkd.progress import Progress, counting
from sedkd.score.postprocess import Answers, tune
from sedkd.score.summary import score
from sedkd.teach.adapt import Labelled, adapted, learnt_from
from sedkd.teach.adapt import lack as adapting_lacks
from sedkd.teach.choice import TeacherSettings
from sedkd.teach.ensemble import combined, weights_from
from sedkd.teach.targets import for_labels, teacher_outputs
from sedkd.teach.teacher import Teacher
from sedkd.train.corpus import Corpus, TeacherOutputs, corpus_from, heard_twice, outputs_joined, with_foreign
from sedkd.train.split import FRAME_SECONDS, Split


@dataclass
class Task:
    """One environment, the events to detect there, and who teaches. Nothing here reaches the test split.

    `others` are further teachers, for ensembles with `teacher`. Where there are `responses`, students hear every
    training clip a second time, through one of them, with the teacher's answers to the clip as it is. `features` are
    those of its corpora: students that hear others have a task of their own (`heard_by`).
    """

    pool: Pool
    environment: Environment
    events: tuple[str, ...]
    teacher: Teacher
    device: torch.device
    progress: Progress | None = None
    others: tuple[Teacher, ...] = ()
    responses: tuple[ImpulseResponse, ...] = ()
    features: FeatureSettings = STUDENT_FEATURES

    def __post_init__(self) -> None:
        self._made: dict[tuple, Any] = {}
        for teacher in self.teachers:
            missing = [label for label in self.events if label not in teacher.model.labels]
            if missing:
                raise UserError(
                    f"the teacher ({teacher.origin}) does not know {missing[0]!r}; "
                    "narrow --events, or train another teacher"
                )

    def heard_by(self, student: StudentSettings) -> "Task":
        """The same task for students that hear as this one does; made once for each front end."""
        if student.features == self.features:
            return self
        return self._once(("features", student.features), lambda: replace(self, features=student.features))

    @property
    def teachers(self) -> tuple[Teacher, ...]:
        return (self.teacher, *self.others)

    @property
    def all_labels(self) -> tuple[str, ...]:
        """The events, and behind them what else the environments annotate and every teacher knows."""
        known = set.intersection(*(set(teacher.model.labels) for teacher in self.teachers))
        rest = tuple(label for label in self.pool.labels if label in known and label not in self.events)
        return self.events + rest

    def labels(self, settings: TeacherSettings | None) -> tuple[str, ...]:
        """The labels that a student trains for; None: without a teacher."""
        if settings is None or settings.targets == "own":
            return self.events
        if settings.targets == "all":
            return self.all_labels
        return tuple(label for label in self.all_labels if label in self.environment.events)

    @cached_property
    def training(self) -> Split:
        """The environment's labelled and unlabelled training clips with the teacher's targets for its events; where
        there are `responses` the corpus holds each recording twice."""
        return replace(self._own(self.events), corpus=self.corpus(TeacherSettings()))

    @cached_property
    def statistics(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and standard deviation `[n_mels]` of the training clips' features, on the CPU."""
        mean, deviation = self.training.corpus.statistics()
        return mean.cpu(), deviation.cpu()

    @property
    def targets(self) -> TeacherOutputs:
        """The first teacher's outputs for the events on the training clips."""
        found = self.training.corpus.teacher
        assert found is not None
        return found

    def lack(self, settings: TeacherSettings) -> str | None:
        """Why these teachers cannot teach like this; None where they can."""
        if settings.adaptation != "adapted":
            return None
        reasons = (adapting_lacks(teacher, self._channels(teacher)) for teacher in self._asked(settings))
        return next((reason for reason in reasons if reason), None)

    def corpus(self, settings: TeacherSettings | None, foreign: bool = False) -> Corpus:
        """The training clips as `settings` would have them taught (None: not at all), on the task's device.

        `foreign` puts the other environments' labelled and unlabelled clips behind them, their annotations hidden.
        Where there are `responses`, all of them follow once more, as heard through these.
        """

        def make() -> Corpus:
            labels = self.labels(settings)
            clips = self._once(("clips", labels, foreign), lambda: self._heard(labels, foreign))
            if settings is None:
                return clips
            outputs = self._outputs(settings, foreign, labels)
            return clips.taught_by(outputs_joined([outputs, outputs]) if self.responses else outputs)

        return self._once(("corpus", settings, foreign), make)  # the students of a comparison share it

    @cached_property
    def validation(self) -> Split:
        recordings = self.pool.validation(self.environment.name)
        return self.split(recordings)

    @cached_property
    def negatives(self) -> Split | None:
        """Recordings without any of the events, where there are some."""
        recordings = self.pool.negatives(self.environment.name)
        return self.split(recordings) if recordings else None

    def validated(self, hear: Callable[[Split], Answers]) -> tuple[Answers, Answers | None]:
        """What somebody answers for validation and, where there are some, for recordings without any of the events."""
        return hear(self.validation), hear(self.negatives) if self.negatives else None

    @cached_property
    def generic(self) -> Split:
        """Every environment's labelled training clips with the teacher's targets for all labels it shares with them."""
        recordings = self._generic_clips
        shared = tuple(label for label in self.pool.labels if label in self.teacher.model.labels)
        split = self._split(recordings, shared)
        outputs = for_labels(self._answers_of(self.teacher, split), self.teacher.model.labels, shared)
        return replace(split, corpus=split.corpus.taught_by(outputs).to(self.device))

    @cached_property
    def clips_digest(self) -> str:
        """Names the environment's clips and their annotations: which train, and which validate."""
        return digest([digest_of(self.training.recordings), digest_of(self.validation.recordings)])

    @cached_property
    def generic_digest(self) -> str:
        """Names the generic clips and their annotations, for cache keys."""
        return digest_of(self._generic_clips)

    @cached_property
    def foreign_digest(self) -> str:
        """Names the other environments' clips. Soundscapes are named by their folder, without being made for it."""
        if self.pool.synthetic:
            return self.pool.root.name
        return digest_of([without_labels(r) for name in self._elsewhere for r in self._clips(name)])

    def split(self, recordings: Sequence[Recording]) -> Split:
        """Recordings of this environment with their corpus for its events."""
        found = self._split(recordings, self.events)
        return replace(found, corpus=found.corpus.to(self.device))

    def teacher_answers(self, split: Split, teacher: Teacher | None = None) -> Answers:
        """A teacher's probabilities (the first one's unless told) for the task's events, on the student's grid."""
        teacher = teacher or self.teacher
        own = for_labels(self._answers_of(teacher, split), teacher.model.labels, self.events)
        probability = torch.sigmoid(own.logits.float()).numpy()
        return split.answers_from(
            [probability[a:b] for a, b in pairwise(split.corpus.out_starts.tolist())], self.events, FRAME_SECONDS
        )

    def adapted(self, teacher: Teacher) -> Teacher:
        """The teacher after it was adapted to this environment's labelled clips, as far as validation gains (see
        `sedkd.teach.adapt`)."""

        def labelled(recordings: Sequence[Recording]) -> Labelled:
            split = self._split(recordings, teacher.model.labels)
            frames = split.corpus.known_frames()
            rows = learnt_from(frames)
            return Labelled(self._answers_of(teacher, split).embeddings[rows], split.corpus.targets[rows], frames[rows])

        def make() -> Teacher:
            clips, held_out = self._clips(self.environment.name), self.pool.validation(self.environment.name)
            return adapted(teacher, labelled(clips), labelled(held_out), self.environment.name)

        return self._once(("adapted", teacher.key), make)

    @property
    def has_unlabeled(self) -> bool:
        return len(self.training.corpus.unlabeled) > 0

    @property
    def has_weak(self) -> bool:
        """Whether clip-level labels are there for strategies that pool over time."""
        return self.training.corpus.tagged is not None

    @property
    def has_generic(self) -> bool:
        """Whether a generic student, or other environments' clips, would tell more than this environment's own."""
        return len(self.pool.environments) > 1

    @property
    def _generic_clips(self) -> list[Recording]:
        return [recording for name in self.pool.environments for recording in self.pool.training(name)]

    @property
    def _elsewhere(self) -> list[str]:
        return [name for name in self.pool.environments if name != self.environment.name]

    def _clips(self, name: str) -> list[Recording]:
        pool = self.pool
        return [*pool.training(name), *pool.weak(name), *pool.reviewed(name), *pool.unlabeled(name)]

    def _own(self, labels: tuple[str, ...]) -> Split:
        return self._split(self._clips(self.environment.name), labels)

    def _splits(self, labels: tuple[str, ...], foreign: bool) -> list[Split]:
        """The environment's own training clips and, where asked for, those of each other environment."""
        elsewhere = (
            [self._split([*map(without_labels, self._clips(name))], labels) for name in self._elsewhere]
            if foreign
            else []
        )
        return [self._own(labels), *elsewhere]

    def _joined(self, labels: tuple[str, ...], foreign: bool) -> Corpus:
        own, *others = [split.corpus for split in self._splits(labels, foreign)]
        return (with_foreign(own, others) if foreign else own).to(self.device)

    def _heard(self, labels: tuple[str, ...], foreign: bool) -> Corpus:
        clips = self._joined(labels, foreign)
        if not self.responses:
            return clips
        packs = [self._pack(split.recordings, self.features, self.responses) for split in self._splits(labels, foreign)]
        frames = torch.cat([torch.from_numpy(np.array(pack.rows)) for pack in packs])
        return heard_twice(clips, frames.to(self.device))

    def _outputs(self, settings: TeacherSettings, foreign: bool, labels: tuple[str, ...]) -> TeacherOutputs:
        teachers = self._asked(settings)
        if settings.adaptation == "adapted":
            teachers = tuple(self.adapted(teacher) for teacher in teachers)
        found = [for_labels(self._rows(teacher, foreign), teacher.model.labels, labels) for teacher in teachers]
        if len(found) == 1:
            return found[0]
        weighted = settings.ensemble == "weighted"
        scores = [self._class_scores(t, labels) if weighted else [None] * len(labels) for t in teachers]
        return combined(found, weights_from(scores))

    def _asked(self, settings: TeacherSettings) -> tuple[Teacher, ...]:
        return self.teachers[:1] if settings.ensemble == "first" else self.teachers

    def _channels(self, teacher: Teacher) -> int:
        """Of a teacher's embeddings; what they are, whatever its model says."""
        return self._rows(teacher, foreign=False).embeddings.shape[1]

    def _rows(self, teacher: Teacher, foreign: bool) -> TeacherOutputs:
        """A teacher's outputs for all its labels on the training clips, which all trials share."""

        def make() -> TeacherOutputs:
            found = [self._answers_of(teacher, split) for split in self._splits(self.events, foreign)]
            return outputs_joined(found).to(self.device)

        return self._once(("outputs", teacher.key, teacher.head is None, foreign), make)

    def _once(self, key: tuple, make: Callable[[], Any]) -> Any:
        """What `make` makes, made once for the task."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _class_scores(self, teacher: Teacher, labels: tuple[str, ...]) -> list[float | None]:
        """Segment F1 per label on validation, after tuning as a student's; None for labels that are no event here."""

        def make() -> Mapping[str, Mapping[str, float | None]]:
            answers = self.teacher_answers(self.validation, teacher)
            return score(answers, tune(answers, "f1_segment"), with_psds=False).per_class

        per_class = self._once(("scores", teacher.key, teacher.head is None), make)
        return [per_class[label]["f1_segment"] if label in per_class else None for label in labels]

    def _answers_of(self, teacher: Teacher, split: Split) -> TeacherOutputs:
        report = counting(self.progress, "computing the teacher's targets")
        return teacher_outputs(teacher, split.recordings, self.pool, split.corpus, FRAME_SECONDS, report)

    def _split(self, recordings: Sequence[Recording], labels: tuple[str, ...]) -> Split:
        def heard(features: FeatureSettings) -> Corpus:
            stride = round(FRAME_SECONDS / features.frame_seconds)
            pack = self._pack(recordings, features)
            return corpus_from(recordings, pack, stride, FRAME_SECONDS, labels, self.pool.annotated)

        return Split(recordings, heard(self.features), heard)

    def _pack(
        self, recordings: Sequence[Recording], features: FeatureSettings, responses: Sequence[ImpulseResponse] = ()
    ) -> Pack:
        heard = "computing features as heard through impulse responses" if responses else "computing features"
        return features_of(recordings, features, counting(self.progress, heard), responses)
