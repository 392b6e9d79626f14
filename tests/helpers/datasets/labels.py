"""Label files exactly as the programs write them, and folders of recordings with such files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from datasets.sound import Row, write_sound, write_text

ROWS: Mapping[str, Sequence[Row]] = {
    "yard1": [(0.25, 0.9, "crow"), (1.0, 1.625, "dog bark")],
    "yard2": [(0.125, 0.75, "dog bark")],
    "yard3": [(0.5, 1.1, "crow"), (0.3, 0.8, "dog bark")],
    "yard4": [],
    "yard5": [(0.2, 1.8, "crow")],
}
RAVEN_HEAD = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"
BIRDNET_HEAD = "Start (s),End (s),Scientific name,Common name,Confidence,File"
KALEIDOSCOPE_HEAD = (
    "INDIR,FOLDER,IN FILE,CHANNEL,OFFSET,DURATION,Fmin,Fmean,Fmax,DATE,TIME,HOUR,DATE-12,TIME-12,HOUR-12,"
    "TOP1MATCH,TOP1DIST,VOCALIZATIONS,MANUAL ID"
)


def audacity(path: Path, rows: Sequence[Row], spectral: bool = True) -> None:
    lines = []
    for onset, offset, label in rows:
        lines.append(f"{onset:.6f}\t{offset:.6f}\t{label}")
        lines += ["\\\t2593.156006\t8866.920898"] if spectral else []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), newline="")


def raven(path: Path, rows: Sequence[Row], views: bool = True) -> None:
    lines = [f"{RAVEN_HEAD}\tSpecies"]
    for place, (onset, offset, label) in enumerate(rows, start=1):
        span = f"{onset:.9f}\t{offset:.9f}"
        lines += [f"{place}\tWaveform 1\t1\t{span}\t0.0\t8000.0\t{label}"] if views else []
        lines.append(f"{place}\tSpectrogram 1\t1\t{span}\t2878.2\t4049.0\t{label}")
    write_text(path, lines, "\r\n")


def raven_of_several(path: Path, recordings: Mapping[str, Sequence[Row]], seconds: float = 2.0) -> None:
    """A table of a sound that several files make up: times count from the first one's start."""
    lines = [f"{RAVEN_HEAD}\tBegin File\tFile Offset (s)\tEnd File\tSpecies"]
    for number, (name, rows) in enumerate(recordings.items()):
        for onset, offset, label in rows:
            begin, end = number * seconds + onset, number * seconds + offset
            lines.append(
                f"{len(lines)}\tSpectrogram 1\t1\t{begin:.9f}\t{end:.9f}\t100.0\t4000.0\t"
                f"{name}\t{onset:.4f}\t{name}\t{label}"
            )
    write_text(path, lines, "\r\n")


def textgrid(path: Path, rows: Sequence[Row], short: bool = False, encoding: str = "utf-8", more: str = "") -> None:
    """One interval tier `events`, silence between; `more` are tiers before it, in Praat's long form."""
    edges = [0.0, *(edge for row in sorted(rows) for edge in row[:2]), 2.0]
    labels = [label for row in sorted(rows) for label in ("", row[2])] + [""]
    spans = [(a, b, label) for a, b, label in zip(edges[:-1], edges[1:], labels, strict=True) if a < b]
    if short:
        lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", "2", "<exists>", "1"]
        lines += ['"IntervalTier"', '"events"', "0", "2", str(len(spans))]
        for a, b, label in spans:
            lines += [f"{a}", f"{b}", '"' + label.replace('"', '""') + '"']
    else:
        tiers = 1 + more.count("item [")
        lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 ", "xmax = 2 "]
        lines += ["tiers? <exists> ", f"size = {tiers} ", "item []: ", *more.splitlines(), f"    item [{tiers}]:"]
        lines += [
            '        class = "IntervalTier" ',
            '        name = "events" ',
            "        xmin = 0 ",
            "        xmax = 2 ",
        ]
        lines.append(f"        intervals: size = {len(spans)} ")
        for place, (a, b, label) in enumerate(spans, start=1):
            lines += [f"        intervals [{place}]:", f"            xmin = {a} ", f"            xmax = {b} "]
            lines.append('            text = "' + label.replace('"', '""') + '" ')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding=encoding)


ELAN_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-31T05:45:00+01:00" FORMAT="3.0" VERSION="3.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/rec/a.wav" MIME_TYPE="audio/x-wav" RELATIVE_MEDIA_URL="./a.wav"/>
        <PROPERTY NAME="URN">urn:nl-mpi-tools-elan-eaf:7f0d2c5e-2b6f-4a80-9a55-3c1f3c0f8d11</PROPERTY>
    </HEADER>
    <TIME_ORDER>
