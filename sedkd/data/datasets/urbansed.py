"""URBAN-SED v2 (Salamon et al. 2017): soundscapes of ten urban sounds.

audio/{train,validate,test}/*.wav, annotations/{train,validate,test}/*.txt (and .jams, which are not needed).
"""

from pathlib import Path

from sedkd.data.datasets.dataset import TRAIN, VALIDATION, Annotation, Clip, Dataset, Format
from sedkd.data.datasets.listing import Listing
from sedkd.data.datasets.rows import plain_rows
from sedkd.data.environment import Environment
from sedkd.data.folders import files_below
from sedkd.data.recordings import TEST

NAME, TITLE = "urbansed", "URBAN-SED"
LICENCE = "see the dataset's own README (synthesised from UrbanSound8K, whose clips are of Freesound)"
URBAN = "urban"
ENVIRONMENT = Environment(
    URBAN,
    "streets of a city",
    (
        "air_conditioner",
        "car_horn",
        "children_playing",
        "dog_bark",
        "drilling",
        "engine_idling",
        "gun_shot",
        "jackhammer",
        "siren",
        "street_music",
    ),
)
FOLDERS = {TRAIN: "train", VALIDATION: "validate", TEST: "test"}


def is_here(root: Path) -> bool:
    return (root / "annotations" / "train").is_dir() and (root / "audio" / "train").is_dir()


def opened(root: Path, _: int | None = None) -> Dataset:
    """The official splits. A soundscape is a recording of its own."""
    listing = Listing(root)
    for split, folder in FOLDERS.items():
        for table in files_below(root / "annotations" / folder, lambda name: name.endswith(".txt") and name[0] != "."):
            name = f"{table.stem}.wav"
            group = f"urbansed:{folder}/{table.stem}"
            listing.add([root / "audio" / folder], name, URBAN, split, group, table.parent, table)

    def read(clip: Clip) -> Annotation:
        assert clip.table is not None
        return plain_rows(clip.table)

    return Dataset(
        NAME, TITLE, LICENCE, root, {URBAN: ENVIRONMENT}, tuple(listing.clips), read, missing=listing.missing,
        unlisted=listing.unlisted(*(root / "audio" / folder for folder in FOLDERS.values())),
    )  # fmt: skip


FORMAT = Format(NAME, TITLE, "annotations/train/*.txt with audio/train", is_here, opened)
