"""What a worker on another machine needs: `--resources cpus=2,gpus=0.5,...`."""

from collections.abc import Mapping

from sedkd.errors import UserError


def resources_of(text: str) -> dict[str, str]:
    """By name. UserError where a word is no NAME=VALUE."""
    found: dict[str, str] = {}
    for word in filter(None, (part.strip() for part in text.split(","))):
        name, mark, value = (part.strip() for part in word.partition("="))
        if not mark or not name.replace("-", "_").isidentifier() or not value:
            raise UserError(f"--resources {word}: expected NAME=VALUE, several joined by commas, such as cpus=2,gpus=1")
        if name in found:
            raise UserError(f"--resources: {name} is given twice, {found[name]} and {value}: keep one")
        found[name] = value
    return found


def number(resources: Mapping[str, str], name: str, default: float) -> float:
    """UserError where it is none, or below 0."""
    try:
        found = float(resources.get(name, default))
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise UserError(f"--resources {name}={resources[name]}: expected a number from 0")
    return found


def whole(resources: Mapping[str, str], name: str, default: int) -> int:
    """UserError where it is no whole number."""
    found = number(resources, name, default)
    if found != int(found):
        raise UserError(f"--resources {name}={resources[name]}: expected a whole number here")
    return int(found)
