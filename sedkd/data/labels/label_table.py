"""Label tables with a header, read by their layout: which cell is a label's onset, its end, the recording it is of."""

import shlex
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from sedkd.data.datasets.dataset import Annotation
from sedkd.data.datasets.rows import Line, event_of, later
from sedkd.data.events import is_time, require_clear_commas, seconds
from sedkd.data.folders import is_audio_name
from sedkd.data.labels.agreement import require_agreement, require_one_label
from sedkd.data.labels.cells import header_of, key_of, read_cells, squeezed, time_key_of
from sedkd.data.labels.event_columns import EVENTS, FLAGS
from sedkd.data.labels.label_format import OWN, LabelFile, LabelFormat, annotations
from sedkd.data.labels.layout import Layout
from sedkd.data.labels.units import in_seconds
from sedkd.errors import SedkdWarning, UserError

NO_LABELS = "numbers, not labels: write a row per event with its label, or a column per event that holds 1 and 0"
SHOWN = 12  # of columns that are events
CONFIDENCE = ("confidence", "score", "probability")


def table_format(layout: Layout) -> LabelFormat:
    """The reader of such tables."""

    def matches(head: Sequence[str]) -> bool:
        header = header_of(head)
        keys = {squeezed(key_of(name)) for name in header} | {time_key_of(name)[0] for name in header}
        return all(any(squeezed(key) in keys for key in group) for group in layout.needs)

    def opened(path: Path) -> LabelFile:
        table = LabelTable(layout, path)
        return LabelFile(table.recordings, table.read, table.label_column, table.confidences)

    return LabelFormat(layout.name, layout.title, layout.suffixes, matches, opened)


