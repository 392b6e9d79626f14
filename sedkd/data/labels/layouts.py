"""The columns of BirdNET's results, of Kaleidoscope's and Sonic Visualiser's lists, and of tables that people make in a
spreadsheet."""

from sedkd.data.labels.cells import Cells, key_of, squeezed
from sedkd.data.labels.event_columns import EVENTS, a_row_per_event
from sedkd.data.labels.label_table import CONFIDENCE, table_format
from sedkd.data.labels.layout import NO_DETECTION, Layout
from sedkd.data.labels.parquet_text import SUFFIX as PARQUET

KALEIDOSCOPE = table_format(
    Layout(
        "kaleidoscope",
        "Kaleidoscope list",
        (".csv", ".txt", ".tsv"),
        needs=(("in file",), ("offset",), ("duration",)),
        onset=("offset",),
        length=("duration",),
        file=("in file",),
        folder=("folder",),
        label=("manual id", "top1match", "auto id", "common name"),
    )
)
BIRDNET = table_format(
    Layout(
        "birdnet",
        "BirdNET result table",
        (".csv", ".txt", ".tsv"),
        needs=(("start",), ("end",), ("common name",), ("confidence",)),
        onset=("start",),
        end=("end",),
        file=("file", "filepath"),
        label=("common name", "scientific name"),
        nothing=NO_DETECTION,
    )
)
ONSET = (
    *("onset", "start", "start time", "begin", "begin time", "onset time", "event onset", "event start time", "tmin"),
    "from",
)
END = ("offset", "end", "end time", "stop", "stop time", "offset time", "event offset", "event end time", "tmax", "to")
LENGTH = ("duration", "length")
FILE = (
    *("filename", "file", "file name", "recording", "audio", "audio file", "path", "filepath", "file path", "fname"),
    *("audio filename", "audio path", "audio name", "sound file", "wav", "wav file", "clip", "clip name", "clip id"),
    *("recording id", "recording name", "segment id", "audio id", "file id", "video id", "youtube id", "ytid"),
    *("source id", "source file", "slice file name", "track id", "sample id", "uri", "soundscape"),
)
LABEL = (  # what is general last: a table of species may have their class and the type of their calls besides
    *("event label", "label", "event", "species", "species name", "common name", "event name", "event class"),
    *("sound event", "class name", "class label", "annotation", "class", "tag", "sound", "category", "name", "type"),
)


def event_columns_as_rows(cells: Cells) -> Cells:
    """The table with a row per event, where none of its columns is called as one of labels."""
    if {squeezed(key) for key in LABEL} & {squeezed(key_of(name)) for name in cells.header}:
        return cells
    return a_row_per_event(cells, (*ONSET, *END, *LENGTH, *CONFIDENCE), FILE)


REGIONS = table_format(
    Layout(
        "regions",
        "region layer of Sonic Visualiser",
        (".csv", ".txt", ".tsv"),
        needs=(("time",), ("value",), ("duration",), ("label",)),
        onset=("time",),
        length=("duration",),
        label=("label",),
    )
)
SPREADSHEET = table_format(
    Layout(
        "csv",
        "table",
        (".csv", ".tsv", ".txt", PARQUET),
        needs=(ONSET, (*END, *LENGTH)),
        onset=ONSET,
        end=END,
        length=LENGTH,
        file=FILE,
        label=(*LABEL, EVENTS),
        prepared=event_columns_as_rows,
    )
)
