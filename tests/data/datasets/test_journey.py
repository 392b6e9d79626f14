"""Every dataset from its folder to detections: check, search, export, detect, in one process each dataset."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import desed, imoto, maestro, tsv, tut, urbansed

from search.cli import main, search
from sedkd.models.checkpoint import save_model
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student

LABELS = (
    *("car", "people walking", "dishes", "(object) rustling", "keyboard typing", "fan", "Speech", "Dog"),
    *("cutlery and dishes", "people talking", "siren", "dog_bark", "crane", "drill"),
)
SPACE = """
dimensions:
  student.width: {type: int, low: 4, high: 8, step: 4}
  student.depth: {type: int, low: 2, high: 2}
  strategy: {type: choice, of: [response], default: response}
"""
SPACE_WEAK = """
dimensions:
  student.width: {type: int, low: 4, high: 4, step: 4}
  student.depth: {type: int, low: 2, high: 3}
  strategy: {type: choice, of: [response+weak], default: response+weak}
  train.unlabeled_share: {type: choice, of: [0.5], default: 0.5}
"""


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One teacher of all labels, untrained, for all datasets."""
    path = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    save_model(Student(StudentSettings(8, 2), LABELS), path)
    return path


@pytest.mark.datasets
@pytest.mark.parametrize(
    ("writer", "environment", "heard", "space"),
    [
        pytest.param(tut.write_2017, "street", "audio/street/b005.wav", SPACE, marks=pytest.mark.slow),
        pytest.param(tut.write_2016, "home", "audio/home/h004.wav", SPACE, marks=pytest.mark.slow),
        pytest.param(imoto.write, "office", "audio/office/a200_0_30.wav", SPACE, marks=pytest.mark.slow),
        pytest.param(
            desed.write,
            "domestic",
            "audio/eval/public/Ytest1_10.000_20.000.wav",
            SPACE_WEAK,
            marks=pytest.mark.slow,
        ),
        pytest.param(
            maestro.write,
            "cafe_restaurant",
            "development_audio/cafe_restaurant/cafe_restaurant_03.wav",
            SPACE,
            marks=pytest.mark.slow,
        ),
        pytest.param(urbansed.write, "urban", "audio/test/soundscape_test_bimodal0.wav", SPACE, marks=pytest.mark.slow),
        pytest.param(tsv.write, "site", "audio/eval/eval0.wav", SPACE, marks=pytest.mark.slow),
    ],
)
def test_from_folder_to_detections(
    writer: Callable[[Path], Path],
    environment: str,
    heard: str,
    space: str,
    teacher: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = writer(tmp_path / "site")
    (tmp_path / "space.yaml").write_text(space)
    store, out = str(tmp_path / "runs"), str(tmp_path / "student")
    assert main.main(["data", "check", str(root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []
    words = ["--env", environment, "--data", str(root), "--teacher", str(teacher), "--trials", "2", "--steps", "2"]
    assert search.main([*words, "--space", str(tmp_path / "space.yaml"), "--store", store]) == 0
    assert main.main(["front", "--env", environment, "--format", "json", "--store", store]) == 0
    rows = json.loads(capsys.readouterr().out.partition("[\n")[2].join(["[\n", ""]))
    assert all("test_f1_segment" in row for row in rows)
    assert main.main(["export", "--env", environment, "--pick", "best", "--out", out, "--store", store]) == 0
    capsys.readouterr()
    assert main.main(["detect", out, str(root / heard)]) == 0
    assert capsys.readouterr().out.startswith("filename\tonset\toffset\tevent_label\tconfidence\n")
