"""From datasets to one pool: every clip in its split, and labels in one spelling."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from sedkd.data.datasets.dataset import TRAIN, UNLABELED, VALIDATION, WEAK, Clip, Dataset
from sedkd.data.datasets.joined import DatasetPool, Spell
from sedkd.data.datasets.placing import Placed, placed
from sedkd.data.environment import Environment
from sedkd.data.folders import unread_below
from sedkd.data.labels.label_format import numbered_lines
from sedkd.data.pool import narrowed
from sedkd.data.recordings import TEST, named
from sedkd.data.strangers import strange_lines
from sedkd.data.weak import tags_with_lines
from sedkd.errors import UserError
from sedkd.spelling import folded


def dataset_pool(
    datasets: Sequence[Dataset],
    known: Mapping[str, Environment],
    wanted: str | None,
    own: Environment | None = None,
    seed: int = 0,
) -> DatasetPool:
    """The pool of these datasets, which must hold the environment `wanted` (None: any).

    Every label that an environment's training clips use and that its dataset annotates is an event of it, spelt as the
    `known` specification of that name spells it; a person's `own` specification decides instead. Where a dataset does
    not annotate an event that another annotates, its recordings do not know it (`Recording.listened`).

    Raises:
        UserError: no such environment, nothing to train on, or an annotation or a recording that cannot be used.
    """
    names = list(dict.fromkeys(name for dataset in datasets for name in dataset.environments))
    if wanted is not None:
        wanted = named(wanted, names, " + ".join(str(dataset.root) for dataset in datasets))
    known = known if own is None else {**known, wanted or own.name: own}
    alike = _spellings(datasets, known, wanted)
    known = {name: environment.with_spellings(alike) for name, environment in known.items()}
    spell = _spelling(datasets, known, alike, None if own is None else wanted or own.name)
    labels = _labels_of(spell)
    listed = [(dataset, clip) for dataset in datasets for clip in dataset.clips]
    found, notices = placed(listed, labels, seed)
    coverage = _coverage(datasets)
    places: dict[tuple[str, str], list[Placed]] = {}
    for place in sorted(found, key=lambda place: (datasets.index(place.dataset), place.clip.filename)):
        places.setdefault((place.clip.environment, place.split), []).append(place)
    environments = {}
    for name in names:
        learnt = [*places.get((name, TRAIN), ()), *places.get((name, WEAK), ())]
        if learnt and any(place.split == TRAIN for place in learnt):
            environments[name] = _environment(name, datasets, learnt, labels, spell, known.get(name))
            notices += _untaught(environments[name], places.get((name, VALIDATION), ()), labels)
        elif name == wanted:
            titles = " and ".join(dataset.title for dataset in datasets)
            why = next(iter(coverage), "add the development set (--data)")
            raise UserError(f"{titles}: no labelled recording of {name} to train on; {why}")
    strange = [line for dataset in datasets for line in strangers(dataset)]
    if own is not None:
        theirs = {label for d in datasets if own.name in d.environments for label in d.environments[own.name].events}
        others = sorted(label for label in theirs if own.spelt(label) is None)
        if others:
            strange.append(f"{own.name}: not in the space file, and none of its events: {', '.join(others)}")
    notices = [f"{d.title}: {d.licence}" for d in datasets] + coverage + notices + strange
    return DatasetPool(
        datasets[0].root, environments, datasets=datasets, places=places, spell=spell, notices=tuple(notices)
    )


def _untaught(
    environment: Environment, validating: Sequence[Placed], labels: Callable[[Dataset, Clip], list[str]]
) -> list[str]:
    """A line where recordings of validation hold events that no training recording does, which are none then."""
    found = {label for place in validating for label in labels(place.dataset, place.clip)}
    left_out = sorted(found - set(environment.events))
    if not left_out:
        return []
    return [
        f"{environment.name}: of {', '.join(left_out)} no training recording holds an event: no student can learn it, "
        "and it is left out of validation and test as well"
    ]


NO_LABELS = "its training recordings have no labels, which a search needs: are label files empty, or of others?"


def _environment(
    name: str,
    datasets: Sequence[Dataset],
    learnt: Sequence[Placed],
    labels: Callable[[Dataset, Clip], list[str]],
    spell: Spell,
    known: Environment | None,
) -> Environment:
    present = {label for place in learnt for label in labels(place.dataset, place.clip)}
    theirs = [dataset.environments[name] for dataset in datasets if name in dataset.environments]
    order = known.events if known else ()
    rest = (spell(d, name, e) for d in datasets if name in d.environments for e in d.environments[name].events)
    events = tuple(dict.fromkeys(label for label in (*order, *rest) if label in present))
    if not events:
        there = any(place.dataset.annotation(place.clip).events for place in learnt)
        why = "none of the labels of its training recordings is an event; add aliases" if there else NO_LABELS
        raise UserError(f"{theirs[0].name}: {why}")
    aliases = {} if known is None else {a: label for a, label in known.aliases.items() if label in events}
    subsets = {} if known is None else narrowed(known.subsets, events)
    return Environment(name, known.scene if known else theirs[0].scene, events, subsets, aliases)


def _spelling(
    datasets: Sequence[Dataset], known: Mapping[str, Environment], alike: Mapping[str, str], own: str | None
) -> Spell:
    """Through the dataset's own spelling to that of the `known` environment of this name, and to the one of all
    environments (`alike`).

    What the dataset does not annotate is no event, nor is what the environment called `own`, a person's, does not name.
    """
    theirs = {(d.root, name): environment for d in datasets for name, environment in d.environments.items()}

    @cache
    def spelt(root: Path, name: str, label: str) -> str | None:
        found = theirs[root, name].spelt(label)
        if found is not None and name == own:
            return known[name].spelt(found) or known[name].spelt(label)
        if found is not None and name in known:
            found = known[name].canonical(found)
        return None if found is None else alike.get(folded(found), found)

    return lambda dataset, name, label: spelt(dataset.root, name, label)


def _spellings(datasets: Sequence[Dataset], known: Mapping[str, Environment], wanted: str | None) -> dict[str, str]:
    """Folded label -> its spelling in all environments: that of the wanted one, or of the first that has it."""
    names = list(dict.fromkeys(name for dataset in datasets for name in dataset.environments))
    spellings: dict[str, str] = {}
    for name in sorted(names, key=lambda name: name != wanted):
        theirs = [dataset.environments[name] for dataset in datasets if name in dataset.environments]
        for environment in ([known[name]] if name in known else []) + theirs:
            for label in environment.events:
                spellings.setdefault(folded(label), label)
    return spellings


def strangers(dataset: Dataset) -> list[str]:
    """A line per label that a dataset which lists all its labels does not know, with its first place; test is not
    looked at."""
    if not dataset.closed:
        return []
    found: dict[tuple[str, Path], list[tuple[int, str]]] = {}
    for clip in dataset.clips:
        if clip.split in (TEST, UNLABELED) or clip.table is None:
            continue
        key = clip.environment, clip.table
        if clip.split != WEAK:
            events = dataset.annotation(clip).events or ()
            found.setdefault(key, []).extend((line, event.event_label) for line, event in events)
        elif key not in found:
            found[key] = tags_with_lines(clip.table)
    return [
        line
        for (name, table), labels in found.items()
        for line in strange_lines(dataset.environments[name], table, sorted(labels))
    ]


def _labels_of(spell: Spell) -> Callable[[Dataset, Clip], list[str]]:
    def labels(dataset: Dataset, clip: Clip) -> list[str]:
        found = dataset.annotation(clip)
        raw = [event.event_label for _, event in found.events or () if event.offset > event.onset]
        spelt = (spell(dataset, clip.environment, label) for label in (*raw, *(found.tags or ())))
        return [label for label in spelt if label]

    return labels


def _coverage(datasets: Sequence[Dataset]) -> list[str]:
    """A line per list of which audio is missing, and per dataset with audio that nobody lists, or that is not read; its
    own notices, and of labels that are not read."""
    lines = []
    for dataset in datasets:
        for table, names in dataset.missing.items():
            first = f"{names[0]}{_line_of(table, names[0])}"
            lines.append(f"{table}: {len(names)} listed recordings are missing, such as {first}; the rest is used")
        if dataset.unlisted:
            lines.append(
                f"{dataset.title}: {len(dataset.unlisted)} recordings are in no list and are left out, "
                f"such as {dataset.unlisted[0]}"
            )
        lines += [*dataset.notices, *dataset.unread]
        lines += unread_below(dataset.root)
    return lines


def _line_of(table: Path, name: str) -> str:
    """The first line of a table that names a recording, in brackets; nothing where it is not named as it stands."""
    cell = re.compile(rf'(^|[\t,;" ]){re.escape(name)}($|[\t,;" ])')
    lines = numbered_lines(table) if table.is_file() else []
    return next((f" (line {line})" for line, text in lines if cell.search(text)), "")
