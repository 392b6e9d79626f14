"""What a study is.

It is named after its environment (see `search.study.names`) and a digest of everything that its scores depend on. The
same line typed again therefore continues the same study, and a line that differs in data, events, space, teacher or
objectives starts another.
"""

from typing import TYPE_CHECKING, Any

from search.space.dimensions import GENERIC, SLICE, STRATEGY
from search.space.space import Space
from search.study.names import cleaned
from search.study.objectives import Objectives
from search.study.records import HOW
from sedkd.data.audio import content_hash
from sedkd.disk.json_file import digest
from sedkd.disk.paths import expanded
from sedkd.distill.registry import own_strategies

if TYPE_CHECKING:
    from sedkd.task.task import Task
    from sedkd.train.settings import TrainSettings

VERSION = 10  # raise it with every change of how students are trained: a study compares those trained alike
NAMED_CLIPS = 8  # of validation, whose paths an export looks up


def _lowest_rate(task: "Task") -> int:
    """In Hz, of the recordings of validation, which are whole: they were looked into before."""
    from sedkd.data.inspection import sound_infos

    return min(info.rate for info in sound_infos([one.path for one in task.validation.recordings]).values())


def _begins_generic(space: Space, task: "Task") -> bool:
    """Whether a student may begin from one that learnt all environments' labels, which may change."""
    return not task.pool.synthetic and any(space.has("initialisation", value) for value in (GENERIC, SLICE))


def _weight_files(space: Space) -> dict[str, str]:
    """Initialisations that name a file, with its content."""
    found = {value: str(value).partition(":")[2] for value in space.choices("initialisation")}
    return {value: content_hash(expanded(file)) for value, file in found.items() if file}


def identity(
    task: "Task", space: Space, objectives: Objectives, base: "TrainSettings", subset: str | None
) -> tuple[str, dict[str, Any]]:
    """The study's name, and the facts that decide it."""
    from sedkd.data.recordings import digest_of

    facts = {
        "environment": task.environment.name,
        "scene": task.environment.scene,
        "events": list(task.events),
        "data": task.pool.origin,
        "licence": task.pool.licence,
        "synthetic": task.pool.synthetic,
        "teacher": "; ".join(teacher.origin for teacher in task.teachers),
        "teacher_kind": ",".join(teacher.kind for teacher in task.teachers),
        "objectives": list(objectives.names),
        "train": base.as_key(),
        "space": space.as_dict(),
        "validation": [str(recording.path) for recording in task.validation.recordings[:NAMED_CLIPS]],
        "lowest_rate": _lowest_rate(task),
        "help": space.help,
        **({"impulse_responses": [response.path.name for response in task.responses]} if task.responses else {}),
        **({} if objectives.most_alarms is None else {"most_alarms": objectives.most_alarms}),
        **({"int8": True} if objectives.int8 else {}),
    }
    heard = [response.content for response in task.responses]
    own = own_strategies(*space.choices(STRATEGY))
    parts = {
        HOW: VERSION,
        "environment": task.environment.name,
        "events": facts["events"],
        "recordings or their annotations": task.clips_digest,
        "teacher": [teacher.key for teacher in task.teachers],
        "other environments' clips": task.foreign_digest
        if any(share > 0 for share in space.ends("train.foreign_share"))
        else None,
        "space": space.as_dict(),
        "objectives": facts["objectives"],
        "training": facts["train"],
        **({} if objectives.most_alarms is None else {"criterion": ["fa_per_hour", objectives.most_alarms]}),
        **({"scored": "int8"} if objectives.int8 else {}),
        **({"impulse responses": ["responses", *heard]} if heard else {}),
        **({"own strategies": own} if own else {}),
        **({"generic clips": task.generic_digest} if _begins_generic(space, task) else {}),
        **({"initial weights": weights} if (weights := _weight_files(space)) else {}),
        **({"negatives": ["negatives", digest_of(task.negatives.recordings)]} if task.negatives else {}),
    }
    facts["parts"] = {name: digest(part, sort_keys=True) for name, part in parts.items()}
    label = f"{task.environment.name}.{subset}" if subset else task.environment.name
    return f"{cleaned(label)}-{digest(list(parts.values()), 3, sort_keys=True)}", facts
