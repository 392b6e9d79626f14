"""The environments of one data folder, each with its specification and its recordings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sedkd.data.datasets.leaks import require_other_audio
from sedkd.data.environment import Environment
from sedkd.data.folders import audio_below
from sedkd.data.recordings import (
    Recording,
    digest_of,
    environments_in,
    labels_in,
    labels_with_lines,
    named,
    read_labeled,
    read_negatives,
    read_unlabeled,
    without_labels,
)
from sedkd.data.reviewed import HELD_OUT, read_reviewed
from sedkd.data.sealed import look_over
from sedkd.data.weak import read_weak
from sedkd.errors import UserError
from sedkd.spelling import folded

Prepare = Callable[[str, str], object]
"""Called with environment and split before it is read; the built-in soundscapes are synthesised there."""


@dataclass(frozen=True)
class Pool:
    """A data folder: `environments` by name, in the folder's order. `synthetic` data are called so in every result.

    `notices` are what a person should know of the data, a line each. `hidden` are labelled training clips that count
    as unlabelled ones (see `sedkd.data.fewer`).

    The test split is not reachable through `training` or `validation`: what a search is given cannot see it.
    """

    root: Path
    environments: Mapping[str, Environment]
    synthetic: bool = False
    prepare: Prepare | None = None
    notices: Sequence[str] = ()
    hidden: frozenset[Path] = frozenset()

    @property
    def licence(self) -> str:
        """The terms of the recordings, as far as they are known, in words."""
        if self.synthetic:
            return "SYNTHETIC soundscapes computed by sedkd; they hold nobody's recordings"
        return "recordings of your own folder, which says nothing of their terms"

    def training(self, name: str) -> list[Recording]:
        return [clip for clip in self._labeled(name, "train") if clip.path not in self.hidden]

    def validation(self, name: str) -> list[Recording]:
        return self._labeled(name, "validation")

    def unlabeled(self, name: str) -> list[Recording]:
        found = self._unlabeled(name)
        if not self.hidden:
            return found
        return found + [without_labels(clip) for clip in self._labeled(name, "train") if clip.path in self.hidden]

    def weak(self, name: str) -> list[Recording]:
        """Clips with labels but without onsets and offsets; an empty list where there is no weak.tsv."""
        return read_weak(self.root, self.environments[name])

    def negatives(self, name: str) -> list[Recording]:
        """Recordings in which none of the events occurs, for false alarms per hour; of generic folders, never of
        soundscapes. They train nothing. UserError where one is a recording of train or validation that holds events."""
        if self.synthetic:
            return []
        found = [
            replace(one, filename=one.filename if len(self.roots) == 1 else f"{number}/{one.filename}")
            for number, root in enumerate(self.roots)
            for one in read_negatives(root, self.environments[name])
        ]
        splits = ["train", *(["validation"] if self.has_validation(name) else [])] if found else []
        require_other_audio(found, [one for split in splits for one in self._labeled(name, split) if one.events])
        return found

    @property
    def roots(self) -> Sequence[Path]:
        """The folders that were given."""
        return [self.root]

    def reviewed(self, name: str) -> list[Recording]:
        """Clips of which a person told whether an event is heard in a span; an empty list without reviewed.tsv."""
        held_out = [path for split in HELD_OUT for path in audio_below(self.root / name / split)]
        return read_reviewed(self.root, self.environments[name], held_out)

    def test(self, name: str) -> list[Recording]:
        """The test split, for the one final score of a front member and of its teacher."""
        return self._labeled(name, "test")

    def has_test(self, name: str) -> bool:
        return self.synthetic or (self.root / name / "test.tsv").exists()

    def has_validation(self, name: str) -> bool:
        return self.synthetic or (self.root / name / "validation.tsv").exists()

    def test_digest(self, name: str) -> str | None:
        """Names the test split by its recordings and annotations as they stand, and tells nothing else of it; None
        where there is none."""
        if not self.has_test(name):
            return None
        found: list[str] = []
        look_over(lambda: found.append(digest_of(self.test(name))))
        return found[0]

    def lack(self, name: str, split: str) -> str:
        """What to say where a split is not there."""
        folder = self.root / name
        return f"{folder / split} holds no audio" if split == "unlabeled" else f"{folder}: no {split}.tsv"

    def environment(self, name: str) -> Environment:
        """The environment of this name. UserError lists those that there are."""
        return self.environments[named(name, list(self.environments), self.origin)]

    @property
    def origin(self) -> str:
        """Where the data lie, for the record."""
        return str(self.root)

    @property
    def labels(self) -> tuple[str, ...]:
        """All environments' events, each once, in order of appearance."""
        return tuple(dict.fromkeys(label for e in self.environments.values() for label in e.events))

    @property
    def annotated(self) -> dict[str, Sequence[str]]:
        """Per environment, the labels that its annotators listened for."""
        return {name: environment.events for name, environment in self.environments.items()}

    def _labeled(self, name: str, split: str) -> list[Recording]:
        self._prepare(name, split)
        recordings = read_labeled(self.root, self.environments[name], split)
        if not recordings:
            raise UserError(f"{self.root / name / split}.tsv: lists no recording")
        return recordings

    def _unlabeled(self, name: str) -> list[Recording]:
        self._prepare(name, "unlabeled")
        return read_unlabeled(self.root, name)

    def _prepare(self, name: str, split: str) -> None:
        if self.prepare:
            self.prepare(name, split)


