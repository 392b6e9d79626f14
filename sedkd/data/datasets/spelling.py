"""Labels as people spell them, and as an environment does."""

import re
from collections.abc import Callable
from functools import cache

from sedkd.environment import Environment


def folded(label: str) -> str:
    """A label without what spellings differ in: case, underscores, repeated spaces, parentheses."""
    return re.sub(r"[\s_]+", " ", label.replace("(", "").replace(")", "")).strip().casefold()


def speller(environment: Environment) -> Callable[[str], str | None]:
    """From any spelling of a label to the environment's own; None for what is no event of it."""
    table = {folded(alias): label for alias, label in environment.aliases.items()}
    table |= {folded(label): label for label in environment.events}

    @cache
    def spelt(label: str) -> str | None:
        return table.get(folded(label))

    return spelt
