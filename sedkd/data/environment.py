"""What an environment is: a scene, its events, named subsets of them, and other spellings of their labels.

Read from YAML (`spaces/*.yaml`); the same file may say what a search varies, which this module leaves alone.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sedkd.errors import UserError
from sedkd.spelling import composed, folded

KEYS = ("environment", "scene", "events", "subsets", "aliases")


@dataclass(frozen=True)
class Environment:
    """A place and the events to be reported there.

    `aliases` maps a label as a data set spells it to the label as it stands in `events`. `others` are labels of its
    data that are known to be no event of it, where a person chose the events.
    """

    name: str
    scene: str
    events: tuple[str, ...]
    subsets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()

    @cached_property
    def _spellings(self) -> dict[str, str]:
        found = {folded(alias): label for alias, label in self.aliases.items()}
        return found | {folded(label): label for label in self.events}

    @cached_property
    def _left_out(self) -> frozenset[str]:
        return frozenset(map(folded, self.others))

    def spelt(self, label: str) -> str | None:
        """The event that `label` means, however it is spelt (`sedkd.spelling`); None for what is no event."""
        return self._spellings.get(folded(label))

    def canonical(self, label: str) -> str:
        """The environment's own spelling of `label`; a label it does not know is returned as it is."""
        return self.spelt(label) or label

    def is_stranger(self, label: str) -> bool:
        """Whether nobody can say what `label` is: no event, nor one of the `others`; a slip of the pen, perhaps."""
        return self.spelt(label) is None and folded(label) not in self._left_out

    def with_spellings(self, spellings: Mapping[str, str]) -> "Environment":
        """The same with every event spelt as `spellings` (by folded label) has it."""

        def respelt(label: str) -> str:
            return spellings.get(folded(label), label)

        return replace(
            self,
            events=tuple(map(respelt, self.events)),
            subsets={name: tuple(map(respelt, labels)) for name, labels in self.subsets.items()},
            aliases={alias: respelt(label) for alias, label in self.aliases.items()},
        )

    def listed(self, text: str) -> list[str]:
        """The labels of a text such as `car,siren`: a label that itself holds a comma is recognised where the
        environment has it, or stands in double quotes as in a .csv."""
        return [label for line in text.splitlines() for label in self._labels_of(line)]

    def _labels_of(self, line: str) -> list[str]:
        parts, found = line.split(","), []
        while parts:
            runs = [",".join(parts[:length]) for length in range(len(parts), 0, -1)]
            known = next((run for run in runs if self.canonical(run.strip()) in self.events), None)
            label = next(csv.reader(runs[:1], skipinitialspace=True), [""])[0] if known is None else known
            found.append(label)
            parts = parts[label.count(",") + 1 :]
            while parts and not parts[0].strip():
                parts.pop(0)
        return found

    def narrowed(self, events: Iterable[str] | None = None, subset: str | None = None) -> tuple[str, ...]:
        """The events to detect: all, those listed, or those of a named subset. Order follows `self.events`."""
        if subset is not None:
            if subset not in self.subsets:
                known = ", ".join(self.subsets) or "none"
                raise UserError(f"--subset {subset}: environment {self.name} has the subsets: {known}")
            return self.subsets[subset]
        if events is None:
            return self.events
        wanted = {self.canonical(label.strip()) for label in events if label.strip()}
        unknown = sorted(wanted - set(self.events))
        if unknown or not wanted:
            what = f"no event {unknown[0]!r}" if unknown else "no event is named"
            raise UserError(f"--events: {what}; environment {self.name} has: {', '.join(self.events)}")
        return tuple(label for label in self.events if label in wanted)


def environment_from(content: Mapping[str, Any], path: Path) -> Environment:
    """Check a parsed file's environment keys and build the Environment. UserError names file and key."""
    name = _text(content, "environment", path)
    events = _labels(content.get("events"), "events", path)
    subsets = {}
    for subset, labels in _mapping(content.get("subsets"), "subsets", path).items():
        subsets[subset] = _labels(labels, f"subsets.{subset}", path)
        for label in subsets[subset]:
            if label not in events:
                raise UserError(f"{path}: subsets.{subset}: {label!r} is not among the events")
    aliases = _mapping(content.get("aliases"), "aliases", path)
    aliases = {_plain(alias): _plain(label) for alias, label in aliases.items()}
    meant = {folded(label): label for label in events}
    for alias, label in aliases.items():
        if label not in events:
            raise UserError(f"{path}: aliases.{alias}: {label!r} is not among the events")
        if meant.setdefault(folded(alias), label) != label:
            raise UserError(f"{path}: aliases.{alias}: so spelt it means {meant[folded(alias)]!r} already: keep one")
    scene = _text(content, "scene", path) if "scene" in content else name
    return Environment(name, scene, events, subsets, aliases)


def _text(content: Mapping[str, Any], key: str, path: Path) -> str:
    value = content.get(key)
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{path}: {key}: expected a text")
    return value.strip()


def _mapping(value: Any, key: str, path: Path) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(k, str) for k in value):
        raise UserError(f"{path}: {key}: expected names with values")
    return value


def _plain(label: Any) -> Any:
    """A label as others are compared with it; what is no text is left to be refused."""
    return composed(label).strip() if isinstance(label, str) else label


def _labels(value: Any, key: str, path: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) and v.strip() for v in value):
        raise UserError(f"{path}: {key}: expected a list of event labels")
    first: dict[str, str] = {}
    labels = tuple(map(_plain, value))
    for label in labels:
        if folded(label) in first:
            other = first[folded(label)]
            also = "" if other == label else f", as {other!r} and as {label!r}"
            raise UserError(f"{path}: {key}: a label stands there twice{also}")
        first[folded(label)] = label
    return labels
