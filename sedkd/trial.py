"""One student's life: built, initialised, trained, post-processed on validation, scored and costed."""

import time
from dataclasses import dataclass

from sedkd.configuration import Configuration
from sedkd.cost.summary import Cost, cost_of
from sedkd.distill.registry import build_terms
from sedkd.distill.term import Sizes
from sedkd.generic import start_from
from sedkd.initialise import initialised
from sedkd.models.student import Student
from sedkd.progress import Progress, counting
from sedkd.score.postprocess import PostProcessing, fast_segment_f1, tune
from sedkd.score.summary import Scores, score
from sedkd.task import Task
from sedkd.train.fit import Checkpoint, fit


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
    return cost_of(Student(configuration.student, task.events), with_latency=False)


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
    student = initialised(
        configuration.student,
        task.labels(configuration.taught_by),
        configuration.initialisation,
        task,
        configuration.train.seed,
        progress,
    )
    foreign = configuration.train.foreign_share > 0 and task.has_generic
    corpus = task.corpus(configuration.taught_by, foreign)
    sizes = Sizes(student.embedding_size, task.teacher.model.embedding_size, len(student.labels))
    terms = build_terms(configuration.strategy, configuration.parameters, sizes)
    curve = fit(
        student.to(task.device),
        corpus,
        terms,
        configuration.train,
        evaluate=lambda model: fast_segment_f1(task.validation.answers(model)),
        progress=counting(progress, "training"),
    )
    student = _restricted(student, task.events)
    answers = task.validation.answers(student)
    post = tune(answers, criterion)
    scores = score(answers, post, with_psds)
    return TrialResult(student.cpu(), post, scores, cost_of(student), curve, time.perf_counter() - start)


def _restricted(student: Student, events: tuple[str, ...]) -> Student:
    """The student without the labels that only served its training."""
    if student.labels == events:
        return student
    own = Student(student.settings, events, student.features)
    start_from(own, student)
    return own.to(student.mean.device).eval()
