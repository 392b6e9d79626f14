"""Columns of a label table that mean the same, such as `start` beside `begin`: they must say the same."""

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import PurePosixPath

from sedkd.data.events import CLOCK, seconds
from sedkd.data.folders import is_audio_name
from sedkd.data.labels.cells import Cells, key_of, squeezed
from sedkd.data.labels.layout import Layout
from sedkd.errors import UserError

GENERAL = ("from", "to")  # of frequencies as often
FILES = ("file", "filename")  # a recording may be cut out of that of another column, such as `source file`
ROUNDING = 0.05  # seconds that two times may lie apart and be one, as one decimal leaves them


def require_agreement(cells: Cells, header: Sequence[str], layout: Layout) -> None:
    """UserError where two columns are an onset, an end, a length or a recording, and their cells differ. `header` has
    the names as the file does."""
    for keys in (layout.onset, layout.end, layout.length, layout.within):
        places = _called(cells, [key for key in keys if key not in GENERAL])
        _require_alike(cells, header, places, _differ_in_time)
    files = _called(cells, layout.file)
    named = [place for place in files if squeezed(key_of(cells.header[place])) in FILES]
    twins = [_called(cells, (key_of(cells.header[place]),)) for place in files]
    for places in (named, *twins):
        _require_alike(cells, header, places, _differ_in_name)


def require_one_label(cells: Cells, place: int) -> None:
    """UserError where another column is called as that of the labels, and says otherwise."""
    name = cells.header[place].casefold()
    places = [place, *(p for p, other in enumerate(cells.header) if p != place and other.casefold() == name)]
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
    if len(places) < 2:
        return
    for line, row in cells.rows:
        for one, other in combinations(places, 2):
            if differ(row[one], row[other]):
                raise UserError(
                    f"{cells.path}, line {line}: {header[one]} is {row[one]!r}, and {header[other]}, which means the "
                    f"same, is {row[other]!r}: {mend}"
                )


def _times(*cells: str) -> list[float]:
    """Cells in seconds; none where one is no time, of which who reads it will tell."""
    try:
        return [seconds(cell, "", "") for cell in cells]
    except UserError:
        return []


def _differ_in_time(one: str, other: str) -> bool:
    """A time of day beside one in the recording is another thing, and no other time of the same."""
    if bool(CLOCK.fullmatch(one)) != bool(CLOCK.fullmatch(other)):
        return False
    times = _times(one, other)
    return bool(times) and abs(times[0] - times[1]) > ROUNDING


def _differ_in_name(one: str, other: str) -> bool:
    """Whether two cells name recordings that are not called alike, in whatever folder and however they end."""
    return bool(one and other) and _bare(one) != _bare(other)


def _bare(cell: str) -> str:
    name = _name(cell).casefold()
    return PurePosixPath(name).stem if is_audio_name(name) else name


def _name(cell: str) -> str:
    return PurePosixPath(cell.replace("\\", "/")).name
