"""What eight bits cost, cross-fitted: thresholds of one half of the recordings, F1 of the other."""

import sys
from pathlib import Path

import numpy as np
import pytest
from tiny import write_folder

import sedkd.teach.teacher as teachers
from benchmarks.int8_loss import cross_fitted, f1, half, main
from sedkd.data.events import Event
from sedkd.models.settings import StudentSettings
from sedkd.score.postprocess import Answers, tune
from sedkd.train.settings import TrainSettings

LOUD, QUIET = 0.9, 0.3


def answers(level: float, other: float) -> Answers:
    """Four recordings of 4 s with one event each, told by a probability of `level` in the even and `other` in the odd
    ones; half as much is heard where there is none."""
    levels = [level, other, level, other]
    found = [np.repeat([each / 2, each, each / 2], [10, 25, 15])[:, None].astype(np.float32) for each in levels]
    names = [f"{number}.wav" for number in range(4)]
    return Answers(found, names, [4.0] * 4, [[Event(0.8, 2.8, "bark")]] * 4, ("bark",), 0.08)


def test_halves_are_every_other_recording() -> None:
    whole = answers(LOUD, QUIET)
    assert [half(whole, side).filenames for side in (0, 1)] == [["0.wav", "2.wav"], ["1.wav", "3.wav"]]
    assert half(whole, 1).probabilities[0] is whole.probabilities[1]


def test_thresholds_of_one_half_are_scored_on_the_other() -> None:
    alike, unlike = answers(LOUD, LOUD), answers(LOUD, QUIET)
    assert cross_fitted(alike, alike) == f1(alike, tune(alike, "f1_segment")) == 1.0
    # The even half's threshold hears nothing in the odd one, the odd half's everything in the even one.
    assert f1(unlike, tune(unlike, "f1_segment")) > cross_fitted(unlike, unlike) > 0
    assert cross_fitted(unlike, alike) < cross_fitted(alike, alike)


@pytest.mark.slow
def test_from_its_line_to_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_folder(tmp_path / "data", {"farm": ("low", "high")})
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(teachers, "CRNN", StudentSettings(4, 2, "conv"))
    monkeypatch.setattr(teachers, "FROM_SCRATCH", TrainSettings(steps=3, batch=4, frames=12))
    words = ["--env", "farm", "--teacher", "crnn", "--steps", "2", "--seeds", "1", "--architecture", "conv 2x1"]
    line = ["int8_loss", *words, "--lookaheads", "0", "--data", str(root), "--out", str(tmp_path / "students")]
    monkeypatch.setattr(sys, "argv", line)
    main()
    rows = [text.split("|")[1:-1] for text in capsys.readouterr().out.splitlines() if text.startswith("| conv")]
    assert [row[0].strip() for row in rows] == ["conv 2x1@0, 0", "conv 2x1@0, mean"]
    assert {len(row) for row in rows} == {7}
    assert rows[0][1:] == rows[1][1:]
