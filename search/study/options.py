"""Options as they are typed into a shell."""

import shlex


def as_typed(name: str, value: str) -> str:
    """`--name value`, quoted; `--name=value` where the value would be taken for an option."""
    return f"--{name}{'=' if value.startswith('-') else ' '}{shlex.quote(value)}"