def folder_pool(root: Path, known: Mapping[str, Environment], wanted: str, own: Environment | None = None) -> Pool:
    """The pool of a generic folder, which must hold the environment `wanted`.

    Every label of an environment's train.tsv is an event of it, spelt as a `known` specification of that name spells
    it. A person's `own` specification decides instead: only its events count. A folder without train.tsv takes part
    only when it is the one that is wanted, where its absence is an error.
    """
    names = environments_in(root)
    wanted = named(wanted, names, root)
    able = [name for name in names if name == wanted or (root / name / "train.tsv").exists()]
    environments = {name: _as_labeled(root, name, known.get(name)) for name in able}
    notices = []
    if own is not None:
        environments[wanted] = _as_specified(root, wanted, own)
        notices = [_left_out(root, environments[wanted])] if environments[wanted].others else []
    return Pool(root, spelt_alike(environments, wanted), notices=tuple(notices))


def spelt_alike(environments: Mapping[str, Environment], first: str) -> dict[str, Environment]:
    """Environments of which each spells an event as the `first` one does, or else as the one before it."""
    spellings: dict[str, str] = {}
    for name in sorted(environments, key=lambda name: name != first):
        for label in environments[name].events:
            spellings.setdefault(folded(label), label)
    return {name: environment.with_spellings(spellings) for name, environment in environments.items()}


def _as_labeled(root: Path, name: str, known: Environment | None) -> Environment:
    """The environment with the events that the folder labels, those of the specification first."""
    labels = _labels(root, name)
    if known is None:
        return Environment(name, name, labels)
    present = {known.canonical(label) for label in labels}
    events = tuple(label for label in known.events if label in present)
    events += tuple(sorted(present - set(events)))
    return Environment(name, known.scene, events, narrowed(known.subsets, events), known.aliases)


def _as_specified(root: Path, name: str, own: Environment) -> Environment:
    """The environment as a person's own file has it, which chooses among the labels of the folder."""
    labels = _labels(root, name)
    present = {own.canonical(label) for label in labels}
    events = tuple(label for label in own.events if label in present)
    if not events:
        raise UserError(
            f"{root / name / 'train.tsv'}: none of its labels ({', '.join(labels)}) is an event of the space file "
            f"({', '.join(own.events)}); mend its events, or add aliases"
        )
    aliases = {alias: label for alias, label in own.aliases.items() if label in events}
    others = tuple(label for label in labels if own.canonical(label) not in events)
    return Environment(name, own.scene, events, narrowed(own.subsets, events), aliases, others)


def _left_out(root: Path, environment: Environment) -> str:
    """What to say of labels that a person's own file does not name: their events train as none."""
    table, others = root / environment.name / "train.tsv", environment.others
    lines = [(line, label) for line, label in labels_with_lines(table) if environment.spelt(label) is None]
    return (
        f"{table}, line {lines[0][0]}: {len(lines)} events are of no label in the space file and count as none of its "
        f"events: {', '.join(others)}"
    )


def _labels(root: Path, name: str) -> tuple[str, ...]:
    labels = labels_in(root, name)
    if not labels:
        raise UserError(
            f"{root / name / 'train.tsv'}: holds no event, so that there is nothing to learn from; add some, "
            f"or move the folder {name} out of {root}"
        )
    return labels


def narrowed(subsets: Mapping[str, tuple[str, ...]], events: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The named subsets of what is left of the events; those of which nothing is left are gone."""
    kept = {name: tuple(label for label in labels if label in events) for name, labels in subsets.items()}
    return {name: labels for name, labels in kept.items() if labels}
