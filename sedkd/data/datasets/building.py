"""From datasets to one pool: every clip in its split, and labels in one spelling."""

from collections.abc import Callable, Mapping, Sequence

from sedkd.data.datasets.dataset import TRAIN, WEAK, Clip, Dataset
from sedkd.data.datasets.joined import DatasetPool, Spell
from sedkd.data.datasets.placing import Placed, placed
from sedkd.data.datasets.spelling import speller
from sedkd.data.pool import narrowed
from sedkd.environment import Environment
from sedkd.errors import UserError


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
    if wanted is not None and wanted not in names:
        roots = " + ".join(str(dataset.root) for dataset in datasets)
        raise UserError(f"{roots}: no environment {wanted!r}; there are: {', '.join(names)}")
    known = known if own is None else {**known, own.name: own}
    spell = _spelling(datasets, known, own)
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
        elif name == wanted:
            titles = " and ".join(dataset.title for dataset in datasets)
            why = next(iter(coverage), "add the development set (--data)")
            raise UserError(f"{titles}: no labelled recording of {name} to train on; {why}")
    notices = [f"{d.title}: {d.licence}" for d in datasets] + coverage + notices
    return DatasetPool(
        datasets[0].root, environments, datasets=datasets, places=places, spell=spell, notices=tuple(notices)
    )


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
        raise UserError(f"{theirs[0].name}: none of the labels of its training recordings is an event; add aliases")
    aliases = {} if known is None else {a: label for a, label in known.aliases.items() if label in events}
    subsets = {} if known is None else narrowed(known.subsets, events)
    return Environment(name, known.scene if known else theirs[0].scene, events, subsets, aliases)


def _spelling(datasets: Sequence[Dataset], known: Mapping[str, Environment], own: Environment | None) -> Spell:
    """Through the dataset's own spelling to that of the `known` environment of this name.

    What the dataset does not annotate is no event, nor is what a person's `own` environment does not name.
    """
    theirs = {(d.root, name): speller(found) for d in datasets for name, found in d.environments.items()}
    ours = {name: speller(found) for name, found in known.items()}

    def spell(dataset: Dataset, name: str, label: str) -> str | None:
        found = theirs[dataset.root, name](label)
        if found is None or name not in ours:
            return found
        if own is not None and own.name == name:
            return ours[name](found) or ours[name](label)
        return ours[name](found) or found

    return spell


def _labels_of(spell: Spell) -> Callable[[Dataset, Clip], list[str]]:
    def labels(dataset: Dataset, clip: Clip) -> list[str]:
        found = dataset.annotation(clip)
        raw = [event.event_label for _, event in found.events or () if event.offset > event.onset]
        spelt = (spell(dataset, clip.environment, label) for label in (*raw, *(found.tags or ())))
        return [label for label in spelt if label]

    return labels


def _coverage(datasets: Sequence[Dataset]) -> list[str]:
    """A line per list of which audio is missing, and per dataset with audio that nobody lists."""
    lines = []
    for dataset in datasets:
        for table, names in dataset.missing.items():
            lines.append(f"{table}: {len(names)} listed recordings are missing, such as {names[0]}; the rest is used")
        if dataset.unlisted:
            lines.append(
                f"{dataset.title}: {len(dataset.unlisted)} recordings are in no list and are left out, "
                f"such as {dataset.unlisted[0]}"
            )
    return lines
