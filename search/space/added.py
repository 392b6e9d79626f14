"""Dimensions of students that an option adds to a space, only where asked for: other studies stay what they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.space.dimensions import Choice
from search.space.space import Space
from sedkd.errors import UserError
from sedkd.models.settings import FULL, LATER, OWN_BLOCKS, section_of, settings_from

BLOCK = "student.block"

Value = int | str


@dataclass(frozen=True)
class Added:
    """A setting of `sedkd.models.settings.StudentSettings` as an option, and what blocks do that cannot have it."""

    option: str
    setting: str
    help: str
    others: str
    example: str

    @property
    def name(self) -> str:
        """The dimension's."""
        return f"{section_of(self.setting)}.{self.setting}"

    @property
    def plain(self) -> Value:
        """What every student has where it is not asked for."""
        return LATER[self.setting]

    def typed(self, text: str) -> tuple[Value, ...]:
        """What `--lookahead full,480,160,0` asks for: the plain one first, then the greatest.

        Raises:
            UserError: one that no student can have, or one twice.
        """
        words = [word.strip() for word in text.split(",")]
        asked: list[Value] = [int(word) if word.isdecimal() else word for word in words]
        try:
            for value in asked:
                settings_from({self.name: value})
        except ValueError as error:
            raise UserError(f"{self.option} {text}: {error}") from error
        if len(set(asked)) < len(asked):
            raise UserError(f"{self.option} {text}: one twice; give each once, such as {self.example}")
        return tuple(sorted(asked, key=lambda value: (value != self.plain, -int(value) if value != FULL else 0)))


LOOKAHEAD = Added(
    "--lookahead",
    "lookahead",
    "milliseconds of what follows that an answer may know, for students that run on a stream; full hears recordings",
    "hears whole recordings",
    "full,480,160,0",
)
_OTHERS = f"hears {LATER['n_mels']} bands every {LATER['hop']} ms"
MELS = Added("--mels", "n_mels", "mel bands that a student hears, from 50 Hz to 8 kHz", _OTHERS, "64,32")
HOP = Added("--hop", "hop", "milliseconds between feature frames; answers stay 80 ms apart", _OTHERS, "20,40")


def with_added(space: Space, added: Added, asked: Sequence[Value], notices: list[str]) -> Space:
    """The space in which students have one of these values, the first by default; the plain one alone changes nothing.

    Blocks that cannot have others keep the plain one, and are left out where that is not asked for.

    Raises:
        UserError: the space has the dimension already, or no student of it can have another value.
    """
    if tuple(asked) in ((), (added.plain,)):
        return space
    if any(dimension.name == added.name for dimension in space.dimensions):
        raise UserError(f"{added.option}: the space's own file has a dimension {added.name}; leave one of the two out")
    blocks = space.choices(BLOCK)
    able = [block for block in blocks if block in OWN_BLOCKS]
    unable = [block for block in blocks if block not in OWN_BLOCKS]
    if blocks and not able:
        raise UserError(
            f"{added.option} {','.join(map(str, asked))}: the space's {BLOCK} has nothing but {', '.join(unable)}, "
            f"which {added.others}; allow {' or '.join(OWN_BLOCKS)}"
        )
    if unable and added.plain not in asked:
        allowing = f"{added.option} {added.plain} allows it"
        notices.append(f"left out of {BLOCK}: {', '.join(unable)} ({added.others}; {allowing})")
        for block in unable:
            space = space.without(BLOCK, block)
        unable = []
    dimension = Choice(added.name, asked[0], help=added.help, choices=tuple(asked))
    if unable:
        dimension = replace(dimension, when={BLOCK: able})
    return Space((*space.dimensions, dimension))
