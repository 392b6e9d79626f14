"""YAML as people write it, and what is wrong in it."""

from pathlib import Path
from typing import Any

import pytest

from sedkd.disk.yaml_file import read_yaml
from sedkd.errors import UserError


def read(text: str, folder: Path) -> dict[str, Any]:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return read_yaml(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("events: [a]\nscene: b\nevents: [c]\n", r"own.yaml:3: events stands there twice, first in line 1: keep one"),
        ("aliases: {dog: Dog bark, dog: Rooster}", r"own.yaml:1: dog stands there twice, first in line 1"),
        ("a:\n- b: 1\n- c: 1\n  c: 2\n", r"own.yaml:4: c stands there twice, first in line 3"),
        ('a:\n  dog: 1\n  "dog": 2\n', r"own.yaml:3: dog stands there twice"),
        ("a: [1\n", r"own.yaml:2: not valid YAML"),
        ("- a\n", "expected keys and values at the top level"),
        ("", "expected keys and values at the top level"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        read(text, tmp_path)


def test_what_may_stand_there_twice(tmp_path: Path) -> None:
    """A key in two mappings, a number and a text, an anchor's mapping, and merges."""
    text = """
first: &first {dog: 1, cat: 2}
numbers: {1: a, "1": b}
second: {<<: *first, dog: 2}
third: [*first, {dog: 3}]
"""
    found = read(text, tmp_path)
    assert found["second"] == {"dog": 2, "cat": 2}
    assert found["numbers"] == {1: "a", "1": "b"}
    assert found["third"] == [found["first"], {"dog": 3}]


def test_what_holds_itself(tmp_path: Path) -> None:
    found = read("a: &own [1, *own]\n", tmp_path)
    assert found["a"][1] is found["a"]
