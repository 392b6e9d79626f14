"""Columns of a label table that mean the same, such as `start` beside `begin`: they must say the same."""

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import PurePosixPath

from sedkd.data.events import seconds
from sedkd.data.folders import is_audio_name
from sedkd.data.labels.cells import Cells, key_of, squeezed
from sedkd.data.labels.layout import Layout
from sedkd.errors import UserError

ROUNDING = 0.05  # seconds that two times may lie apart and be one, as one decimal leaves them


def require_agreement(cells: Cells, header: Sequence[str], layout: Layout) -> None:
    """UserError where two columns are an onset, an end or a recording, and their cells differ, or where `length` is
    not what lies between onset and end. `header` has the names as the file does."""
    for keys in (layout.onset, layout.end, layout.length, layout.within):
        _require_alike(cells, header, _called(cells, keys), _differ_in_time)
    files = _called(cells, layout.file)
    _require_alike(cells, header, files, _are_of_two_recordings)
    named = [place for place in files if _is_called_file(cells.header[place])]
    twins = [_called(cells, (key_of(cells.header[place]),)) for place in files]
    for places in (named, *twins):
        _require_alike(cells, header, places, _differ_in_name)
    _require_lengths(cells, header, layout, files)


def require_one_label(cells: Cells, place: int) -> None:
    """UserError where another column is called like that of the labels, and says otherwise."""
    key = squeezed(key_of(cells.header[place]))
    places = [place, *(other for other in _called(cells, (key,)) if other != place)]
    mend = "rename or remove one, or take a column of another name: --label-column"
    _require_alike(cells, cells.header, places, lambda one, other: bool(one and other) and one != other, mend)


def _called(cells: Cells, keys: Sequence[str]) -> list[int]:
    """The places of columns of these keys, in the order of the keys, which is that in which one is taken."""
    there = [squeezed(key_of(name)) for name in cells.header]
    wanted = list(dict.fromkeys(map(squeezed, keys)))
    return [place for key in wanted for place, name in enumerate(there) if name == key]


def _require_alike(
    cells: Cells,
    header: Sequence[str],
    places: Sequence[int],
    differ: Callable[[str, str], bool],
    mend: str = "keep the one that is meant, and rename or remove the other",
) -> None:
    for line, row in cells.rows:
        for one, other in combinations(places, 2):
            if differ(row[one], row[other]):
                raise UserError(
                    f"{cells.path}, line {line}: {header[one]} is {row[one]!r}, and {header[other]}, which means the "
                    f"same, is {row[other]!r}: {mend}"
                )


def _require_lengths(cells: Cells, header: Sequence[str], layout: Layout, files: Sequence[int]) -> None:
    onsets, ends, lengths = (_called(cells, keys) for keys in (layout.onset, layout.end, layout.length))
    if not (onsets and ends and lengths):
        return
    onset, end, length = onsets[0], ends[0], lengths[0]
    rows = [(line, row, _times(row[onset], row[end], row[length])) for line, row in cells.rows]
    known = [(line, row, times) for line, row, times in rows if times]
    if _are_of_recordings([(row[files[0]] if files else "", times) for _, row, times in known]):
        return
    for line, row, (begins, stops, lasts) in known:
        if abs(stops - begins - lasts) > 2 * ROUNDING:
            raise UserError(
                f"{cells.path}, line {line}: {header[length]} is {row[length]!r}, but from {header[onset]} to "
                f"{header[end]} it is {stops - begins:.6g} s: keep {header[end]} or {header[length]}, the one that is "
                "meant, and rename or remove the other"
            )


def _are_of_recordings(times: Sequence[tuple[str, Sequence[float]]]) -> bool:
    """Whether lengths, given as (recording, [onset, end, length]), are those of recordings: of each one alone, and
    behind all ends."""
    of: dict[str, float] = {}
    return all(of.setdefault(name, lasts) == lasts and stops <= lasts + ROUNDING for name, (_, stops, lasts) in times)


def _times(*cells: str) -> list[float]:
    """Cells in seconds; none where one is no time, of which who reads it will tell."""
    try:
        return [seconds(cell, "", "") for cell in cells]
    except UserError:
        return []


def _differ_in_time(one: str, other: str) -> bool:
    times = _times(one, other)
    return bool(times) and abs(times[0] - times[1]) > ROUNDING


def _differ_in_name(one: str, other: str) -> bool:
    """Whether two cells name recordings that are not called alike, in whatever folder and however they end."""
    return bool(one and other) and _bare(one) != _bare(other)


def _are_of_two_recordings(one: str, other: str) -> bool:
    return all(is_audio_name(_name(cell)) for cell in (one, other)) and _differ_in_name(one, other)


def _bare(cell: str) -> str:
    name = _name(cell).casefold()
    return PurePosixPath(name).stem if is_audio_name(name) else name


def _name(cell: str) -> str:
    return PurePosixPath(cell.replace("\\", "/")).name


def _is_called_file(name: str) -> bool:
    """Whether a column is of files by its name: not one of folders, nor of numbers that stand for recordings."""
    key = squeezed(key_of(name))
    return "file" in key and "path" not in key and not key.endswith("id")