class LabelTable:
    """One table. Places are those of columns; None: it has no such column."""

    def __init__(self, layout: Layout, path: Path) -> None:
        self.layout, self.path = layout, path
        written = read_cells(path)
        timed = in_seconds(written, layout)
        require_agreement(timed, written.header, layout)
        self.cells = layout.prepared(timed)
        self.keys = [key_of(name) for name in self.cells.header]
        self._squeezed = [squeezed(key) for key in self.keys]

    @cached_property
    def names(self) -> list[str]:
        """The recording of each row.

        Raises:
            UserError: a row names none, though others do.
        """
        file, folder, path = self._file, *map(self._place, (self.layout.folder, self.layout.path))
        file, path = (path, None) if file is None else (file, path)
        if file is None:
            return [OWN] * len(self.cells.rows)
        names = []
        for line, row in self.cells.rows:
            name = row[file]
            if not name:
                what = self.cells.header[file]
                raise UserError(f"{self.path}, line {line}: {what} is empty: name the recording, or remove the line")
            if folder is not None and row[folder]:
                name = f"{row[folder]}/{name}"
            elif path is not None and PurePosixPath(row[path].replace("\\", "/")).name == name:
                name = row[path]
            names.append(name)
        return names

    @cached_property
    def _file(self) -> int | None:
        """The column of the recordings: one that is called so, else one that holds names of audio files."""
        place = self._place(self.layout.file)
        if place is not None or not self.layout.file or self._place(self.layout.path) is not None:
            return place
        columns = ([cell for _, cell in self.cells.column(i)] for i in range(len(self.cells.header)))
        return next((i for i, cells in enumerate(columns) if cells and all(map(_is_audio, cells))), None)

    def recordings(self) -> list[str]:
        """The recordings that it names, each once; `OWN` where it names none."""
        return list(dict.fromkeys(self.names)) or [OWN]

    def read(self, asked: str | None) -> dict[str, Annotation]:
        """The labels by recording, of the column `asked` for, which may be called like an event and hold 1 and 0; a row
        of nothing but a recording says that nothing happens.

        Raises:
            UserError: a column is missing, or a row cannot be used.
        """
        label, onset = self._label(asked), self._needed(self.layout.onset)
        require_one_label(self.cells, label)
        event = self._event_called_like(label)
        end, length = self._place(self.layout.end), self._place(self.layout.length)
        last = self._needed(self.layout.end) if length is None else length if end is None else end
        within, both = self._within(), self._both_files()
        places = [onset, last] if within is None else [onset, last, within]
        require_clear_commas(self.path, (cell for place in places for cell in self.cells.column(place)))
        found: dict[str, list[Line]] = {}
        for name, (line, row) in zip(self.names, self.cells.rows, strict=True):
            events, where = found.setdefault(name, []), f"{self.path}, line {line}"
            begins, ends, text = row[onset], row[last], row[label]
            if event is not None:
                text = event if FLAGS[text.casefold()] else ""
            if self._says_nothing(name, begins, ends, text) or (event is not None and not text):
                continue
            if not text:
                raise UserError(f"{where}: {self._without_label(label)}")
            if end is None:
                ends = later(begins, seconds(ends, self.cells.header[last], where), "onset", where)
            if within is not None and not row[within] and len(self.recordings()) > 1:
                raise UserError(
                    f"{where}: {self.cells.header[within]} is empty, and times count over {len(self.recordings())} "
                    "recordings: measure it again in Raven, or remove the line"
                )
            if within is not None and row[within]:
                lasts = seconds(ends, "offset", where) - seconds(begins, "onset", where)
                begins, ends = row[within], later(row[within], lasts, self.cells.header[within], where)
            if both and row[both[1]] not in ("", row[both[0]]):
                told = f"{where}: ends in {row[both[1]]}: only its part in {row[both[0]]} is used"
                warnings.warn(told, SedkdWarning, stacklevel=2)
            events.append((line, event_of((begins, ends, text), where)))
        self._tell_of_several(found.get(OWN, []), label)
        return annotations(found or {OWN: []})

    def _tell_of_several(self, events: Sequence[Line], label: int) -> None:
        """A warning where all labels are taken for those of one recording, and a column may name several: time begins
        anew where it changes, and nowhere else."""
        back = [i for i in range(1, len(events)) if events[i][1].onset < events[i - 1][1].onset]
        if not (self.layout.file and back):
            return
        rows = dict(self.cells.rows)
        for name in self._unknown_columns():
            place = self.cells.header.index(name)
            cells = [rows[line][place] for line, _ in events]
            changes = [i for i in range(1, len(cells)) if cells[i] != cells[i - 1]]
            if place != label and set(back) <= set(changes) and len(set(cells)) == len(changes) + 1:
                told = (
                    f"{self.path}: names no recording, so that all of it is of one; times begin anew where {name} "
                    "changes: if it names recordings, call the column filename"
                )
                warnings.warn(told, SedkdWarning, stacklevel=2)
                return

    def _says_nothing(self, name: str, begins: str, ends: str, text: str) -> bool:
        """Whether a row is of a recording alone: in it, nothing happens."""
        return text.casefold() in self.layout.nothing or (name != OWN and not (begins or ends or text))

    def _event_called_like(self, label: int) -> str | None:
        """The event that a column is called like, where it is not known to hold labels, and holds 1 and 0."""
        known = label in self._label_columns()
        return self.cells.header[label] if self._holds_flags(label) and not known else None

    def _holds_flags(self, place: int) -> bool:
        """Whether a column says yes in some rows and no in the others, if there are others."""
        cells = {cell.casefold() for _, cell in self.cells.column(place)}
        return cells <= set(FLAGS) and any(FLAGS[cell] for cell in cells)

    def confidences(self) -> dict[int, str]:
        """How sure a detector was of each label, by line; none where no column says so."""
        place = self._place(CONFIDENCE)
        return {} if place is None else {line: row[place] for line, row in self.cells.rows}

    def label_column(self, asked: str | None) -> str:
        """The column that holds the labels, as the header has it, or the columns that are events and hold a 1.
        UserError where that is not clear."""
        place = self._label(asked)
        name = self.cells.header[place]
        if name != EVENTS:
            return name
        there = list(dict.fromkeys(cell for _, cell in self.cells.column(place) if cell))
        return f"{name}: {', '.join(there[:SHOWN])}{f' and {len(there) - SHOWN} more' if there[SHOWN:] else ''}"

    def _label(self, asked: str | None) -> int:
        names = self.cells.header
        if asked is not None:
            place = self._place((key_of(asked),))
            if place is None:
                raise UserError(f"{self.path}: --label-column {asked}: no such column; there are: {self._all()}")
            if self._is_of_fractions(place) and not self._holds_flags(place):
                raise UserError(f"{self.path}: --label-column {asked}: holds {NO_LABELS}")
            return place
        there = self._label_columns()
        if not there and self.layout.other is not None:
            there = [place for place, key in enumerate(self.keys) if key and not self.layout.other(key)]
            if len(there) > 1:
                several = ", ".join(names[place] for place in there)
                raise UserError(f"{self.path}: which column holds the labels? Say --label-column, one of: {several}")
            there = [place for place in there if not self._holds_flags(place)]
        if not there:
            raise UserError(f"{self.path}: no column of labels; {self._mend_of_no_label()}")
        filled = (place for place in there if any(row[place] for _, row in self.cells.rows))
        return next(filled, there[0])

    def _mend_of_no_label(self) -> str:
        """What to do where no column is known to hold labels."""
        others = self._unknown_columns()
        if not others:
            return f"add one, called {self.layout.label[0]}"
        flagged = [name for name in others if self._holds_flags(self.cells.header.index(name))]
        if flagged:
            return f"{flagged[0]} holds 1 and 0: if it is an event, say --label-column {shlex.quote(flagged[0])}"
        if all(self._is_of_fractions(self.cells.header.index(name)) for name in others):
            return f"{', '.join(others)} hold {NO_LABELS}"
        return f"say --label-column, one of: {', '.join(others)}"

    def _unknown_columns(self) -> list[str]:
        """Those that hold neither times nor recordings, as far as they are known."""
        layout = self.layout
        known = {*layout.onset, *layout.end, *layout.length, *layout.file, *layout.folder, *layout.path, *layout.within}
        known = {squeezed(key) for key in known}
        return [
            name
            for name, key in zip(self.cells.header, self.keys, strict=True)
            if name and squeezed(key) not in known and not (layout.other and layout.other(key))
        ]

    def _is_of_fractions(self, place: int) -> bool:
        """Whether a column holds nothing but numbers, not all of which are whole, as scores do."""
        cells = [cell for _, cell in self.cells.column(place)]
        return all(map(is_time, cells)) and any("." in cell for cell in cells)

    def _label_columns(self) -> list[int]:
        return [place for key in self.layout.label if (place := self._place((key,))) is not None]

    def _without_label(self, label: int) -> str:
        others = [self.cells.header[place] for place in self._label_columns() if place != label]
        other = f', or take another column: --label-column "{others[0]}"' if others else ""
        return f"{self.cells.header[label]} is empty: fill it in or remove the line{other}"

    def _within(self) -> int | None:
        """The column that says where in its recording a label begins."""
        if not self.layout.within or (self.names and self.names[0] == OWN):
            return None
        within = self._place(self.layout.within)
        if within is None and len(set(self.names)) > 1:
            raise UserError(
                f"{self.path}: is of {len(set(self.names))} recordings, and its times may count over all of them: add "
                "the measurement File Offset (s) in Raven and save the table again"
            )
        return within

    def _both_files(self) -> tuple[int, int] | None:
        """The columns of the recordings in which a label begins and ends, where there are both."""
        first, second = self._place(self.layout.file), self._place(self.layout.end_file)
        return None if first is None or second is None else (first, second)

    def _needed(self, keys: Sequence[str]) -> int:
        place = self._place(keys)
        if place is None:
            raise UserError(f"{self.path}: no column {keys[0]!r}, in seconds; there are: {self._all()}")
        return place

    def _place(self, keys: Sequence[str]) -> int | None:
        wanted = (squeezed(key) for key in keys)
        return next((self._squeezed.index(key) for key in wanted if key in self._squeezed), None)

    def _all(self) -> str:
        return ", ".join(name for name in self.cells.header if name)


def _is_audio(cell: str) -> bool:
    return is_audio_name(PurePosixPath(cell.replace("\\", "/")).name)
