"""The picture of who is taken for whom, and the file that keeps it."""

from pathlib import Path

import pytest

from search.show.confusion_figure import confusion_png
from search.study.trial_files import CONFUSION
from sedkd.errors import UserError
from sedkd.score.confusion import Confusion

FOUND = Confusion(
    ["dog $bark$", "cat", "absent"], [[8.0, 2.0, 0.0], [0, 5.0, 0], [0, 0, 0]], [0, 3.0, 0], [10.0, 5.0, 0], 90.0
)


def test_the_picture(tmp_path: Path) -> None:
    from matplotlib.image import imread

    confusion_png(FOUND, "farm, trial 3: validation", tmp_path / "a.png")
    picture = imread(tmp_path / "a.png")[:, :, :3]
    blue, red = picture[:, :, 2] - picture[:, :, 0] > 0.3, picture[:, :, 0] - picture[:, :, 2] > 0.1
    assert blue.sum() > 1.5 * red.sum() > 5000  # two cells are right, one and a little are wrong


def test_what_is_kept(tmp_path: Path) -> None:
    assert CONFUSION.read(tmp_path) is None
    CONFUSION.write(tmp_path, FOUND)
    assert CONFUSION.read(tmp_path) == FOUND
    (tmp_path / CONFUSION.name).write_text('{"labels": []}')
    with pytest.raises(UserError, match=r"confusion\.json.*remove it; the same search line writes it anew"):
        CONFUSION.read(tmp_path)
