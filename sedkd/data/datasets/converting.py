"""A dataset of any format as the generic folder (`sedkd.data.recordings`), which other programs and people can read."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sedkd.data.datasets.dataset import TRAIN, UNLABELED, WEAK, Clip, Dataset
from sedkd.data.datasets.placing import Placed, placed
from sedkd.data.datasets.rows import usable
from sedkd.data.events import Event, merge_touching, write_annotations
from sedkd.data.inspection import audio_infos, sound_infos
from sedkd.data.recordings import TEST
from sedkd.data.reviewed import REVIEWED
from sedkd.data.weak import write_tags
from sedkd.disk.appearing import appearing
from sedkd.disk.paths import expanded
from sedkd.errors import UserError


@dataclass(frozen=True)
class Converted:
    """What was written: (environment, split) -> recordings and events; in weak, labels; None: nobody has said."""

    out: Path
    parts: dict[tuple[str, str], tuple[int, int | None]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def convert(
    dataset: Dataset, out: Path, copy: bool = False, progress: Callable[[int, int], None] | None = None
) -> Converted:
    """Write `dataset` to the folder `out`, which appears when it is whole, as links to its audio or as copies.

    The splits are those that a search would use: where none validates, some recordings do from now on.

    Raises:
        UserError: `out` is not empty or lies in the dataset, or an annotation or a recording cannot be used.
    """
    out = expanded(out).resolve()
    if dataset.root == out or dataset.root in out.parents:
        raise UserError(f"--out {out}: lies in the folder that is converted; choose one outside of it")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {out}: is not empty; choose a new folder")
    audio_infos([clip.path for clip in dataset.clips], progress)
    places, lost = placed([(dataset, clip) for clip in dataset.clips], _labels, seed=0)
    found = Converted(
        out,
        notices=[
            *(*dataset.notices, *dataset.unread, *lost),
            *(*_lost_certainties(dataset), *_left_out(dataset), *_lost_reviews(dataset)),
        ],
    )
    parts: dict[tuple[str, str], list[Clip]] = {}
    for place in sorted(places, key=_order):
        parts.setdefault((place.clip.environment, place.split), []).append(place.clip)
    with appearing(out) as whole:
        for (name, split), clips in parts.items():
            found.parts[name, split] = _write(dataset, clips, whole / name, split, copy)
    return found


def _write(dataset: Dataset, clips: Sequence[Clip], folder: Path, split: str, copy: bool) -> tuple[int, int | None]:
    """One split: its audio and its table."""
    names = _names([clip.path for clip in clips])
    for clip in clips:
        target = folder / split / names[clip.path]
        target.parent.mkdir(parents=True, exist_ok=True)
        if copy:
            shutil.copy2(clip.path, target)
        else:
            target.symlink_to(clip.path.resolve())
    # `told` asks no seal: a table of test goes from file to file, and nothing learns of it.
    said = {clip.path: dataset.told(clip) for clip in clips}
    table, spell = folder / f"{split}.tsv", _spelling(dataset, folder.name)
    if split == UNLABELED:
        return len(clips), None
    if split == WEAK:
        tags = {names[path]: tuple(dict.fromkeys(filter(None, map(spell, said[path].tags or ())))) for path in said}
        write_tags(table, tags)
        return len(clips), sum(map(len, tags.values()))
    infos = sound_infos([clip.path for clip in clips])
    events = {}
    for clip in clips:
        assert clip.table is not None
        lines = said[clip.path].events or ()
        whole = usable(lines, clip.table, clip.filename, infos[clip.path].duration)
        own = [Event(e.onset, e.offset, label) for e in whole if (label := spell(e.event_label))]
        events[names[clip.path]] = merge_touching(own)
    write_annotations(table, events)
    return len(clips), sum(map(len, events.values()))


def _spelling(dataset: Dataset, name: str) -> Callable[[str], str | None]:
    """How a label is written: as the event that it means, since every label of the folder is an event of it. None for
    classes that the dataset leaves out of its scores; what may be a slip of the pen stays as it is, to be seen."""
    environment = dataset.environments[name]
    return environment.canonical if dataset.closed else environment.spelt


def _left_out(dataset: Dataset) -> list[str]:
    """What to say of classes that are not written; of the test split nothing is told."""
    counts: Counter[str] = Counter()
    for clip in dataset.clips:
        if clip.split != TEST:
            spell = _spelling(dataset, clip.environment)
            counts.update(label for label in _labels(dataset, clip) if spell(label) is None)
    labels = ", ".join(f"{label} ({count})" for label, count in sorted(counts.items()))
    return [f"{dataset.title}: labels that it leaves out of its scores are not written: {labels}"] if counts else []


def _names(paths: Sequence[Path]) -> dict[Path, str]:
    """What the recordings of a split are called in it: their paths below the folder that they all lie in."""
    common = Path(os.path.commonpath([path.parent for path in paths]))
    return {path: path.relative_to(common).as_posix() for path in paths}


def _labels(dataset: Dataset, clip: Clip) -> list[str]:
    found = dataset.annotation(clip)
    return [event.event_label for _, event in found.events or ()] + list(found.tags or ())


def _lost_certainties(dataset: Dataset) -> list[str]:
    soft = any(clip.split == TRAIN and dataset.annotation(clip).soft is not None for clip in dataset.clips)
    return [f"{dataset.title}: soft labels are not written, only the events that they make likely"] if soft else []


def _lost_reviews(dataset: Dataset) -> list[str]:
    tables = [dataset.root / name / f"{REVIEWED}.tsv" for name in dataset.environments]
    return [f"{table}: is not converted; copy it with its folder" for table in tables if table.exists()]


def _order(place: Placed) -> tuple[str, str, str]:
    return place.clip.environment, place.split, place.clip.filename
