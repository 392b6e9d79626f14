"""One student's life: built, initialised, trained, post-processed on validation, scored and costed."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import torch

from sedkd.cost.known import known_cost
from sedkd.cost.latency import latency_ms_per_second
from sedkd.cost.summary import Cost, cost_of
from sedkd.distill.registry import build_terms
from sedkd.distill.registry import lack as strategy_lack
from sedkd.export.int8_student import hearing
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.progress import Progress, counting
from sedkd.score.alarms import tuned
from sedkd.score.postprocess import PostProcessing, fast_f1
from sedkd.score.summary import Score, Scores, score
from sedkd.task.task import Task
from sedkd.train.cohort import Member, fit_cohort
from sedkd.train.fit import Checkpoint, Watch
from sedkd.train.groups import cores_of, fit_groups
from sedkd.train.packing import packed
from sedkd.train.term import Sizes
from sedkd.train.trunk import FROM_THE_FIRST, Resume, can_go_on
from sedkd.trial.configuration import Configuration
from sedkd.trial.generic import start_from
from sedkd.trial.initialise import initialised


@dataclass(frozen=True)
class TrialResult:
    """A trained student, its post-processing, its scores on validation, its cost, its curve, the seconds it took."""

    student: Student
    post: PostProcessing
    scores: Scores
    cost: Cost
    curve: list[Checkpoint]
    seconds: float


def cost_before_training(configuration: Configuration, events: Sequence[str], with_latency: bool = False) -> Cost:
    """What is known of a configuration for these events without training it; measuring latency needs the machine
    quiet."""
    cost = known_cost(configuration.student, len(events))
    if not with_latency:
        return cost
    return replace(cost, latency=latency_ms_per_second(Student(configuration.student, tuple(events))))


def lack(configuration: Configuration, task: Task) -> str | None:
    """Why a configuration cannot be trained with this task, known before anything is; None where it can."""
    reason = strategy_lack(configuration.strategy, task, configuration.student)
    if reason is None and configuration.taught_by:
        reason = task.lack(configuration.taught_by)
    return reason


def run_trial(
    configuration: Configuration,
    task: Task,
    criterion: str = "f1_segment",
    with_psds: bool = False,
    progress: Progress | None = None,
    report: Callable[[Checkpoint], None] | None = None,
    checkpoints: int = 4,
    also: Mapping[str, Score] | None = None,
    most_alarms: float | None = None,
    resume: Resume = FROM_THE_FIRST,
    int8: bool = False,
) -> TrialResult:
    """Train and score one student. `criterion` is the F1 for which thresholds and filters are chosen on validation,
    unless at most `most_alarms` false alarms per hour are allowed (`sedkd.score.alarms`); `also` further scores by
    name. `int8`: thresholds and scores are of its step in eight bits; costs, and what `report` hears, are not.

    `report` hears of each of the `checkpoints` of training, with the criterion on validation, and may end it by
    raising. A strategy that cannot go on from a trunk (`sedkd.train.trunk.can_go_on`) makes nothing of `resume`: it
    begins at its first step and keeps none.

    Raises:
        TrainingDiverged: the loss was not finite.
    """
    start = time.perf_counter()
    member = _begun(configuration, task, criterion, progress, report, checkpoints)
    if can_go_on(member.terms):
        member = replace(member, resume=resume)
        start -= resume.trunk.seconds if resume.trunk else 0.0
    (curve,) = fit_cohort([member], counting(progress, "training"))
    if isinstance(curve, Exception):
        raise curve
    return _finished(
        member.student, curve, task, criterion, with_psds, start, also=also, most_alarms=most_alarms, int8=int8
    )


def run_trials(
    configurations: Sequence[Configuration],
    task: Task,
    done: Callable[[int, TrialResult | Exception], None],
    criterion: str = "f1_segment",
    progress: Progress | None = None,
    most_alarms: float | None = None,
    int8: bool = False,
) -> None:
    """Train and score several students, those of one architecture in one step where that pays (`sedkd.train.packing`).

    `done` is told of each, by its place, as soon as it is scored, or why it failed.
    """
    members: list[Member] = []
    asked: list[int] = []  # the place of each member among the configurations
    for place, configuration in enumerate(configurations):
        try:
            members.append(_begun(configuration, task, criterion, progress))
            asked.append(place)
        except Exception as error:
            done(place, error)
    cores = cores_of(task.device)
    groups = packed(members, task.device, cores)
    several = f"training {len(members)} students" if len(members) > 1 else "training"
    costs: dict[StudentSettings, Cost] = {}
    together = [[members[place] for place in places] for places in groups]
    with closing(fit_groups(together, cores, counting(progress, several))) as trained:  # whatever `done` raises
        for ended in trained:
            places = groups[ended.place]
            for place, curve in zip(places, ended.members, strict=True):
                if isinstance(curve, Exception):
                    done(asked[place], curve)
                    continue
                start, student = time.perf_counter() - ended.seconds / len(places), members[place].student
                known = costs.get(student.settings)
                result = _finished(
                    student, curve, task, criterion, False, start, known, most_alarms=most_alarms, int8=int8
                )
                costs[student.settings] = result.cost
                done(asked[place], result)


def _begun(
    configuration: Configuration,
    task: Task,
    criterion: str,
    progress: Progress | None,
    report: Callable[[Checkpoint], None] | None = None,
    checkpoints: int = 4,
) -> Member:
    """A student before its first step, on the task's device, with all that trains it."""
    heard = task.heard_by(configuration.student)
    student = initialised(
        configuration.student,
        task.labels(configuration.taught_by),
        configuration.initialisation,
        heard,
        configuration.train.seed,
        progress,
    ).to(task.device)
    foreign = configuration.train.foreign_share > 0 and task.has_generic
    corpus = heard.corpus(configuration.taught_by, foreign)
    sizes = Sizes(student.embedding_size, task.targets.embeddings.shape[1], len(student.labels))
    torch.manual_seed(configuration.train.seed)  # a projection's weights, whatever was trained or read before them
    terms = build_terms(configuration.strategy, configuration.parameters, sizes)
    watch = Watch(
        lambda _: fast_f1(task.validation.answers(_restricted(student, task.events)), criterion),
        checkpoints,
        report=report,
    )
    return Member(student, corpus, terms, configuration.train, watch)


