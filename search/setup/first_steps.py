"""The commands that lead from labelled recordings to detections, as they are typed into a shell."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from search.study.options import as_typed

TRIALS, STEPS = 50, 600
"""Of a search whose results matter (README, Limits)."""
QUICK_TRIALS = 12


def check_command(data: Path, how: Mapping[str, str | None]) -> str:
    """`sedkd data check`; `how` are options by name, None where they were not given."""
    return " ".join(["sedkd data check", *_options(how), shlex.quote(str(data))])


def search_command(data: Path, environment: str, how: Mapping[str, str | None], place: Mapping[str, str | None]) -> str:
    """`sedkd-search` over these data; `place`: the options of where results go."""
    given = {"env": environment, "data": str(data), **how, "trials": str(TRIALS), "steps": str(STEPS), **place}
    return " ".join(["sedkd-search", *_options(given)])


def detect_command(data: Path, environment: str, place: Mapping[str, str | None]) -> str:
    """`sedkd export` of the search's student, and `sedkd detect` with it."""
    bundle = f"./{environment}-knee" if environment.startswith("-") else f"{environment}-knee"
    export = " ".join(["sedkd export", *_options({"env": environment, "pick": "knee", "out": bundle, **place})])
    return f"{export} && sedkd detect {shlex.quote(bundle)} {shlex.quote(str(data))}"


def _options(given: Mapping[str, str | None]) -> list[str]:
    return [as_typed(name, value) for name, value in given.items() if value is not None]
