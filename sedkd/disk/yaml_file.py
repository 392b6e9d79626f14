"""YAML as people write it: a file's top-level mapping, with the line of what is wrong in it."""

from pathlib import Path
from typing import Any

from sedkd.errors import UserError

MERGE = "tag:yaml.org,2002:merge"  # `<<`, which may stand there several times


def read_yaml(path: Path) -> dict[str, Any]:
    """What a file holds. UserError names the file and the line; a key that stands twice in one mapping is one, since of
    the two YAML would keep the last without a word."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        _refuse_repeated(yaml.compose(text, Loader=yaml.SafeLoader), path)
        content = yaml.safe_load(text)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}): check the path") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a date that no calendar has
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise UserError(f"{where}: not valid YAML: {reason}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected keys and values at the top level, such as 'events: [dog, siren]'")
    return content


def _refuse_repeated(document: Any, path: Path) -> None:
    """UserError where one of the mappings in a parsed document has a key twice."""
    import yaml

    seen, left = set(), [document]  # an anchor's node stands in several places, even in itself
    while left:
        node = left.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            left += node.value
            continue
        lines: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            name, line = (key.tag, str(key.value)), key.start_mark.line + 1
            if name in lines and key.tag != MERGE:
                raise UserError(f"{path}:{line}: {key.value} stands there twice, first in line {lines[name]}: keep one")
            lines[name] = line
            left.append(value)
