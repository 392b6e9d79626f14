"""What the tests share: quiet threads, a cache of their own, and where the real data lie."""

import os
import shutil
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
    base = tmp_path_factory.getbasetemp()
    os.environ["SEDKD_TEST_RUN"] = str(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)
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
def causal_export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of a student for streams (look-ahead 160 ms), whose answers move; not to be changed."""
    from exported import moving_student, write_export

    from sedkd.models.settings import StudentSettings

    return write_export(moving_student(StudentSettings(8, 3, lookahead=160)), tmp_path_factory.mktemp("causal"))


@pytest.fixture(scope="session")
def device_export(causal_export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its C in `device/`; skips where nothing can write or compile it."""
    from c_library import require_compiler
    from exported import noise

    require_compiler()
    from sedkd.device.writing import write_device

    folder = tmp_path_factory.mktemp("device") / "export"
    shutil.copytree(causal_export, folder)
    write_device(folder, noise(3.0, seed=5)[:, 0])
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data ($SEDKD_SHARED, default ../shared); tests that need it skip when it is absent."""
    folder = Path(os.environ.get("SEDKD_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real data not found at {folder}: set SEDKD_SHARED")
    return folder
