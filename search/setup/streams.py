"""Limits and objectives that only students for streams have: those that hear whole recordings are left out, aloud."""

from collections.abc import Iterable, Mapping
from typing import Any

from search.space.lookahead import BLOCK
from search.space.lookahead import NAME as LOOKAHEAD
from search.space.space import Space
from search.study.objectives import TABLE, Objectives
from sedkd.errors import UserError
from sedkd.models.settings import CAUSAL_BLOCKS, FULL


def streams_asked_by(limits: Iterable[str], objectives: Objectives) -> str | None:
    """The option that asks for what only students for streams have; None where there is none."""
    for name in limits:
        limit = TABLE[name].limit
        if TABLE[name].of_streams and limit:
            return limit[0]
    wanted = [name for name in objectives.costs if TABLE[name].of_streams]
    return f"--objectives {','.join(objectives.names)}" if wanted else None


def only_streams(space: Space, asker: str, notices: list[str]) -> Space:
    """The space in which no student hears whole recordings, said among `notices`. As a limit, it is none of the
    study's facts.

    Raises:
        UserError: every student of the space hears whole recordings.
    """
    choices, blocks = space.choices(LOOKAHEAD), space.choices(BLOCK)
    if not [value for value in choices if value != FULL]:
        raise UserError(
            f"{asker}: only students for streams have that, and these hear whole recordings; add --lookahead 160,0"
        )
    lost = {LOOKAHEAD: [FULL] if FULL in choices else [], BLOCK: [b for b in blocks if b not in CAUSAL_BLOCKS]}
    for name, values in lost.items():
        if values:
            notices.append(f"left out of {name}: {', '.join(values)} ({hears_recordings(asker)})")
            space = space.barring(name, values)
    return space


def hears_recordings(asker: str) -> str:
    """Why a student is left out."""
    return f"hears whole recordings; {asker} is for students for streams"


def quickest(values: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """The configuration with the least look-ahead that the space has, where it has one at all."""
    waits = [value for value in space.choices(LOOKAHEAD) if value != FULL]
    return {**values, LOOKAHEAD: min(waits)} if waits and LOOKAHEAD in values else dict(values)
