"""From a task and what was typed to the arms of a comparison, and to the name under which it is kept."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from search.setup.preparation import Prepared
from search.space.dimensions import STRATEGY
from search.study.names import cleaned
from sedkd.compare.arms import EVERY, Arm, ArmSettings, arms
from sedkd.compare.choice import TUNING_SEEDS
from sedkd.disk.json_file import digest
from sedkd.distill.registry import needs_teacher
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings
from sedkd.teach.choice import TeacherSettings
from sedkd.train.settings import TrainSettings
from sedkd.trial.running import lack

if TYPE_CHECKING:
    from sedkd.task.task import Task

VERSION = 7


def plan_of(
    prepared: Prepared, student: StudentSettings, strategy: str, steps: int, ablate: bool
) -> tuple[ArmSettings, list[str]]:
    """The arms' common ground, and what the person should know of it; a strategy's parameters are the space's defaults,
    alike for every environment."""
    task, space = prepared.task, prepared.space
    defaults = space.defaults(**({STRATEGY: strategy} if space.choices(STRATEGY) else {}))
    parameters: dict[str, dict[str, Any]] = {}
    for key, value in defaults.items():
        part, _, name = key.rpartition(".")
        parameters.setdefault(part, {})[name] = value
    reason = task.lack(TeacherSettings(adaptation="adapted")) if needs_teacher(strategy) else None
    plan = ArmSettings(
        student,
        replace(TrainSettings(), steps=steps),
        strategy,
        parameters,
        environments=len(task.pool.environments),
        unlabeled=task.has_unlabeled,
        more_labels=len(task.all_labels) > len(task.events),
        adaptable=reason is None,
        narrowed=len(task.labels(TeacherSettings(targets="environment"))) > len(task.events),
        ablate=ablate,
    )
    notices = [f"left out of the tries: the adapted teacher ({reason.partition(';')[0]})"] if reason else []
    asked_for_less = len(task.events) < len(task.environment.events)
    if asked_for_less and not plan.narrowed:
        notices.append(f"no arm {EVERY!r}: the teacher knows no other event of {task.environment.name}")
    elif asked_for_less and not needs_teacher(strategy):
        notices.append(f"no arm {EVERY!r}: strategy {strategy} has no teacher")
    if student.quantises:
        notices.append("scores are of students in float, not of their int8.onnx")
    return plan, notices


def require_runnable(asked: Sequence[Arm], task: "Task") -> None:
    """UserError when a try of an arm cannot be trained, before any is."""
    for arm in asked:
        for configuration in arm.tries:
            reason = lack(configuration, task)
            if reason:
                raise UserError(f"--strategy {configuration.strategy}: arm {arm.name!r} cannot be trained: {reason}")


def name_of(task: "Task", plan: ArmSettings) -> str:
    """Environment and a digest of what the trained students depend on; seeds and ablations may be added later."""
    settled = [repr(arm) for arm in arms(replace(plan, ablate=False))]
    parts = [
        VERSION,
        list(task.events),
        list(task.all_labels),
        task.clips_digest,
        task.foreign_digest,
        [teacher.key for teacher in task.teachers],
        settled,
        TUNING_SEEDS[:1],
        *[response.content for response in task.responses],
    ]
    return f"{cleaned(task.environment.name)}-{digest(parts, 3)}"
