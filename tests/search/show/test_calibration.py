"""The picture of calibration, and the file that keeps it."""

from pathlib import Path

import pytest

from search.show.calibration_figure import calibration_png
from search.study.trial_files import CALIBRATION
from sedkd.errors import UserError
from sedkd.score.calibration import Calibration

SUMS = [18.0, 6.0, 0.0, 1.75, 2.25, 2.75, 3.25, 7.5, 8.5, 19.0]
FOUND = {
    "dog $bark$": Calibration([900, 40, 0, 5, 5, 5, 5, 10, 10, 20], [9, 4, 0, 2, 1, 3, 3, 8, 9, 19], SUMS),
    "absent": Calibration([1000, *[0] * 9], [0] * 10, [3.0, *[0.0] * 9]),
}


def test_the_picture(tmp_path: Path) -> None:
    from matplotlib.image import imread

    calibration_png(FOUND, "farm, trial 3: validation", tmp_path / "a.png")
    picture = imread(tmp_path / "a.png")
    blue = (abs(picture[:, :, :3] - (31 / 255, 119 / 255, 180 / 255)).max(axis=2) < 0.02).any(axis=0)
    half = picture.shape[1] // 2
    assert blue[:half].sum() > 300  # its line runs through both panels
    assert blue[half:].sum() > 300


def test_what_is_kept(tmp_path: Path) -> None:
    assert CALIBRATION.read(tmp_path) is None
    CALIBRATION.write(tmp_path, FOUND)
    assert CALIBRATION.read(tmp_path) == FOUND
    (tmp_path / CALIBRATION.name).write_text("{")
    with pytest.raises(UserError, match=r"calibration\.json.*remove it; the same search line writes it anew"):
        CALIBRATION.read(tmp_path)
