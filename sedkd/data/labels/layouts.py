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
ONSET = ("onset", "start", "start time", "begin", "begin time", "event onset", "event start time", "from")
END = ("offset", "end", "end time", "stop", "stop time", "event offset", "event end time", "to")
LENGTH = ("duration", "length")
LABEL = ("event label", "label", "class", "event", "species", "annotation", "tag", "sound", "category", "name", "type")
SPREADSHEET = table_format(
    Layout(
        "csv",
        "table",
        (".csv", ".tsv", ".txt"),
        needs=(ONSET, (*END, *LENGTH)),
        onset=ONSET,
        end=END,
        length=LENGTH,
        file=(
            "filename",
            "file",
            "file name",
            "recording",
            "audio",
            "audio file",
            "path",
            "filepath",
            "audio filename",
        ),
        label=LABEL,
    )
)
