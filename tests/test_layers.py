"""Imports run downwards only, from room to room; rooms of one floor do not know each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

# From the top floor down.
SEARCH = (
    {"cli"},
    {"run"},
    {"tracking", "trials", "sampling"},
    {"show", "setup"},
    {"pareto"},
    {"study", "space"},
)
SEDKD = (
    {"compare"},
    {"trial"},
    {"distill"},
    {"task", "device", "browser", "output", "review"},
    {"teach", "stream"},
    {"export"},
    {"cost"},
    {"train"},
    {"models"},
    {"features", "score", "synth"},
    {"data"},
    {"disk"},
    {"errors", "inline", "own", "own_sources", "parallel", "progress", "spelling", "words"},
)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Dotted names that a file imports, wherever in it, with their lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{name.name}", node.lineno) for name in node.names)
        elif isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)


def upwards(package: Path, floors: tuple[set[str], ...]) -> list[str]:
    """The imports within a package that run up, or to a neighbour; rooms that no floor holds."""
    floor = {room: height for height, rooms in enumerate(reversed(floors)) for room in rooms}
    found = []
    for path in sorted(package.rglob("*.py")):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        if room not in floor:
            found.append(f"{path}: no floor holds {room}")
            continue
        for name, line in imports(path):
            parts = name.split(".")
            if parts[0] != package.name or len(parts) < 2 or parts[1] == room or parts[1] not in floor:
                continue
            if floor[parts[1]] >= floor[room]:
                found.append(f"{path.relative_to(package.parent)}, line {line}: {room} imports {parts[1]}")
    return found


def test_searchs_imports_run_down() -> None:
    assert upwards(ROOT / "search", SEARCH) == []


def test_sedkds_imports_run_down() -> None:
    assert upwards(ROOT / "sedkd", SEDKD) == []


def test_sedkd_does_not_know_the_search() -> None:
    names = {name for path in (ROOT / "sedkd").rglob("*.py") for name, _ in imports(path)}
    assert not [name for name in names if name.split(".")[0] == "search"]


def test_an_import_that_runs_up_is_found(tmp_path: Path) -> None:
    for room, line in (("cli", "from house.run.session import begin"), ("run", "import house.cli.main"), ("study", "")):
        (tmp_path / "house" / room).mkdir(parents=True)
        (tmp_path / "house" / room / "one.py").write_text(f"def late() -> None:\n    {line or 'pass'}\n")
    (tmp_path / "house" / "attic").mkdir()
    (tmp_path / "house" / "attic" / "two.py").write_text("")
    assert upwards(tmp_path / "house", ({"cli"}, {"run"}, {"study"})) == [
        f"{tmp_path / 'house' / 'attic' / 'two.py'}: no floor holds attic",
        "house/run/one.py, line 2: run imports cli",
    ]
