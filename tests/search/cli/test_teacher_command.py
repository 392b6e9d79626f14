"""`sedkd teacher train`: what a person is told of a teacher's stages, and what is taken for one."""

import re
from pathlib import Path

import pytest
from published import write_published
from tiny import write_folder

import sedkd.teach.stages as stages
import sedkd.teach.teacher as teacher
from search.cli import main
from sedkd.train.settings import TrainSettings


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command for a teacher from published weights, in stages of a few steps."""
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    for module in (stages, teacher):
        monkeypatch.setattr(module, "HEAD_SETTINGS", TrainSettings(steps=10, batch=2, frames=8))
        monkeypatch.setattr(module, "FINE_SETTINGS", TrainSettings(steps=1, batch=2, frames=8))
    data = write_folder(tmp_path / "data", {"park": ("low", "high"), "hall": ("mid", "low")}, clips=2)
    return ["teacher", "train", "--data", str(data), "--teacher", str(write_published(tmp_path / "small.pt"))]


def test_seconds_and_scores_of_each_stage(capsys, words: list[str], tmp_path: Path) -> None:
    out = tmp_path / "mine.safetensors"
    assert main.main([*words, "--teacher-minutes", "5", "--out", str(out)]) == 0
    *_, head, tuned, origin, path = capsys.readouterr().out.splitlines()
    told = r"\d+ steps, \d+ s; segment F1 on validation: hall \d\.\d{3}, park \d\.\d{3}"
    assert re.fullmatch(f"head: {told}", head)
    assert re.fullmatch(f"fine-tuned: {told}", tuned)
    assert "AudioSet weights, trained on the labelled clips of hall, park (head " in origin
    assert path == str(out)
    assert out.exists()


@pytest.mark.parametrize("minutes", [[], ["--teacher-minutes", "0"]])
def test_no_minutes_are_the_head_alone(capsys, words: list[str], minutes: list[str]) -> None:
    assert main.main([*words, *minutes]) == 0
    printed = capsys.readouterr().out
    assert "\nhead: " in printed
    assert "fine-tun" not in printed


def test_a_teacher_from_scratch_has_no_minutes(capsys, words: list[str]) -> None:
    assert main.main([*words[:-1], "crnn", "--teacher-minutes", "2.5"]) == 2
    error = "--teacher-minutes 2.5: only a teacher from AudioSet weights is fine-tuned, and crnn is none"
    assert error in capsys.readouterr().err
