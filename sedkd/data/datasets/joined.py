"""Several datasets as one pool: what a search is given of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sedkd.data.broken import durations
from sedkd.data.datasets.dataset import UNLABELED, VALIDATION, WEAK, Dataset
from sedkd.data.datasets.folder import NAME as FOLDER
from sedkd.data.datasets.placing import Placed
from sedkd.data.datasets.rows import usable
from sedkd.data.events import Event, merge_touching
from sedkd.data.pool import Pool
from sedkd.data.recordings import TEST, Recording
from sedkd.data.reviewed import HELD_OUT, read_reviewed
from sedkd.data.sealed import require_opened
from sedkd.errors import UserError

Spell = Callable[[Dataset, str, str], str | None]
"""Dataset, environment and a label as the dataset spells it -> the pool's own spelling, None for what is no event."""


def is_stranger(dataset: Dataset, name: str, label: str) -> bool:
    """Whether a dataset that lists all its labels does not know this one."""
    return dataset.closed and dataset.environments[name].is_stranger(label)


@dataclass(frozen=True, kw_only=True)
class DatasetPool(Pool):
    """The pool of one or more datasets: `places` are the clips of every environment and split.

    `read` keeps what was read, but for the test split, so that nothing is warned of twice.
    """

    datasets: Sequence[Dataset]
    places: Mapping[tuple[str, str], Sequence[Placed]]
    spell: Spell
    read: dict[tuple[str, str], list[Recording]] = field(default_factory=dict, compare=False)

    @property
    def licence(self) -> str:
        return "; ".join(f"{one.title}: {one.licence}" for one in self.datasets)

    def weak(self, name: str) -> list[Recording]:
        return self._split(name, WEAK)

    def reviewed(self, name: str) -> list[Recording]:
        roots = [one.root for one in self.datasets if one.name == FOLDER]
        held_out = [place.clip.path for split in HELD_OUT for place in self.places.get((name, split), ())]
        return [clip for root in roots for clip in read_reviewed(root, self.environments[name], held_out)]

    def has_test(self, name: str) -> bool:
        return bool(self.places.get((name, TEST)))

    def has_validation(self, name: str) -> bool:
        return bool(self.places.get((name, VALIDATION)))

    def lack(self, name: str, split: str) -> str:
        titles = " and ".join(dataset.title for dataset in self.datasets if name in dataset.environments)
        return f"{titles}: no {split} split of {name}"

    @property
    def roots(self) -> Sequence[Path]:
        return [dataset.root for dataset in self.datasets]

    @property
    def origin(self) -> str:
        return " + ".join(str(dataset.root) for dataset in self.datasets)

    def _labeled(self, name: str, split: str) -> list[Recording]:
        if split == TEST:
            require_opened(f"reading the test split of {name} ({self.origin})")
        found = self._split(name, split)
        if not found:
            few = "; it is taken out of the training recordings, of which there must be two"
            raise UserError(self.lack(name, split) + (few if split == VALIDATION else ""))
        return found

    def _unlabeled(self, name: str) -> list[Recording]:
        return self._split(name, UNLABELED)

    def _split(self, name: str, split: str) -> list[Recording]:
        if split == TEST:  # read anew: nothing of it stays in memory when the seal is closed
            return self._recordings(name, split)
        if (name, split) not in self.read:
            self.read[name, split] = self._recordings(name, split)
        return list(self.read[name, split])

    def _recordings(self, name: str, split: str) -> list[Recording]:
        places = self.places.get((name, split), ())
        seconds = durations([place.clip.path for place in places])
        return [self._recording(place, seconds[place.clip.path]) for place in places if place.clip.path in seconds]

    def _recording(self, place: Placed, duration: float) -> Recording:
        """A clip with its annotation, in the pool's spelling and held against its audio, which lasts `duration`."""
        dataset, clip = place.dataset, place.clip
        filename = clip.filename if len(self.datasets) == 1 else f"{self.datasets.index(dataset)}/{clip.filename}"
        found = Recording(clip.path, filename, clip.environment, duration)
        annotation = dataset.annotation(clip)
        own = self.environments[clip.environment].events
        heard = tuple(label for label in own if label in _heard(dataset, clip.environment, self.spell))
        found = replace(found, listened=heard if heard != own else None)
        if annotation.tags is not None:
            tags = (self.spell(dataset, clip.environment, tag) for tag in annotation.tags)
            found = replace(found, tags=tuple(dict.fromkeys(tag for tag in tags if tag)))
            if any(is_stranger(dataset, clip.environment, tag) for tag in annotation.tags):  # it may be any other one
                found = replace(found, listened=tuple(label for label in heard if label in (found.tags or ())))
            return found
        if annotation.events is None:
            return found
        assert clip.table is not None
        whole = usable(annotation.events, clip.table, clip.filename, duration)
        unknown = ((e.onset, e.offset) for e in whole if is_stranger(dataset, clip.environment, e.event_label))
        found = replace(found, events=tuple(merge_touching(self._spelt(place, whole))), unknown=tuple(unknown))
        if annotation.soft is None:
            return found
        soft = ((self.spell(dataset, clip.environment, e.event_label), e, value) for e, value in annotation.soft)
        return replace(found, soft=tuple((Event(e.onset, e.offset, label), v) for label, e, v in soft if label))

    def _spelt(self, place: Placed, events: Sequence[Event]) -> list[Event]:
        labels = [self.spell(place.dataset, place.clip.environment, event.event_label) for event in events]
        return [Event(e.onset, e.offset, label) for e, label in zip(events, labels, strict=True) if label]


def _heard(dataset: Dataset, name: str, spell: Spell) -> set[str | None]:
    return {spell(dataset, name, event) for event in dataset.environments[name].events}
