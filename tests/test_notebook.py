"""The notebook, run from top to bottom as it stands."""

import importlib.util
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "first_detector.ipynb"
LACKING = [name for name in ("nbclient", "ipykernel") if not importlib.util.find_spec(name)]


@pytest.mark.slow
@pytest.mark.skipif(LACKING, reason=f"{' and '.join(LACKING)} not installed (extra: notebook)")
def test_it_runs_and_shows_two_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where its kernel puts its folder
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # it is kept without any
    NotebookClient(notebook, timeout=1200, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in shown) == 2
    text = "".join(output.get("text", "") for output in shown)
    assert "street-best: trial" in text
    assert "test_01.wav" in text
