"""TUT Sound Events 2016: homes and residential areas (Mesaros et al. 2016)."""

from pathlib import Path

from sedkd.data.datasets.dataset import Dataset, Format
from sedkd.data.datasets.tut import FOLDS, is_tut, open_tut
from sedkd.data.environment import Environment

NAME, TITLE = "tut2016", "TUT Sound Events 2016"
SCENES = {
    "home": Environment(
        "home",
        "rooms of a home, mostly the kitchen",
        (
            "(object) rustling",
            "(object) snapping",
            "cupboard",
            "cutlery",
            "dishes",
            "drawer",
            "glass jingling",
            "object impact",
            "people walking",
            "washing dishes",
            "water tap running",
        ),
    ),
    "residential_area": Environment(
        "residential_area",
        "outdoors between houses",
        (
            "(object) banging",
            "bird singing",
            "car passing by",
            "children shouting",
            "people speaking",
            "people walking",
            "wind blowing",
        ),
    ),
}


def is_here(root: Path) -> bool:
    return is_tut(root, SCENES)


def opened(root: Path, fold: int | None = None) -> Dataset:
    return open_tut(NAME, TITLE, root, SCENES, fold)


FORMAT = Format(NAME, TITLE, "audio/{home,residential_area} with meta/<scene>/*.ann", is_here, opened, FOLDS)
