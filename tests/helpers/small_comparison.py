"""`sedkd compare` of small students on a small folder of real files, as a person types it."""

import json
from pathlib import Path
from typing import Any

import pytest

from search.cli import main


def words(farm: Path, **more: object) -> list[str]:
    options = {
        "env": "farm", "data": farm, "teacher": farm.parent / "teacher.safetensors", "architecture": "separable 4x2",
        "seeds": 2, "steps": 4, "store": farm.parent / "runs", **more,
    }  # fmt: skip
    return ["compare", *(text for key, value in options.items() for text in (f"--{key}", str(value)))]


def shown(capsys: pytest.CaptureFixture, line: list[str]) -> str:
    """What a command that ends well prints."""
    assert main.main(line) == 0
    return capsys.readouterr().out


def result_of(folder: Path) -> dict[str, Any]:
    (path,) = (folder / "runs" / "comparisons").glob("*/comparison.json")
    return json.loads(path.read_text())
