"""Limits and objectives that only students for streams have: those that hear whole recordings are left out, aloud."""

from collections.abc import Iterable, Mapping
from typing import Any

from search.space.added import BLOCK, LOOKAHEAD
from search.space.space import Space
from search.study.objectives import TABLE, Objectives
from sedkd.errors import UserError
from sedkd.models.settings import CAUSAL_BLOCKS, FULL, StudentSettings

INT8 = "--int8"
HEAD = "student.head"
RECURRENT = f"{INT8}: a GRU has no eight bits"


def streams_asked_by(limits: Iterable[str], objectives: Objectives) -> str | None:
    """The option that asks for what only students for streams have, eight bits first, since not all of these have
    them; None where there is none."""
    if objectives.int8:
        return INT8
    for name in limits:
        limit = TABLE[name].limit
        if TABLE[name].of_streams and limit:
            return limit[0]
    wanted = [name for name in objectives.costs if TABLE[name].of_streams]
    return f"--objectives {','.join(objectives.names)}" if wanted else None


def only_streams(space: Space, asker: str, notices: list[str]) -> Space:
    """The space in which no student hears whole recordings, nor where eight bits are asked for has a GRU, said among
    `notices`. As a limit, it is none of the study's facts.

    Raises:
        UserError: every student of the space hears whole recordings, or has a GRU.
    """
    choices, blocks = space.choices(LOOKAHEAD.name), space.choices(BLOCK)
    if not [value for value in choices if value != FULL]:
        raise UserError(
            f"{asker}: only students for streams have that, and these hear whole recordings; add --lookahead 160,0"
        )
    lost = {LOOKAHEAD.name: [FULL] if FULL in choices else [], BLOCK: [b for b in blocks if b not in CAUSAL_BLOCKS]}
    for name, values in lost.items():
        if values:
            notices.append(f"left out of {name}: {', '.join(values)} ({hears_recordings(asker)})")
            space = space.barring(name, values)
    return _without_gru(space, notices) if asker == INT8 else space


def _without_gru(space: Space, notices: list[str]) -> Space:
    heads = space.choices(HEAD)
    if "gru" not in heads:
        return space
    if heads == ("gru",):
        raise UserError(f"{RECURRENT}, and the space's {HEAD} has nothing else; allow none or tcn")
    notices.append(f"left out of {HEAD}: gru ({RECURRENT})")
    return space.barring(HEAD, ["gru"])


def unfit(student: StudentSettings, asker: str) -> str | None:
    """Why a student cannot serve what is asked for; None where it can."""
    if not student.causal:
        return hears_recordings(asker)
    return RECURRENT if asker == INT8 and not student.quantises else None


def hears_recordings(asker: str) -> str:
    """Why a student is left out."""
    return f"hears whole recordings; {asker} is for students for streams"


def quickest(values: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """The configuration with the least look-ahead that the space has, where it has one at all."""
    waits = [value for value in space.choices(LOOKAHEAD.name) if value != FULL]
    return {**values, LOOKAHEAD.name: min(waits)} if waits and LOOKAHEAD.name in values else dict(values)
