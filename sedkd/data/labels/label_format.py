"""What a reader of label files is: how it knows one, which recordings it is of, and what it says of them."""

import codecs
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sedkd.data.datasets.dataset import Annotation
from sedkd.data.datasets.rows import Line
from sedkd.data.labels.parquet_text import MAGIC, text_of_parquet
from sedkd.data.table import file_bytes, text_of
from sedkd.errors import UserError
from sedkd.spelling import composed

OWN = ""
"""In place of a recording's name: the one that the label file itself is called like."""

HEAD_BYTES = 8192
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class LabelFile:
    """A file of labels, opened. What its functions find wrong they raise as UserError, with file and line.

    `recordings()`: the names of the recordings that it speaks of (`OWN`: it is of one, which it is called like),
    without a look at what it says of them. `read(column)`: what it says, by these names; `column` is the one that the
    labels are taken from, of TextGrids and ELAN files the tier. `column(asked)`: which one that is; None where there is
    no choice. `confidences()`: by line, what it says of how sure a detector was; None where it is no table.
    """

    recordings: Callable[[], Sequence[str]]
    read: Callable[[str | None], Mapping[str, Annotation]]
    column: Callable[[str | None], str] | None = None
    confidences: Callable[[], Mapping[int, str]] | None = None


@dataclass(frozen=True)
class LabelFormat:
    """A format of label files, which end in one of `suffixes` (lower case).

    `matches(head)`: whether a file is one that begins with these lines, of which none is blank.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    matches: Callable[[Sequence[str]], bool]
    open: Callable[[Path], LabelFile]


def head_of(path: Path) -> list[str]:
    """The first lines of a file that are not blank; none where it is no text. UserError: it is damaged Parquet."""
    with path.open("rb") as stream:
        raw = stream.read(HEAD_BYTES)
    try:
        if raw.startswith(MAGIC):
            text = text_of_parquet(path)
        elif raw.startswith(UTF16):
            text = raw[: len(raw) // 2 * 2].decode("utf-16", errors="ignore")
        else:
            text = raw.decode("utf-8-sig", errors="replace")
    except UnicodeError:
        return []
    return [line for line in _lines(text) if line.strip()]


def unknown_encoding(path: Path, head: Sequence[str]) -> str | None:
    """What to say of a file that begins with these lines and is in an encoding that it does not tell; else None."""
    if not any("\0" in line for line in head):
        return None
    return f"{path}: is in no encoding that it tells (UTF-16 without a byte order mark?): save it in UTF-8"


def whole_text(path: Path) -> str:
    """The text of a label file, in UTF-8 or, where a byte order mark says so, in UTF-16; of Parquet as that of .csv.

    Raises:
        UserError: the file cannot be read, or is in neither.
    """
    raw = file_bytes(path)
    if raw.startswith(MAGIC):
        return composed(text_of_parquet(path))
    if not raw.startswith(UTF16):
        return text_of(path, raw)
    try:
        return composed(raw.decode("utf-16"))
    except UnicodeDecodeError:
        raise UserError(f"{path}: breaks off within a character: save it again, as plain text in UTF-8") from None


def numbered_lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a label file that are not blank, with their numbers."""
    return [(number, line) for number, line in enumerate(_lines(whole_text(path)), start=1) if line.strip()]


def _lines(text: str) -> list[str]:
    """Parted at ends of lines alone, unlike `splitlines`, which also parts at a form feed or a paragraph separator."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def annotations(found: Mapping[str, Sequence[Line]]) -> dict[str, Annotation]:
    """Recording -> its events, as `LabelFile.read` answers."""
    return {name: Annotation(tuple(lines)) for name, lines in found.items()}


def of_one_recording() -> list[str]:
    """`LabelFile.recordings` where a file is of one recording each."""
    return [OWN]
