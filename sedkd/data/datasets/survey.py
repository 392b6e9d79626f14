"""What lies in the folders that a person names, and what of it would make a training wrong, before anything is trained.

The test split's annotations stay behind their seal: of it the audio is looked at, and what is wrong with its files.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sedkd.data.datasets import folder
from sedkd.data.datasets.building import dataset_pool, strangers
from sedkd.data.datasets.dataset import TRAIN, UNLABELED, VALIDATION, WEAK, Clip, Dataset
from sedkd.data.datasets.joined import DatasetPool
from sedkd.data.datasets.leaks import told_twice
from sedkd.data.datasets.opening import opened as opened_from
from sedkd.data.environment import Environment
from sedkd.data.events import Event
from sedkd.data.folders import unread_below
from sedkd.data.inspection import audio_infos, sound_infos
from sedkd.data.pool import Pool, folder_pool
from sedkd.data.positives import lack_of_events, lack_of_some, scored, taught
from sedkd.data.recordings import NEGATIVES, TEST, Recording
from sedkd.data.reviewed import REVIEWED
from sedkd.data.sealed import look_over
from sedkd.data.silence import events_in_silence
from sedkd.errors import SedkdWarning, UnknownLabel, UserError


@dataclass(frozen=True)
class Coverage:
    """One folder: what it was taken for, and how much of it is there. `missing` audio is listed, `unlisted` is not.

    `files`: what each label file was taken for, and what it holds, where a dataset tells.
    """

    folder: str
    name: str
    title: str
    licence: str
    recordings: int
    missing: int
    unlisted: int
    files: Sequence[str] = ()


@dataclass(frozen=True)
class Part:
    """One split of one environment. `events` per label are clips per label in weak, and None where nobody may look.

    `polyphony` is the largest number of events at a time, `rates` are recordings per sampling rate in Hz. By label,
    `heard_in` are the recordings that hold it, and `seconds` its events' lengths in all (none in weak).
    """

    environment: str
    split: str
    recordings: int
    hours: float
    rates: Mapping[int, int]
    events: Mapping[str, int] | None = None
    polyphony: int | None = None
    heard_in: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """`problems` make a training wrong or impossible; `notices` do not. A line each."""

    datasets: list[Coverage] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def survey(
    roots: Sequence[Path],
    known: Mapping[str, Environment],
    dataset: str | None = None,
    fold: int | None = None,
    column: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Survey:
    """Look at everything that a search over these folders would use. `progress` counts recordings of a folder.

    `column`: which one of label files holds the labels; see `opened_from`.

    Raises:
        UserError: a folder holds nothing known, or its lists cannot be read.
    """
    found = Survey()
    opened = opened_from(roots, dataset, fold, column)
    for one in opened:
        missing = sum(map(len, one.missing.values()))
        problems = _unreadable(one, progress)
        files = [] if problems else told_files(one)
        found.datasets.append(
            Coverage(str(one.root), one.name, one.title, one.licence, len(one.clips), missing, len(one.unlisted), files)
        )
        found.problems.extend(problems)
    if found.problems:
        return found  # a pool would stop at the first of them
    alone = len(opened) == 1 and opened[0].name == folder.NAME
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pools = _folder_pools(opened[0], known, found) if alone else _pools(opened, known, found)
        for name, pool in pools.items():
            _look(pool, name, opened, found)
    own = [(str(warning.message), warning.category) for warning in caught if issubclass(warning.category, SedkdWarning)]
    for line, kind in dict.fromkeys(own):
        (found.problems if issubclass(kind, UnknownLabel) else found.notices).append(line)
    return found


def told_files(dataset: Dataset) -> list[str]:
    """A line per label file: what it was taken for, of which recordings it is, and how many labels it holds, unless
    some are of test."""
    clips: dict[Path, list[Clip]] = {path: [] for path in dataset.files}
    for clip in dataset.clips:
        if clip.table in clips:
            clips[clip.table].append(clip)
    lines = []
    for path, what in dataset.files.items():
        line = f"{path.relative_to(dataset.root)}: {what}"
        if mine := clips[path]:
            line += f", of {mine[0].filename}" if len(mine) == 1 else f", of {len(mine)} recordings"
            if all(clip.split != TEST for clip in mine):
                line += f", {sum(len(dataset.annotation(clip).events or ()) for clip in mine)} labels"
        lines.append(line)
    return lines


def _unreadable(dataset: Dataset, progress: Callable[[int, int], None] | None) -> list[str]:
    """A line per audio file or annotation that cannot be used, each once; those of test are not annotations to read."""
    lines: dict[str, None] = {}
    infos = audio_infos([clip.path for clip in dataset.clips], progress)
    for clip in dataset.clips:
        info = infos[clip.path]
        if isinstance(info, UserError):
            lines[str(info)] = None
            continue
        try:
            if clip.split != TEST:
                dataset.annotation(clip)
        except UserError as error:
            lines[str(error)] = None
    return list(lines)


def _pools(datasets: Sequence[Dataset], known: Mapping[str, Environment], found: Survey) -> dict[str, Pool]:
    try:
        pool = dataset_pool(datasets, known, None)
    except UserError as error:
        found.problems.append(str(error))
        return {}
    strange = dict.fromkeys(line for dataset in datasets for line in (*strangers(dataset), *dataset.unread))
    found.problems.extend(strange)
    # The licences are told with the datasets.
    found.notices.extend(notice for notice in pool.notices[len(datasets) :] if notice not in strange)
    if not pool.environments:
        found.problems.append(f"{pool.origin}: no labelled recording to train on; add the development set (--data)")
    return dict.fromkeys(pool.environments, pool)


def _folder_pools(dataset: Dataset, known: Mapping[str, Environment], found: Survey) -> dict[str, Pool]:
    """The generic folder as a search reads it: with the splits of its owner, who must mend what leaks."""
    found.problems.extend(told_twice(dataset.clips))
    found.notices.extend([*dataset.notices, *unread_below(dataset.root)])
    pools: dict[str, Pool] = {}
    for name in dataset.environments:
        try:
            pools[name] = folder_pool(dataset.root, known, name)
        except UserError as error:
            found.problems.append(str(error))
    return pools


def _look(pool: Pool, name: str, datasets: Sequence[Dataset], found: Survey) -> None:
    """The environment's splits, as far as they can be read."""
    labels: dict[str, set[str]] = {}
    read = {
        TRAIN: pool.training,
        VALIDATION: pool.validation,
        WEAK: pool.weak,
        REVIEWED: pool.reviewed,
        UNLABELED: pool.unlabeled,
        NEGATIVES: pool.negatives,
    }
    for split, reader in read.items():
        try:
            recordings = reader(name)
        except UserError as error:
            found.problems.append(str(error))
            continue
        if recordings:
            part = _part(name, split, recordings)
            found.parts.append(part)
            labels[split] = scored(recordings) if split == VALIDATION else taught(recordings)
            found.problems.extend(events_in_silence(recordings))
    tested = _tested(pool, name, datasets)
    if tested:
        hours, rates = _extent(tested)
        found.parts.append(Part(name, TEST, len(tested), hours, rates))
    if pool.has_test(name):
        try:
            look_over(lambda: pool.test(name))
        except UserError as error:
            found.problems.append(str(error))
    else:
        found.notices.append(f"{name}: no test split: nothing will be scored at the end")
    for split, known in ((TRAIN, (TRAIN, WEAK)), (VALIDATION, (VALIDATION,))):
        own = pool.environments[name].events
        if split in labels and not any(labels.get(each, set()) & set(own) for each in known):
            found.problems.append(lack_of_events(pool, name, split, own))
            continue
        silent = [label for label in own if not any(label in labels.get(each, set()) for each in known)]
        if split in labels and silent:
            found.notices.append(lack_of_some(name, split, silent))


