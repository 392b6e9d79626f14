"""Words for people."""


def several(count: int, noun: str) -> str:
    """How many of what a noun names: "1 trial", "12 trials"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
