"""ELAN's annotation files: the annotations of one tier that has times of its own.

Annotations point at time slots, in milliseconds. Tiers that only annotate another tier's annotations (symbolic ones)
have no times (MPI for Psycholinguistics, "EAF annotation format 3.0 and ELAN").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from sedkd.data.datasets.rows import event_of
from sedkd.data.labels.label_format import OWN, LabelFile, LabelFormat, annotations, of_one_recording, whole_text
from sedkd.data.labels.tiers import Tier, chosen
from sedkd.errors import UserError

MILLISECONDS = "milliseconds"


def matches(head: Sequence[str]) -> bool:
    return any("<ANNOTATION_DOCUMENT" in line for line in head)


def opened(path: Path) -> LabelFile:
    """The labels are those of the tier that is named, of the only one with times where none is."""
    return LabelFile(
        of_one_recording,
        lambda tier: annotations({OWN: _tier(path, tier).lines}),
        lambda tier: _tier(path, tier).name,
    )


@dataclass
class _Annotation:
    """An annotation as it stands: the line it begins in, its name, the slots of its two ends."""

    line: int
    name: str
    slots: tuple[str, str]
    text: str = ""


@dataclass
class _Document:
    """What is used of a file, as its parser comes upon it. `tiers`: name and type with the annotations that have times;
    `untimed`: the types of tiers that have none."""

    path: Path
    slots: dict[str, str | None] = field(default_factory=dict)
    tiers: list[tuple[str, str, list[_Annotation]]] = field(default_factory=list)
    untimed: set[str] = field(default_factory=set)
    reading: _Annotation | None = None  # whose value comes next
    inside_value: bool = False

    def begin(self, name: str, given: Mapping[str, str], line: int) -> None:
        where = f"{self.path}, line {line}"
        if name == "HEADER" and given.get("TIME_UNITS", MILLISECONDS) != MILLISECONDS:
            raise UserError(f"{where}: times in {given['TIME_UNITS']}, not {MILLISECONDS}: save it anew with ELAN")
        if name == "MEDIA_DESCRIPTOR" and given.get("TIME_ORIGIN", "0") != "0":
            raise UserError(
                f"{where}: times count from {given['TIME_ORIGIN']} ms within {given.get('MEDIA_URL', 'its recording')}"
                " (TIME_ORIGIN): cut the recording there, and set the media's offset in ELAN to 0"
            )
        if name == "TIME_SLOT":
            self.slots[_needed(given, "TIME_SLOT_ID", where)] = given.get("TIME_VALUE")
        elif name == "TIER":
            self.tiers.append((_needed(given, "TIER_ID", where), given.get("LINGUISTIC_TYPE_REF", ""), []))
        elif name == "ALIGNABLE_ANNOTATION":
            ends = _needed(given, "TIME_SLOT_REF1", where), _needed(given, "TIME_SLOT_REF2", where)
            self.reading = _Annotation(line, given.get("ANNOTATION_ID", "?"), ends)
            if not self.tiers:
                raise UserError(f"{where}: an annotation outside of a tier: save it anew with ELAN")
            self.tiers[-1][2].append(self.reading)
        elif name == "LINGUISTIC_TYPE" and given.get("TIME_ALIGNABLE") == "false":
            self.untimed.add(given.get("LINGUISTIC_TYPE_ID", ""))
        self.inside_value = name == "ANNOTATION_VALUE"

    def end(self, name: str) -> None:
        self.inside_value = False
        if name == "ALIGNABLE_ANNOTATION":
            self.reading = None

    def characters(self, text: str) -> None:
        if self.inside_value and self.reading is not None:
            self.reading.text += text

    def timed_tiers(self) -> list[Tier]:
        return [
            Tier(name, tuple((one.line, event_of(self._cells(one), self._where(one))) for one in found))
            for name, kind, found in self.tiers
            if kind not in self.untimed
        ]

    def _cells(self, one: _Annotation) -> tuple[str, str, str]:
        onset, offset = (self._seconds(slot, one) for slot in one.slots)
        return onset, offset, " ".join(one.text.split())

    def _seconds(self, slot: str, one: _Annotation) -> str:
        value = self.slots.get(slot)
        if value is None:
            raise UserError(
                f"{self._where(one)}: annotation {one.name} has no time of its own ({slot}): set its limits in ELAN"
            )
        if not value.isascii() or not value.isdigit():
            raise UserError(f"{self._where(one)}: time slot {slot} is {value!r}, no number of milliseconds")
        return repr(int(value) / 1000)

    def _where(self, one: _Annotation) -> str:
        return f"{self.path}, line {one.line}"


def _tier(path: Path, asked: str | None) -> Tier:
    tiers = _read(path).timed_tiers()
    if not tiers:
        raise UserError(f"{path}: holds no tier with times of its own: annotate in ELAN")
    return chosen(path, tiers, asked, "ELAN")


def _read(path: Path) -> _Document:
    found = _Document(path)
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        # Entities are declared there, which may grow without bounds or read other files. ELAN writes none.
        raise UserError(f"{path}, line {parser.CurrentLineNumber}: holds a DOCTYPE, which ELAN does not write: refused")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, given: found.begin(name, given, parser.CurrentLineNumber)
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.characters
    try:
        parser.Parse(whole_text(path), True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise UserError(f"{path}, line {error.lineno}: no whole XML ({why}): save it anew with ELAN") from None
    return found


def _needed(given: Mapping[str, str], name: str, where: str) -> str:
    if name not in given:
        raise UserError(f"{where}: {name} is missing: save it anew with ELAN")
    return given[name]


FORMAT = LabelFormat("elan", "ELAN file", (".eaf",), matches, opened)