def _tested(pool: Pool, name: str, datasets: Sequence[Dataset]) -> list[Path]:
    if isinstance(pool, DatasetPool):
        return [place.clip.path for place in pool.places.get((name, TEST), ())]
    return [clip.path for one in datasets for clip in one.clips if (clip.environment, clip.split) == (name, TEST)]


def _part(name: str, split: str, recordings: Sequence[Recording]) -> Part:
    hours, rates = _extent([recording.path for recording in recordings])
    if split in (UNLABELED, NEGATIVES):
        return Part(name, split, len(recordings), hours, rates)
    labels = [[e.event_label for e in r.events or ()] + list(r.tags or ()) for r in recordings]
    counts = Counter(label for each in labels for label in each)
    heard_in = Counter(label for each in labels for label in set(each))
    seconds = dict.fromkeys(sorted({e.event_label for r in recordings for e in r.events or ()}), 0.0)
    for event in (event for r in recordings for event in r.events or ()):
        seconds[event.event_label] += event.offset - event.onset
    most = max((polyphony(r.events) for r in recordings if r.events is not None), default=None)
    events, heard = (dict(sorted(each.items())) for each in (counts, heard_in))
    return Part(name, split, len(recordings), hours, rates, events, most, heard, seconds)


def _extent(paths: Sequence[Path]) -> tuple[float, dict[int, int]]:
    infos = sound_infos(paths).values()
    return sum(info.duration for info in infos) / 3600, dict(Counter(info.rate for info in infos))


def polyphony(events: Sequence[Event]) -> int:
    """The largest number of events at a time; one that ends as another begins does not count beside it."""
    edges = sorted([(event.onset, 1) for event in events] + [(event.offset, -1) for event in events])
    now, most = 0, 0
    for _, change in edges:
        now += change
        most = max(most, now)
    return most
