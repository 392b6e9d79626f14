"""The tree that TUT Sound Events 2016 and 2017 share.

audio/<scene>/*.wav, meta/<scene>/<id>.ann, evaluation_setup/<scene>_fold1_{train,test}.txt (development set) or
evaluation_setup/<scene>_test.txt (evaluation set, which is test as a whole).
"""

from collections.abc import Mapping
from pathlib import Path

from sedkd.data.datasets.dataset import TRAIN, Annotation, Clip, Dataset
from sedkd.data.datasets.listing import Listing
from sedkd.data.datasets.rows import once, plain_rows
from sedkd.data.environment import Environment
from sedkd.data.folders import require_inside
from sedkd.data.recordings import TEST
from sedkd.data.table import read_plain
from sedkd.errors import UserError

LICENCE = "non-commercial use only (Tampere University of Technology)"
FOLDS, FOLD = 4, 1  # without being asked, the first one's test list is the test split


def is_tut(root: Path, scenes: Mapping[str, Environment]) -> bool:
    """Whether the tree holds one of the scenes."""
    return any((root / "meta" / scene).is_dir() and (root / "audio" / scene).is_dir() for scene in scenes)


def open_tut(name: str, title: str, root: Path, scenes: Mapping[str, Environment], fold: int | None) -> Dataset:
    """The scenes that are there. Everything that the fold does not test is training, of which validation is taken.

    Raises:
        UserError: a scene has no lists, or names in them lead out of the dataset.
    """
    listing = Listing(root)
    here = {scene: environment for scene, environment in scenes.items() if (root / "audio" / scene).is_dir()}
    for scene in here:
        for split, source in _lists(root, scene, fold or FOLD).items():
            meta, paths = root / "meta" / scene, dict.fromkeys(fields[0] for _, fields in read_plain(source))
            tables = {path: meta / f"{Path(path).stem}.ann" for path in paths}
            annotated = {path for path, table in tables.items() if table.exists()}
            for path, table in tables.items():
                require_inside(path, source)
                if path in annotated:
                    listing.add([root], path, scene, split, f"tut:{table.stem}", source, table)
                elif split != TEST or annotated:  # of an evaluation set none is, where its truth is not published
                    raise UserError(f"{source}: lists {path}, but there is no {table}: unpack the archive with meta/")
    folders = [root / "audio" / scene for scene in here]
    reader = once(plain_rows)

    def read(clip: Clip) -> Annotation:
        assert clip.table is not None
        return reader(clip.table)

    return Dataset(
        name, title, LICENCE, root, here, tuple(listing.clips), read,
        missing=listing.missing, unlisted=listing.unlisted(*folders),
    )  # fmt: skip


def _lists(root: Path, scene: str, fold: int) -> dict[str, Path]:
    """Split -> the file that lists it."""
    setup = root / "evaluation_setup"
    lists = {TRAIN: setup / f"{scene}_fold{fold}_train.txt", TEST: setup / f"{scene}_fold{fold}_test.txt"}
    if all(path.exists() for path in lists.values()):
        return lists
    whole = setup / f"{scene}_test.txt"
    if whole.exists():
        return {TEST: whole}
    raise UserError(
        f"{setup}: neither {scene}_fold{fold}_train.txt with {scene}_fold{fold}_test.txt nor {scene}_test.txt: "
        "unpack the archive with evaluation_setup/"
    )
