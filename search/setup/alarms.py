"""What a person should know of false alarms per hour before a search."""

from sedkd.task.task import Task


def alarm_notices(task: Task, most: float | None) -> list[str]:
    """How long it is listened for false alarms, where it matters, and whether that tells a rate of `most` from 0."""
    if most is None and task.negatives is None:
        return []
    quiet = sum(recording.duration for recording in task.negatives.recordings) / 3600 if task.negatives else 0.0
    hours = quiet + sum(recording.duration for recording in task.validation.recordings) / 3600
    told = [f"false alarms are counted in {hours:.3g} hours: validation and {quiet:.3g} hours without events"]
    return told if most is None else [*told, *limit_notices(most, hours)]


def limit_notices(most: float, hours: float) -> list[str]:
    """Whether a limit of `most` false alarms per hour allows any in as many hours."""
    if most * hours >= 1:
        return []
    return [
        f"--criterion fa_per_hour={most:g}: in {hours:.3g} hours a rate below {1 / hours:.3g} per hour cannot be "
        "told from 0, so that no false alarm at all is allowed; add recordings to negatives/"
    ]
