"""What the tests share: quiet threads, a cache of their own, and where the real data lie."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of the session's own, so that no test reads or spoils the user's."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["SEDKD_CACHE"] = str(folder)
    return folder


@pytest.fixture(autouse=True)
def _own_surroundings() -> Iterator[None]:
    """What a command leaves in the process (variables, MLflow's registry) does not reach the next test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    if "mlflow" in sys.modules:
        sys.modules["mlflow"].set_registry_uri("")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data ($SEDKD_SHARED, default ../shared); tests that need it skip when it is absent."""
    folder = Path(os.environ.get("SEDKD_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real data not found at {folder}: set SEDKD_SHARED")
    return folder
