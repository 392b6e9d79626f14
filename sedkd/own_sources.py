"""What code of one's own, `module:callable`, consists of: results of it are named by its files as they stand.

A module's own files are those of the modules that it imports as well, theirs included, as far as they belong neither to
Python, nor to an installed package, nor to sedkd.
"""

import ast
import hashlib
import importlib.util
import sysconfig
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

_PYTHON = tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_INSTALLED = {"site-packages", "dist-packages"}
_SEDKD = ("sedkd", "search")


def own_sources(module: str) -> list[Path]:
    """The files of a module that was imported, its own first, the others sorted."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _own_file(name)
        if path is None or name in found:
            continue
        found[name] = path
        waiting += _imports(name, path)
    files = list(found.values())
    return [*files[:1], *sorted(set(files) - set(files[:1]))]


def sources_digest(spelt: str) -> str | None:
    """A name for the sources of `module:callable`, as they stand; None where there are none to be read."""
    files = own_sources(spelt.partition(":")[0])
    if not files:
        return None
    digest = hashlib.blake2b(digest_size=16)
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def _own_file(name: str) -> Path | None:
    """The file of a module of one's own; None where it has none, or is another's."""
    top = name.partition(".")[0]
    if top in _SEDKD or not _is_own(_spec(top)):  # to look for what is in a package imports it
        return None
    spec = _spec(name)
    path = Path(spec.origin) if spec is not None and spec.origin else None
    return path.resolve() if path is not None and path.suffix == ".py" and path.is_file() else None


def _spec(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):  # in no package, or what has no place
        return None


def _is_own(spec: ModuleSpec | None) -> bool:
    """Whether it belongs neither to Python nor to what was installed."""
    if spec is None:
        return False
    places = [spec.origin] if spec.has_location and spec.origin else list(spec.submodule_search_locations or ())
    paths = [Path(place).resolve() for place in places]
    return any(
        _INSTALLED.isdisjoint(path.parts) and not any(path.is_relative_to(folder) for folder in _PYTHON)
        for path in paths
    )


def _imports(module: str, path: Path) -> Iterator[str]:
    """The names of the modules that a file may import, wherever in it; those that are none are no own file."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_packages(alias.name)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            yield from _with_packages(base)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _with_packages(name: str) -> Iterator[str]:
    """A module's name and those of the packages that it is in, which are run with it."""
    while name:
        yield name
        name = name.rpartition(".")[0]
