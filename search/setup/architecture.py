"""Which architecture a person means: a student of a study's front, or one that they spell out."""

import re
from typing import Any

from search.pareto.front import front
from search.pareto.picks import pick
from search.study.opening import load_study
from search.study.store import Store
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings

SPELT = re.compile(r"(?P<block>[^\s+]+)(\+(?P<head>\w+))?\s+(?P<width>\d+)x(?P<depth>\d+)(@(?P<lookahead>\d+)ms)?")


def architecture(word: str, store: Store, environment: str) -> StudentSettings:
    """`word` is a pick (knee, best, trial:N, ...) of the environment's latest study, or such as "separable+gru 16x4" or
    "separable 8x4@160ms".

    Raises:
        UserError: it is neither, or there is no study to pick from.
    """
    spelt = SPELT.fullmatch(word.strip())
    if spelt:
        values: dict[str, Any] = {"block": spelt["block"], "head": spelt["head"] or "none"}
        values |= {name: int(spelt[name]) for name in ("width", "depth", "lookahead") if spelt[name]}
    else:
        values = _picked(word, store, environment)
    try:
        return StudentSettings(**values)
    except ValueError as error:
        raise UserError(f"--architecture {word}: {error}") from error


def _picked(word: str, store: Store, environment: str) -> dict[str, Any]:
    try:
        study = load_study(store, environment, None)
    except UserError as error:
        raise UserError(f'--architecture {word}: {error}; or spell one out, such as "separable+gru 16x4"') from error
    objectives, members = study.objectives, study.finished()
    try:
        member = pick(word, front(members, objectives), members, objectives, "--architecture")
    except UserError as error:
        raise UserError(f'{error}; or spell one out, such as "separable+gru 16x4"') from error
    chosen = member.record.configuration
    return {key.removeprefix("student."): value for key, value in chosen.items() if key.startswith("student.")}
