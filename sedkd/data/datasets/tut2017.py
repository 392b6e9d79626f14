"""TUT Sound Events 2017: streets (Mesaros et al. 2017)."""

from pathlib import Path

from sedkd.data.datasets.dataset import Dataset, Format
from sedkd.data.datasets.tut import FOLDS, is_tut, open_tut
from sedkd.data.environment import Environment

NAME, TITLE = "tut2017", "TUT Sound Events 2017"
SCENES = {
    "street": Environment(
        "street",
        "a street with traffic and passers-by",
        ("brakes squeaking", "car", "children", "large vehicle", "people speaking", "people walking"),
    )
}


def is_here(root: Path) -> bool:
    return is_tut(root, SCENES)


def opened(root: Path, fold: int | None = None) -> Dataset:
    return open_tut(NAME, TITLE, root, SCENES, fold)


FORMAT = Format(NAME, TITLE, "audio/street with meta/street/*.ann", is_here, opened, FOLDS)
