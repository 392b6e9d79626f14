"""Text tables with a header, one record per line: what every annotation format here is made of."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from sedkd.errors import UserError
from sedkd.spelling import composed

HEAD_BYTES = 1 << 16  # in which a header ends


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, the wanted fields, stripped) for every line that is not blank.

    TAB-separated, or comma-separated when the file is called .csv or, as a pipe, has no ending; `columns` may stand in
    any order among others, and in capitals. A row may be short only when it holds nothing but a filename.

    Raises:
        UserError: the file or one of its rows cannot be used; the message names the line and how to mend it.
    """
    numbered = [(number, line) for number, line in enumerate(_lines(path), start=1) if line.strip(" \t")]
    if not numbered:
        raise UserError(f"{path}: the file is empty: it needs a header, TAB-separated: {' '.join(columns)}")
    head_number, head = numbered[0]
    delimiter = _delimiter(path, head)
    header = _as_asked(_fields(head, delimiter), columns)
    _check_header(path, head_number, head, header, columns)
    position = {name: header.index(name) for name in columns}
    for number, line in numbered[1:]:
        fields = _fields(line, delimiter)
        if not any(fields):
            continue  # a spreadsheet's empty row
        # Editors strip trailing TABs, which shortens the row of a file without events; nothing else may be short.
        given = [name for name, field in zip(header, fields, strict=False) if field]
        too_short = len(fields) < len(header) and given != ["filename"]
        if too_short or any(fields[len(header) :]):
            separator = "TABs" if delimiter == "\t" else "commas"
            raise UserError(
                f"{path}, line {number}: {len(fields)} fields where the header has {len(header)}: "
                f"separate all of them with {separator}, and nothing else"
            )
        fields += [""] * (len(header) - len(fields))
        yield number, {name: fields[position[name]] for name in columns}


def is_table_of(path: Path, columns: Sequence[str]) -> bool:
    """Whether `read_rows` finds these columns in a file's header. UserError where the file cannot be read."""
    first = file_bytes(path, HEAD_BYTES)
    whole = first[: first.rfind(b"\n") + 1] or first  # no letter that is cut in two
    try:
        head = next((line for line in _lines_of(text_of(path, whole)) if line.strip(" \t")), "")
    except UserError:
        return False
    return set(columns) <= set(_as_asked(_fields(head, _delimiter(path, head)), columns))


def read_plain(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, the TAB-separated fields, stripped) for every line that is not blank, where no header is.

    Raises:
        UserError: the file cannot be used.
    """
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            yield number, tab_fields(line)


def require_plain(text: str, what: str) -> None:
    """UserError when a field is empty or holds a TAB or a line break, which no table can express, or when it would be
    read without the blanks or quotes around it."""
    if not text.strip() or any(character in text for character in "\t\r\n"):
        raise UserError(f"the {what} {text!r} is empty or holds a TAB or a line break: rename it")
    if tab_fields(text) != [text]:
        raise UserError(f"the {what} {text!r} has blanks or quotes around it, which a table loses: rename it")


def tab_fields(line: str) -> list[str]:
    """The TAB-separated fields of a line, stripped, and without the quotes that spreadsheets put around one."""
    return [_unquoted(part.strip()) for part in line.split("\t")]


def file_bytes(path: Path, most: int = -1) -> bytes:
    """A text file as it stands on disk, or `most` bytes of it. UserError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file: check the path") from None
    except IsADirectoryError:
        raise UserError(f"{path}: this is a folder: name the table inside it") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}): check its permissions") from None


def _lines(path: Path) -> list[str]:
    return _lines_of(text_of(path, file_bytes(path)))


def _lines_of(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def text_of(path: Path, raw: bytes) -> str:
    """The text of a file whose bytes are `raw`, with or without a byte order mark. UserError for what is no UTF-8."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}: not UTF-8 text: save the table as plain text in UTF-8") from None
    text = composed(text)
    if "\0" in text:
        raise UserError(f"{path}: not a text table (it holds NUL bytes): save the table as plain text in UTF-8")
    return text


def _delimiter(path: Path, head: str) -> str:
    return "," if path.suffix.lower() in {".csv", ""} and "\t" not in head else "\t"


def _as_asked(header: Sequence[str], columns: Sequence[str]) -> list[str]:
    """The names of a table's columns, as they are asked for where they differ by capitals alone."""
    meant = {column.casefold(): column for column in columns if column not in header}
    return [meant.get(name.casefold(), name) for name in header]


def _fields(line: str, delimiter: str) -> list[str]:
    if delimiter == "\t":
        return tab_fields(line)
    try:
        return [part.strip() for part in next(csv.reader([line]))]
    except csv.Error:  # longer than any field is
        return [line]


def _unquoted(field: str) -> str:
    """A field without the quotes that spreadsheets put around one; a quote within it is a character like any other."""
    inner = field[1:-1].replace('""', "")
    if len(field) < 2 or not (field[0] == field[-1] == '"') or '"' in inner:
        return field
    return field[1:-1].replace('""', '"').strip()


def _check_header(path: Path, number: int, head: str, header: Sequence[str], columns: Sequence[str]) -> None:
    where = f"{path}, line {number}"
    for name in columns:
        if header.count(name) > 1:
            raise UserError(f"{where}: the column {name} occurs {header.count(name)} times: keep one")
    missing = [name for name in columns if name not in header]
    if not missing:
        return
    wanted = " ".join(columns)
    if len(header) == 1:
        for kind, separator in (("comma", ","), ("semicolon", ";"), ("space", None)):
            if set(columns) <= {part.strip().strip('"') for part in head.split(separator)}:
                also = " or call the file .csv" if kind == "comma" else ""
                raise UserError(f"{where}: this looks {kind}-separated: separate the columns with TABs{also}")
    raise UserError(
        f"{where}: no column {', '.join(missing)}: the first line must be a header with {wanted}, "
        f"separated by TABs; it reads {head.strip()[:80]!r}"
    )
