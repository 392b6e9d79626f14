"""What Dockerfile and compose.yaml say, as far as that can be told without Docker: files and words that are there."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from search.cli.main import parser as sedkd
from search.cli.search import parser as search

ROOT = Path(__file__).parents[1]


def services() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def words(service: str) -> list[str]:
    """Of its command, with the default of every variable."""
    return shlex.split(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", services()[service]["command"]))


def test_the_commands_are_commands() -> None:
    program, *rest = words("search")
    assert program == "sedkd-search"
    assert search().parse_args(rest).trials == 50
    program, *rest = words("worker")
    assert program == "sedkd"
    assert sedkd().parse_args(rest).join == "none"
    assert services()["worker"]["deploy"]["replicas"] == 2


@pytest.mark.slow
def test_mlflows_options_are_options() -> None:
    program, command, *rest = words("mlflow")
    known = subprocess.run(
        [sys.executable, "-m", program, command, "--help"], capture_output=True, text=True, check=True
    )
    assert not [word for word in rest if word.startswith("--") and word not in known.stdout]


def test_what_is_copied_is_there_and_not_left_out() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    assert {"sedkd", "search", "spaces", "pyproject.toml"} <= set(copied)
    sent = (ROOT / ".dockerignore").read_text().split()
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in sent
    mounted = [part.partition(":")[0] for part in services()["postgres"]["volumes"] if part.startswith("./")]
    assert mounted == ["./compose.sql"]
    assert (ROOT / mounted[0]).read_text() == "CREATE DATABASE mlflow;\n"


def test_the_extras_are_extras() -> None:
    (found,) = re.findall(r'pip install [^"]*"\.\[(.+)\]"', (ROOT / "Dockerfile").read_text())
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(found.split(",")) <= set(extras)
