"""What was typed, as a file that types it again: `sedkd-search --config FILE`."""

import argparse
import contextlib
import csv
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from search.cli.guard import Parser, typed_path
from sedkd.disk.paths import expanded

OF_THE_MACHINE = ("store", "storage", "storage_timeout", "device", "workers", "executor", "resources")
INSTEAD = ({"--data"}, {"--events", "--subset"})  # one that is typed takes the place of all of these in a file


def typed_of(parser: argparse.ArgumentParser, options: argparse.Namespace) -> dict[str, Any]:
    """By option, all that is not its default, but for what is of the machine. Paths are absolute."""
    given = {k: v for k, v in vars(options).items() if k not in OF_THE_MACHINE and v != parser.get_default(k)}
    found = {name.replace("_", "-"): _plain(value) for name, value in given.items()}
    return {**found, "teacher": _absolute(options.teacher)} if options.teacher else found


def words_of(typed: Mapping[str, Any]) -> list[str]:
    """The words that say so on a command line."""
    words: list[str] = []
    for name, value in typed.items():
        for one in value if isinstance(value, list) else [value]:
            words += [f"--{name}"] if one is True else [f"--{name}={one}"]  # a value may begin with a dash
    return words


def with_config(parser: Parser, words: Sequence[str]) -> list[str]:
    """The words, behind those of the file that `--config` names: what is typed counts. `parser` is used up.

    Raises:
        UserError: the file cannot be read, or holds what is no option: which, and what may have been meant.
        SystemExit: a value of the file is none that its option takes; told with the file.
    """
    finder = Parser(prog=parser.prog, add_help=False, allow_abbrev=False)
    finder.add_argument("--config", type=typed_path)
    found, typed = finder.parse_known_args(words)
    if found.config is None:
        return list(words)
    content = _read(found.config, parser)
    options = _named_in(typed, parser)
    replaced = {option for alike in (*INSTEAD, *({one} for one in options)) if alike & options for option in alike}
    told = words_of({k: v for k, v in content.items() if f"--{k}" not in replaced})
    parser.source = found.config
    parser.parse_args(told)
    return [*told, *typed]


def _named_in(words: Sequence[str], parser: argparse.ArgumentParser) -> set[str]:
    """The options that the words name, also by their beginnings."""
    for action in parser._actions:
        action.default, action.required = None, False
    with contextlib.redirect_stderr(io.StringIO()) as told:  # what is given twice is told when all words are parsed
        try:
            found = parser.parse_args(words)
        except SystemExit:
            sys.stderr.write(told.getvalue())
            raise
    return {f"--{name.replace('_', '-')}" for name, value in vars(found).items() if value is not None}


def _read(path: Path, parser: argparse.ArgumentParser) -> dict[str, Any]:
    from difflib import get_close_matches

    from sedkd.disk.yaml_file import read_yaml
    from sedkd.errors import UserError

    known = [name.replace("_", "-") for name in vars(parser.parse_args(["--env", "any"])) if name != "config"]
    repeated = {action.dest.replace("_", "-") for action in parser._actions if isinstance(action.default, list)}
    switches = {action.dest.replace("_", "-") for action in parser._actions if action.nargs == 0}
    content = read_yaml(path)
    for name, value in content.items():
        if name not in known:
            meant = "".join(f"; did you mean {near}?" for near in get_close_matches(str(name), known, 1))
            raise UserError(f"{path}: {name}: no option of sedkd-search{meant}")
        if isinstance(value, dict):
            raise UserError(f"{path}: {name}: expected a value, or a list of them")
        if name not in switches and any(
            isinstance(one, bool) for one in (value if isinstance(value, list) else [value])
        ):
            raise UserError(f"{path}: {name}: YAML reads yes, no, on and off as true and false; put a name in quotes")
    given = {name: value for name, value in content.items() if value is not None and value is not False}
    return {
        name: _joined(value) if isinstance(value, list) and name not in repeated else value
        for name, value in given.items()
    }


def _joined(values: Sequence[Any]) -> str:
    """Several values as one that is typed: joined by commas, in quotes where one holds a comma itself."""
    cells = io.StringIO()
    csv.writer(cells, lineterminator="").writerow(values)
    return cells.getvalue()


def _absolute(teacher: str) -> str:
    """Several teachers are joined by commas; those that are files here are named by their whole path."""
    kinds = [expanded(kind.strip()) for kind in teacher.split(",")]
    return ",".join(str(kind.resolve()) if kind.is_file() else str(kind) for kind in kinds)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(expanded(value).resolve()) if isinstance(value, Path) else value