def _finished(
    student: Student,
    curve: list[Checkpoint],
    task: Task,
    criterion: str,
    with_psds: bool,
    start: float,
    cost: Cost | None = None,
    also: Mapping[str, Score] | None = None,
    most_alarms: float | None = None,
    int8: bool = False,
) -> TrialResult:
    """A trained student's post-processing, scores and, where it is not known of another of its kind, cost."""
    final = _restricted(student, task.events)
    post, scores = chosen_and_scored(final, task, criterion, with_psds, also, most_alarms, int8)
    final = final.cpu()
    return TrialResult(final, post, scores, cost or cost_of(final), curve, time.perf_counter() - start)


def chosen_and_scored(
    student: Student,
    task: Task,
    criterion: str,
    with_psds: bool = False,
    also: Mapping[str, Score] | None = None,
    most_alarms: float | None = None,
    int8: bool = False,
) -> tuple[PostProcessing, Scores]:
    """What is chosen on validation for a student of the task's events, on the task's device, and what it scores there
    with that; see `run_trial`."""
    answers, negatives = task.validated(hearing(student, task.training.recordings, int8))
    post = tuned(answers, criterion, most_alarms, negatives)
    return post, score(answers, post, with_psds, also, negatives)


def _restricted(student: Student, events: tuple[str, ...]) -> Student:
    """The student without the labels that only served its training."""
    if student.labels == events:
        return student
    own = Student(student.settings, events)
    start_from(own, student)
    return own.to(student.mean.device).eval()
