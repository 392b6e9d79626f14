"""JSON: files written whole, read with the mend where they are damaged, and digests of what they could hold."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sedkd.disk.paths import written_atomically
from sedkd.errors import UserError

Content = TypeVar("Content")


def digest(parts: Any, size: int = 16, sort_keys: bool = False) -> str:
    """A name for what JSON makes of `parts`: `2 * size` hexadecimal digits. With `sort_keys` the order in which
    mappings were filled does not count."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=sort_keys).encode(), digest_size=size).hexdigest()


def write_json(path: Path, content: Any, indent: int | None = None) -> None:
    """Write a file whole or not at all; its folder is made."""
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(content, indent=indent))


def read_json(path: Path, build: Callable[[dict[str, Any]], Content], mend: str) -> Content:
    """What `build` makes of the object in a JSON file that is not made again by itself.

    Raises:
        UserError: it is damaged; names the file and the mend.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it holds something else")
        return build(found)
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # not UTF-8 among them
        raise UserError(f"{path}: is damaged ({error}); {mend}") from error
