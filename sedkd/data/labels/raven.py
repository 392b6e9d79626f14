"""Raven's selection tables, also those that BirdNET writes.

A selection has a row per view (waveform, spectrogram) where both were saved. Times count from the start of the sound
that was open, which several files may make up: `Begin File` and `File Offset (s)` then say where a selection lies.
"""

import re
from dataclasses import replace

from sedkd.data.labels.cells import Cells, key_of
from sedkd.data.labels.label_table import table_format
from sedkd.data.labels.layout import NO_DETECTION, Layout

VIEW = "view"
IDENTITY = ("selection", "begin time", "end time", "begin file", "begin path")
OTHER = {
    *("selection", VIEW, "channel", "begin time", "end time", "begin file", "end file", "begin path", "file offset"),
    *("delta time", "confidence", "score", "notes", "comments", "occupancy", "begin date", "end date"),
    *("begin date time", "begin clock time", "end clock time", "begin hour", "species code"),
}


def one_per_selection(cells: Cells) -> Cells:
    """The rows that do not repeat an earlier one for another view."""
    keys = [key_of(name) for name in cells.header]
    if VIEW not in keys:
        return cells
    # What is measured differs between views: a waveform has no frequencies, nor any measurement of them.
    if "selection" in keys:
        kept = [place for place, key in enumerate(keys) if key in IDENTITY]
    else:
        kept = [place for place, key in enumerate(keys) if key in IDENTITY or not is_measurement(key)]
    view = keys.index(VIEW)
    first: dict[tuple[str, ...], str] = {}
    rows = []
    for line, row in cells.rows:
        identity = tuple(row[place] for place in kept)
        if first.setdefault(identity, row[view]) == row[view]:
            rows.append((line, row))
    return replace(cells, rows=tuple(rows))


def is_measurement(key: str) -> bool:
    """Whether a column holds no label: Raven's own, or a measurement, whose unit stands in parentheses."""
    return key in OTHER or bool(re.search(r"\((?!s\)).*\)$", key)) or key.startswith(("delta ", "time ", "length"))


FORMAT = table_format(
    Layout(
        "raven",
        "Raven selection table",
        (".txt", ".csv", ".tsv"),
        needs=(("begin time",), ("end time",), ("selection", VIEW)),
        onset=("begin time",),
        end=("end time",),
        file=("begin file",),
        path=("begin path",),
        within=("file offset",),
        end_file=("end file",),
        label=("species", "annotation", "annotations", "label", "common name", "class", "call type", "type", "tags"),
        other=is_measurement,
        nothing=NO_DETECTION,
        prepared=one_per_selection,
    )
)
