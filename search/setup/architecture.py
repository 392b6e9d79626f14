"""Which architecture a person means: a student of a study's front, or one that they spell out."""

import re
from typing import Any

from search.pareto.front import front
from search.pareto.picks import pick
from search.study.opening import load_study
from search.study.store import Store
from sedkd.errors import UserError
from sedkd.models.settings import FRONT_END, StudentSettings, settings_from

SPELT = re.compile(
    r"(?P<block>[^\s+]+)(\+(?P<head>\w+))?\s+(?P<width>\d+)x(?P<depth>\d+)(@(?P<lookahead>\d+)ms)?"
    r"(/(?P<n_mels>\d+)mel)?(/(?P<hop>\d+)ms)?"
)
NUMBERS = ("width", "depth", "lookahead", *FRONT_END)


def architecture(word: str, store: Store, environment: str) -> StudentSettings:
    """`word` is a pick (knee, best, trial:N, ...) of the environment's latest study, or such as "separable+gru 16x4" or
    "separable 8x4@160ms" or "separable 8x3/32mel/40ms".

    Raises:
        UserError: it is neither, or there is no study to pick from.
    """
    try:
        return spelt(word) or settings_from(_picked(word, store, environment))
    except ValueError as error:
        raise UserError(f"--architecture {word}: {error}") from error


def spelt(word: str) -> StudentSettings | None:
    """The student that is spelled out; None where none is. ValueError where there is no such student."""
    found = SPELT.fullmatch(word.strip())
    if found is None:
        return None
    numbers = {name: int(found[name]) for name in NUMBERS if found[name]}
    return StudentSettings(block=found["block"], head=found["head"] or "none", **numbers)


def _picked(word: str, store: Store, environment: str) -> dict[str, Any]:
    try:
        study = load_study(store, environment, None)
        members = study.require_finished()
    except UserError as error:
        raise UserError(f'--architecture {word}: {error}; or spell one out, such as "separable+gru 16x4"') from error
    objectives = study.objectives
    try:
        member = pick(word, front(members, objectives), members, objectives, "--architecture")
    except UserError as error:
        raise UserError(f'{error}; or spell one out, such as "separable+gru 16x4"') from error
    return dict(member.record.configuration)
