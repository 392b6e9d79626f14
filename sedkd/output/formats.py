"""What detections are written as. Times in seconds from the start of the recording, unless a column says otherwise."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sedkd.errors import UserError

if TYPE_CHECKING:
    from sedkd.stream.detection import Detection

COLUMNS = ("filename", "onset", "offset", "event_label", "confidence")
ABSOLUTE = ("start_time", "end_time")
RAVEN = ("Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)")
RAVEN_MORE = ("Begin Path", "File Offset (s)", "Annotation", "Confidence")
RAVEN_DATE = "Begin Date Time"


@dataclass(frozen=True)
class Heard:
    """The detections in a recording: `name` as it was typed, `duration` in seconds, `start` if its name says when."""

    name: str
    duration: float
    start: datetime | None
    detections: "Sequence[Detection]"

    def moment(self, seconds: float) -> str:
        """A time in it as ISO 8601, without a zone where its name has none; empty where its name says nothing."""
        return "" if self.start is None else self._at(seconds).isoformat(timespec="milliseconds")

    def raven_moment(self, seconds: float) -> str:
        """The same as Raven writes it, which knows no zones."""
        return "" if self.start is None else self._at(seconds).strftime("%Y/%m/%d %H:%M:%S.%f")[:-3]

    def _at(self, seconds: float) -> datetime:
        assert self.start is not None
        return self.start + timedelta(seconds=round(seconds, 3))


class Output:
    """One file: the text that begins it, the text of each recording, and the text that ends it.

    `dated`: whether columns for absolute times are there. `highest`: the highest frequency that is heard, in Hz.
    """

    def __init__(self, dated: bool, highest: float) -> None:
        self.dated, self.highest = dated, highest

    def begin(self) -> str:
        return ""

    def text(self, heard: Heard) -> str:
        """The rows of a recording. UserError where its name cannot be written."""
        raise NotImplementedError

    def end(self) -> str:
        return ""


class Tsv(Output):
    def begin(self) -> str:
        return _tabbed([*COLUMNS, *(ABSOLUTE if self.dated else ())])

    def text(self, heard: Heard) -> str:
        require_tabs_fit(heard.name)
        return "".join(map(_tabbed, _cells(heard, self.dated)))


class Csv(Output):
    def begin(self) -> str:
        return _comma_separated([[*COLUMNS, *(ABSOLUTE if self.dated else ())]])

    def text(self, heard: Heard) -> str:
        if any(character in heard.name for character in "\r\n"):
            raise UserError(f"{heard.name!r}: a line break in the name breaks the table; rename the file")
        return _comma_separated(_cells(heard, self.dated))


class Json(Output):
    """A list with an object per detection, one a line."""

    def __init__(self, dated: bool, highest: float) -> None:
        super().__init__(dated, highest)
        self.empty = True

    def begin(self) -> str:
        return "["

    def text(self, heard: Heard) -> str:
        return "".join(self._line(row) for row in objects_of(heard, self.dated))

    def end(self) -> str:
        return "]\n" if self.empty else "\n]\n"

    def _line(self, row: dict[str, Any]) -> str:
        before, self.empty = "\n" if self.empty else ",\n", False
        return before + json.dumps(row, ensure_ascii=False)


class Audacity(Output):
    """A label track, of one recording."""

    def text(self, heard: Heard) -> str:
        events = (found.event for found in heard.detections)
        return "".join(f"{e.onset:.6f}\t{e.offset:.6f}\t{e.event_label}\n" for e in events)


class Raven(Output):
    """A selection table; of several recordings, times count over all of them, as if they were opened one behind the
    other in Raven, and `File Offset (s)` from the start of each."""

    def __init__(self, dated: bool, highest: float) -> None:
        super().__init__(dated, highest)
        self.selections, self.before = 0, 0.0

    def begin(self) -> str:
        return _tabbed([*RAVEN, *RAVEN_MORE, *([RAVEN_DATE] if self.dated else [])])

    def text(self, heard: Heard) -> str:
        require_tabs_fit(heard.name)
        rows = []
        for event, confidence in heard.detections:
            self.selections += 1
            span = [f"{self.before + time:.6f}" for time in (event.onset, event.offset)]
            row = [str(self.selections), "Spectrogram 1", "1", *span, "0.0", f"{self.highest:.1f}"]
            row += [heard.name, f"{event.onset:.6f}", event.event_label, f"{confidence:.3f}"]
            rows.append(_tabbed(row + ([heard.raven_moment(event.onset)] if self.dated else [])))
        self.before += heard.duration
        return "".join(rows)


@dataclass(frozen=True)
class OutputFormat:
    """A format for `--format`: how its files end, and whether one holds several recordings."""

    suffix: str
    make: Callable[[bool, float], Output]
    several: bool = True


OUTPUT_FORMATS = {
    "tsv": OutputFormat(".tsv", Tsv),
    "csv": OutputFormat(".csv", Csv),
    "json": OutputFormat(".json", Json),
    "audacity": OutputFormat(".txt", Audacity, several=False),
    "raven": OutputFormat(".selections.txt", Raven),
}


def require_tabs_fit(name: str) -> None:
    """UserError where a name would break a table whose columns TABs part."""
    if any(character in name for character in "\t\r\n"):
        raise UserError(f"{name!r}: a TAB or a line break in the name breaks the table; rename the file")


def _cells(heard: Heard, dated: bool) -> Iterator[list[str]]:
    for event, confidence in heard.detections:
        row = [heard.name, f"{event.onset:.3f}", f"{event.offset:.3f}", event.event_label, f"{confidence:.3f}"]
        yield row + ([heard.moment(event.onset), heard.moment(event.offset)] if dated else [])


def objects_of(heard: Heard, dated: bool) -> Iterator[dict[str, Any]]:
    """The detections of a recording by column; None for a time of day that its name does not tell."""
    for event, confidence in heard.detections:
        numbers = (round(event.onset, 3), round(event.offset, 3), event.event_label, round(confidence, 3))
        row = dict(zip(COLUMNS, (heard.name, *numbers), strict=True))
        if dated:
            row |= {"start_time": heard.moment(event.onset) or None, "end_time": heard.moment(event.offset) or None}
        yield row


def _tabbed(cells: Sequence[str]) -> str:
    return "\t".join(cells) + "\n"


def _comma_separated(rows: Iterator[list[str]] | Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
