"""One student's life: built, initialised, trained, post-processed on validation, scored and costed."""

import time
from dataclasses import dataclass

import torch

from sedkd.configuration import Configuration
from sedkd.cost.latency import latency_ms_per_second
from sedkd.cost.macs import macs_per_second, parameter_count, weight_bytes
from sedkd.distill.registry import build_terms
from sedkd.distill.term import Sizes
from sedkd.generic import generic_student, start_from
from sedkd.models.student import Student
from sedkd.progress import Progress, counting
from sedkd.score.postprocess import PostProcessing, fast_segment_f1, tune
from sedkd.score.summary import Scores, score
from sedkd.task import Task
from sedkd.train.fit import Checkpoint, fit


@dataclass(frozen=True)
class Cost:
    """MACs per second of audio, trained parameters, bytes of float32 weights, milliseconds per second of audio."""

    macs: float
    params: int
    bytes: int
    latency: float | None = None


@dataclass(frozen=True)
class TrialResult:
    """A trained student, its post-processing, its scores on validation, its cost, its curve, the seconds it took."""

    student: Student
    post: PostProcessing
    scores: Scores
    cost: Cost
    curve: list[Checkpoint]
    seconds: float


def cost_before_training(configuration: Configuration, task: Task) -> Cost:
    """What is known of a configuration without training it: latency is left out, because it needs the machine quiet."""
    student = Student(configuration.student, task.events)
    return Cost(macs_per_second(student), parameter_count(student), weight_bytes(student))


def run_trial(
    configuration: Configuration,
    task: Task,
    criterion: str = "f1_segment",
    with_psds: bool = False,
    progress: Progress | None = None,
) -> TrialResult:
    """Train and score one student. `criterion` is the F1 for which thresholds and filters are chosen on validation.

    Raises:
        TrainingDiverged: the loss was not finite.
    """
    start = time.perf_counter()
    student = _initialised(configuration, task, progress)
    corpus = task.training.corpus
    sizes = Sizes(student.embedding_size, task.teacher.model.embedding_size, len(task.events))
    terms = build_terms(configuration.strategy, configuration.parameters, sizes)
    curve = fit(
        student.to(task.device),
        corpus,
        terms,
        configuration.train,
        evaluate=lambda model: fast_segment_f1(task.validation.answers(model)),
        progress=counting(progress, "training"),
    )
    answers = task.validation.answers(student)
    post = tune(answers, criterion)
    scores = score(answers, post, with_psds)
    cost = Cost(
        macs_per_second(student), parameter_count(student), weight_bytes(student), latency_ms_per_second(student)
    )
    return TrialResult(student.cpu(), post, scores, cost, curve, time.perf_counter() - start)


def _initialised(configuration: Configuration, task: Task, progress: Progress | None) -> Student:
    torch.manual_seed(configuration.train.seed)
    student = Student(configuration.student, task.events)
    if configuration.initialisation == "generic":
        generic = generic_student(configuration.student, task, counting(progress, "training the generic student"))
        start_from(student, generic)
    else:
        student.standardise_by(*(t.cpu() for t in task.training.corpus.statistics()))
    return student
