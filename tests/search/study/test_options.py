"""Options that are told to a person reach the command as they were meant."""

import argparse
import shlex

import pytest

from search.study.options import as_typed


@pytest.mark.parametrize("name", ["farm", "-dash", "--out", "two  words", "it's", "$HOME", "a,b", "Müll", ""])
def test_what_is_told_can_be_typed(name: str) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--env")
    assert parser.parse_args(shlex.split(as_typed("env", name))).env == name


def test_plain_names_are_told_plainly() -> None:
    assert as_typed("env", "farm") == "--env farm"
