"""The look-ahead of students as a dimension of a space, only where asked for: other studies stay what they are."""

from collections.abc import Sequence
from dataclasses import replace

from search.space.dimensions import Choice
from search.space.space import Space
from sedkd.errors import UserError
from sedkd.models.settings import CAUSAL_BLOCKS, FULL, StudentSettings

NAME, BLOCK = "student.lookahead", "student.block"
HELP = "milliseconds of what follows that an answer may know, for students that run on a stream; full hears recordings"


def lookaheads(text: str) -> tuple[int | str, ...]:
    """What `--lookahead full,480,160,0` asks for, the longest first.

    Raises:
        UserError: one that no student can have, or one twice.
    """
    words = [word.strip() for word in text.split(",")]
    asked = [int(word) if word.isdigit() else word for word in words]
    try:
        for value in asked:
            StudentSettings(lookahead=value)
    except ValueError as error:
        raise UserError(f"--lookahead {text}: {error}") from error
    if len(set(asked)) < len(asked):
        raise UserError(f"--lookahead {text}: one twice; give each once, such as full,480,160,0")
    return tuple(sorted(asked, key=lambda value: float("-inf") if isinstance(value, str) else -value))


def with_lookahead(space: Space, asked: Sequence[int | str], notices: list[str]) -> Space:
    """The space in which students have one of these look-aheads, the first by default; `full` alone changes nothing.

    Blocks that hear whole recordings keep `full`, and are left out where that is not asked for.

    Raises:
        UserError: the space has the dimension already, or no student of it can have a look-ahead.
    """
    if tuple(asked) in ((), (FULL,)):
        return space
    if any(dimension.name == NAME for dimension in space.dimensions):
        raise UserError(f"--lookahead: the space's own file has a dimension {NAME}; leave one of the two out")
    blocks = space.choices(BLOCK)
    able = [block for block in blocks if block in CAUSAL_BLOCKS]
    unable = [block for block in blocks if block not in CAUSAL_BLOCKS]
    if blocks and not able:
        raise UserError(
            f"--lookahead {','.join(map(str, asked))}: the space's {BLOCK} has nothing but {', '.join(unable)}, which "
            f"hears whole recordings; allow {' or '.join(CAUSAL_BLOCKS)}"
        )
    if unable and FULL not in asked:
        notices.append(f"left out of {BLOCK}: {', '.join(unable)} (hears whole recordings; --lookahead full allows it)")
        for block in unable:
            space = space.without(BLOCK, block)
        unable = []
    dimension = Choice(NAME, asked[0], help=HELP, choices=tuple(asked))
    if unable:
        dimension = replace(dimension, when={BLOCK: able})
    return Space((*space.dimensions, dimension))
