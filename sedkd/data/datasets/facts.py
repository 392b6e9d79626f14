"""What can be counted in a survey before anything is trained: how much of each event there is, what is missing, and
what would help most. Nothing here is estimated."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sedkd.data.datasets.dataset import TRAIN, UNLABELED, VALIDATION
from sedkd.data.datasets.registry import TREES
from sedkd.data.datasets.survey import Survey
from sedkd.data.decoding import AUDIO_SUFFIXES
from sedkd.data.folders import audio_below, require_folder, unread_below
from sedkd.data.labels.lookalikes import mend_of
from sedkd.data.labels.registry import LABEL_FORMATS, format_of, label_files
from sedkd.errors import UserError
from sedkd.words import several


@dataclass(frozen=True)
class EventCount:
    """One event in train and validation: its labels, the recordings that hold one, their lengths in seconds in all."""

    event: str
    labels: int
    recordings: int
    seconds: float


def require_material(root: Path) -> None:
    """UserError when `root` holds no audio, or audio that nobody has said anything of."""
    require_folder(root)
    audio = audio_below(root)
    unread = [] if audio else unread_below(root)
    if unread:
        raise UserError(unread[0])
    labels = [path for path in label_files(root) if format_of(path)]
    if not audio and labels:
        raise UserError(
            f"{root}: holds labels, such as {labels[0]}, but no audio ({', '.join(AUDIO_SUFFIXES)}): name the folder "
            "that holds both"
        )
    if not audio:
        raise UserError(f"{root}: holds no audio ({', '.join(AUDIO_SUFFIXES)})")
    if not labels and not any(tree.is_here(root) for tree in TREES.values()):
        mend = mend_of(root)
        if mend:
            raise UserError(mend)
        titles = ", ".join(form.title for form in LABEL_FORMATS.values())
        raise UserError(
            f"{root}: holds {len(audio)} recordings, such as {audio[0]}, but no labels ({titles}): label some first, "
            "or name the folder that holds both"
        )


def environments_in(found: Survey) -> list[str]:
    """The environments that have labels or recordings, in the order in which they were looked at."""
    return list(dict.fromkeys(part.environment for part in found.parts))


def event_counts(found: Survey, environment: str) -> list[EventCount]:
    """What an environment holds of every event, by name."""
    parts = [p for p in found.parts if p.environment == environment and p.split in (TRAIN, VALIDATION)]
    names = sorted({label for part in parts for label in part.events or {}})
    return [
        EventCount(
            name,
            sum((part.events or {}).get(name, 0) for part in parts),
            sum(part.heard_in.get(name, 0) for part in parts),
            sum(part.seconds.get(name, 0.0) for part in parts),
        )
        for name in names
    ]


def missing_in(found: Survey) -> list[str]:
    """What is not there, a line each: audio, labels, splits, and what else the survey noticed."""
    lines = []
    for one in found.datasets:
        if one.missing:
            lines.append(f"{one.folder}: {one.missing} recordings have labels and are not there")
        if one.unlisted:
            lines.append(f"{one.folder}: {one.unlisted} recordings are in no list, and are not used")
    for name in environments_in(found):
        if not any(part.environment == name and part.split == UNLABELED for part in found.parts):
            lines.append(f"{name}: no recordings without labels, which the teacher would label")
    return [*lines, *found.notices]


def most_helpful(counts: Sequence[EventCount]) -> Iterator[str]:
    """What to label next, by what there is least of, a line each."""
    if not counts:
        return
    rarest = min(counts, key=lambda count: (count.labels, count.recordings, count.seconds))
    if rarest.labels < max(count.labels for count in counts):
        yield f"event {rarest.event} has {_of(rarest)}, the fewest: label more of it first"
    for count in counts:
        if count.recordings == 1:
            yield (
                f"event {count.event} has {_of(count)}, which trains or validates, but not both: label it in "
                "another recording"
            )


def _of(count: EventCount) -> str:
    return " in ".join(several(n, what) for n, what in ((count.labels, "label"), (count.recordings, "recording")))