"""
ELAN_TYPES = """    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" LINGUISTIC_TYPE_ID="sure" TIME_ALIGNABLE="false"/>
    <CONSTRAINT DESCRIPTION="1-1 association with a parent annotation" STEREOTYPE="Symbolic_Association"/>
</ANNOTATION_DOCUMENT>
"""


def elan(path: Path, rows: Sequence[Row], more: str = "") -> None:
    """A tier `events`, and a tier `certainty` that annotates its annotations; `more` are tiers behind them."""
    milliseconds = [round(1000 * edge) for row in rows for edge in row[:2]]
    lines = [f'        <TIME_SLOT TIME_SLOT_ID="ts{n}" TIME_VALUE="{t}"/>' for n, t in enumerate(milliseconds, start=1)]
    lines += ["    </TIME_ORDER>", '    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="events">']
    for n, (_, _, label) in enumerate(rows, start=1):
        slots = f'TIME_SLOT_REF1="ts{2 * n - 1}" TIME_SLOT_REF2="ts{2 * n}"'
        lines += ["        <ANNOTATION>", f'            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{n}" {slots}>']
        lines.append(f"                <ANNOTATION_VALUE>{escape(label)}</ANNOTATION_VALUE>")
        lines += ["            </ALIGNABLE_ANNOTATION>", "        </ANNOTATION>"]
    lines += ["    </TIER>", '    <TIER LINGUISTIC_TYPE_REF="sure" PARENT_REF="events" TIER_ID="certainty">']
    for n in range(1, len(rows) + 1):
        lines += ["        <ANNOTATION>", f'            <REF_ANNOTATION ANNOTATION_ID="b{n}" ANNOTATION_REF="a{n}">']
        lines.append("                <ANNOTATION_VALUE>sure</ANNOTATION_VALUE>")
        lines += ["            </REF_ANNOTATION>", "        </ANNOTATION>"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(ELAN_HEAD + "\n".join([*lines, "    </TIER>", more]) + ELAN_TYPES, encoding="utf-8")


def kaleidoscope(path: Path, recordings: Mapping[str, Sequence[Row]], column: str = "MANUAL ID") -> None:
    lines = [KALEIDOSCOPE_HEAD]
    for name, rows in recordings.items():
        for onset, offset, label in rows:
            top, manual = ("crow-1", label) if column == "MANUAL ID" else (label, "")
            lines.append(
                f"C:\\rec,day,{name},0,{onset:.3f},{offset - onset:.3f},900,1200,2100,2024-01-31,05:45:00,5,"
                f"2024-01-30,17:45:00,17,{top},0.31,1,{manual}"
            )
    write_text(path, lines, "\r\n")


def birdnet(path: Path, recordings: Mapping[str, Sequence[Row]]) -> None:
    lines = [BIRDNET_HEAD]
    for name, rows in recordings.items():
        lines += [f"{a},{b},Corvus {label},{label},0.8731,/home/x/{name}" for a, b, label in rows]
    write_text(path, lines)


def excel(path: Path, recordings: Mapping[str, Sequence[Row]]) -> None:
    """As a spreadsheet of a country with decimal commas saves it: semicolons, quotes, a byte order mark."""
    lines = ["Filename;Start (s);End (s);Label;Remark"]
    for name, rows in recordings.items():
        for onset, offset, label in rows:
            span = f"{onset};{offset}".replace(".", ",")
            lines.append(f'{name};{span};"{label}";"near; ""loud"""')
        lines += [] if rows else [f"{name};;;;"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig", newline="\r\n")


def write_recordings(root: Path, rows: Mapping[str, Sequence[Row]] = ROWS, suffix: str = ".wav") -> None:
    for place, (name, events) in enumerate(rows.items()):
        write_sound(root / f"{name}{suffix}", events, 700 + place)


def write_beside(root: Path, write: Callable[[Path, Sequence[Row]], None], suffix: str) -> Path:
    """A recording and its label file side by side, for each of `ROWS`."""
    write_recordings(root)
    for name, rows in ROWS.items():
        write(root / f"{name}{suffix}", rows)
    return root


def write_one(root: Path, write: Callable[[Path, Mapping[str, Sequence[Row]]], None], name: str) -> Path:
    """Recordings in a folder, and one label file of them all."""
    write_recordings(root / "audio" / "day")
    write(root / name, {f"{stem}.wav": rows for stem, rows in ROWS.items()})
    return root
