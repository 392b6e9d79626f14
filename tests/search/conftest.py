"""The small study's data, anew for each test."""

import os
from pathlib import Path

import pytest
from small_study import write_farm


@pytest.fixture
def farm(tmp_path: Path) -> Path:
    """A folder with the environments farm and yard, a teacher file and a space file beside it."""
    return write_farm(tmp_path)


@pytest.fixture(scope="module", autouse=True)
def _no_mlflow() -> None:
    """As `_own_mlflow`, before a module's own fixtures."""
    os.environ.pop("MLFLOW_TRACKING_URI", None)


@pytest.fixture(autouse=True)
def _own_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow leaves its address in the environment, where the next test's commands would find it."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
