"""Weak labels: which events occur in a clip, without when.

<root>/<environment>/weak/*.wav (and others, `AUDIO_SUFFIXES`)
<root>/<environment>/weak.tsv          filename event_labels          (the weak format of DESED, Turpault et al. 2019)

`event_labels` joins the labels of all events of a clip by commas; where it is empty, none occurs.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sedkd.data.broken import durations
from sedkd.data.environment import Environment
from sedkd.data.recordings import Recording, listed_audio
from sedkd.data.strangers import warn_of_strangers
from sedkd.data.table import read_rows, require_plain
from sedkd.disk.paths import written_atomically
from sedkd.errors import UserError

WEAK = "weak"
COLUMNS = ("filename", "event_labels")

Tags = dict[str, tuple[str, ...]]
"""Filename -> the labels of the events that occur in it, each once; none is an empty tuple."""


def read_weak(root: Path, environment: Environment) -> list[Recording]:
    """The environment's weakly labelled recordings by file name; an empty list when there is no weak.tsv.

    `tags` are in the environment's own spelling; `events` is None. Audio that the table does not list is left out with
    a warning. A label that is no event is told; of its clip, nothing else is known to be absent.

    Raises:
        UserError: the table or a recording cannot be used, or an event's label holds a comma.
    """
    table, audio = root / environment.name / f"{WEAK}.tsv", root / environment.name / WEAK
    if not table.exists():
        return []
    _require_writable(environment, table)
    found = read_tags(table)
    if not found:
        raise UserError(f"{table}: lists no recording: add some, or remove the file")
    listed = listed_audio(audio, sorted(found), table)
    seconds = durations(list(listed.values()))
    warn_of_strangers(environment, table, tags_with_lines(table))
    return [
        _tagged(path, seconds[path], name, environment, found[name]) for name, path in listed.items() if path in seconds
    ]


def read_tags(path: Path) -> Tags:
    """Read a table `filename event_labels`, in the order of its rows; other columns are ignored.

    Raises:
        UserError: the file or one of its rows cannot be used; the message names the line and how to mend it.
    """
    tags: Tags = {}
    for line, row in read_rows(path, COLUMNS):
        where, filename = f"{path}, line {line}", row["filename"]
        if not filename:
            raise UserError(f"{where}: the filename is empty: fill it in or remove the line")
        if filename in tags:
            raise UserError(f"{where}: {filename!r} is listed before: join its labels by commas in one line")
        labels = _split(row["event_labels"])
        if not all(labels):
            raise UserError(f"{where}: a label is empty in {row['event_labels']!r}: join labels by single commas")
        tags[filename] = tuple(dict.fromkeys(labels))
    return tags


def tags_with_lines(path: Path) -> list[tuple[int, str]]:
    """Every label of such a table with its line."""
    return [(line, tag) for line, row in read_rows(path, ("event_labels",)) for tag in _split(row["event_labels"])]


def write_tags(path: Path, tags: Mapping[str, Sequence[str]]) -> None:
    """Write a TAB-separated table that `read_tags` reads.

    Raises:
        UserError: a filename or label is empty or holds a TAB or a line break, or a label holds a comma.
    """
    lines = ["\t".join(COLUMNS)]
    for filename, labels in tags.items():
        require_plain(filename, "filename")
        for label in labels:
            require_plain(label, "event_label")
            require_no_comma(label)
        lines.append(f"{filename}\t{','.join(labels)}")
    with written_atomically(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def require_no_comma(label: str) -> None:
    """UserError when a label holds a comma, which separates labels in weak.tsv."""
    if "," in label:
        raise UserError(f"the event_label {label!r} holds a comma, which separates labels in weak.tsv: rename it")


def _tagged(path: Path, duration: float, filename: str, environment: Environment, labels: Sequence[str]) -> Recording:
    own = tuple(dict.fromkeys(environment.canonical(label) for label in labels))
    heard = None
    if any(environment.is_stranger(label) for label in labels):  # which may be any of the others
        heard = tuple(event for event in environment.events if event in own)
    return Recording(path, filename, environment.name, duration, tags=own, listened=heard)


def _split(cell: str) -> list[str]:
    return [label.strip() for label in cell.split(",")] if cell else []


def _require_writable(environment: Environment, table: Path) -> None:
    """Each event can be written in the table; one that cannot would count as absent from every clip."""
    plain = {environment.canonical(alias) for alias in environment.aliases if "," not in alias}
    for event in environment.events:
        if "," in event and event not in plain:
            raise UserError(
                f"{table}: the event {event!r} holds a comma, which separates labels here: give it an alias without"
            )
