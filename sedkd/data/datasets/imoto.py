"""Imoto's joint metadata of scenes and events, over audio of TUT Sound Events 2016/2017 and TUT Acoustic Scenes 2016.

meta/meta_{development,evaluation}.txt, and crossvaridation/meta_fold0N_{development,evaluation}.txt (the folder is
spelt so): path scene_label event_start_time event_end_time event_label, TAB with a header. Clips of one recording
are named after it: a099_0_30 and a099_120_150.
"""

from pathlib import Path, PurePosixPath

from sedkd.data.datasets.dataset import TRAIN, Annotation, Clip, Dataset, Format
from sedkd.data.datasets.listing import Listing
from sedkd.data.datasets.rows import once, table_rows
from sedkd.data.datasets.tut2016 import SCENES as TUT_2016
from sedkd.data.environment import Environment
from sedkd.data.recordings import TEST
from sedkd.data.table import read_rows
from sedkd.errors import UserError

NAME, TITLE = "imoto", "Imoto's joint scene and event metadata"
LICENCE = "audio of the TUT datasets: non-commercial use only; metadata: see its own README"
FOLDS, FOLD = 4, 1
COLUMNS = ("path", "event_start_time", "event_end_time", "event_label")
SCENES = {
    "city_center": Environment(
        "city_center",
        "a busy square in the middle of a town",
        ("car", "people talking", "people walking", "brakes squeaking", "large vehicle", "children"),
        aliases={"people speaking": "people talking"},
    ),
    "home": Environment("home", "rooms of a home", TUT_2016["home"].events),
    "office": Environment(
        "office",
        "an office with people at their desks",
        (
            "keyboard typing",
            "(object) impact",
            "mouse clicking",
            "mouse wheeling",
            "people talking",
            "fan",
            "(object) rustling",
            "people walking",
            "breathing",
            "(object) squeaking",
        ),
        aliases={"people speaking": "people talking"},
    ),
    "residential_area": Environment(
        "residential_area",
        "outdoors between houses",
        TUT_2016["residential_area"].events,
        aliases={"people talking": "people speaking", "children": "children shouting", "car": "car passing by"},
    ),
}


def is_here(root: Path) -> bool:
    return (root / "meta" / "meta_development.txt").exists()


def opened(root: Path, fold: int | None = None) -> Dataset:
    """The development set trains and the evaluation set is test; without the latter, or where a fold is asked for, the
    (first) fold says what is test.

    Raises:
        UserError: a table cannot be used, or names a scene that the metadata does not have.
    """
    development, evaluation = _tables(root, fold)
    listing, seen = Listing(root), set()
    for split, table in ((TRAIN, development), (TEST, evaluation)):
        if table is None:
            continue
        for name, scene in _listed(table).items():
            stem = PurePosixPath(name.replace("\\", "/")).stem
            folders = [root, root / "audio", root / "audio" / scene]
            listing.add(folders, name, scene, split, f"tut:{stem.partition('_')[0]}", table, table)
            seen.add(scene)
    reader = once(lambda table: table_rows(table, COLUMNS))

    def read(clip: Clip) -> Annotation:
        assert clip.table is not None
        return reader(clip.table)[clip.listed]

    unlisted = listing.unlisted(root / "audio")
    here = {scene: environment for scene, environment in SCENES.items() if scene in seen}
    return Dataset(
        NAME, TITLE, LICENCE, root, here, tuple(listing.clips), read, missing=listing.missing, unlisted=unlisted
    )


def _tables(root: Path, fold: int | None) -> tuple[Path, Path | None]:
    development, evaluation = (root / "meta" / f"meta_{part}.txt" for part in ("development", "evaluation"))
    if fold is None and evaluation.exists():
        return development, evaluation
    names = [f"meta_fold{fold or FOLD:02d}_{part}.txt" for part in ("development", "evaluation")]
    tables = [root / "crossvaridation" / name for name in names]
    if all(path.exists() for path in tables):
        return tables[0], tables[1]
    if fold is not None:
        raise UserError(f"--fold {fold}: {tables[0]} and {names[1]} are not there; unpack crossvaridation")
    return development, None


def _listed(table: Path) -> dict[str, str]:
    """Path -> scene."""
    found = {}
    for line, row in read_rows(table, ("path", "scene_label")):
        if row["scene_label"] not in SCENES:
            raise UserError(
                f"{table}, line {line}: scene_label {row['scene_label']!r}: expected one of {', '.join(SCENES)}"
            )
        found[row["path"]] = row["scene_label"]
    return found


FORMAT = Format(NAME, TITLE, "meta/meta_development.txt", is_here, opened, FOLDS)
