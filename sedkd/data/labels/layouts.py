"""The columns of BirdNET's results, of Kaleidoscope's lists, and of tables that people make in a spreadsheet."""

from sedkd.data.labels.label_table import table_format
from sedkd.data.labels.layout import Layout

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
    *("recording id", "recording name", "segment id"),
)
LABEL = (
    *("event label", "label", "class", "event", "species", "annotation", "tag", "sound", "category", "name", "type"),
    *("event class", "sound event", "class name", "class label", "species name", "common name", "event name"),
)
SPREADSHEET = table_format(
    Layout(
        "csv",
        "table",
        (".csv", ".tsv", ".txt"),
        needs=(ONSET, (*END, *LENGTH)),
        onset=ONSET,
        end=END,
        length=LENGTH,
        file=FILE,
        label=LABEL,
    )
)
