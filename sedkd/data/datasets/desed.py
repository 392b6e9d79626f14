"""DESED: domestic environments (Turpault et al. 2019; Serizel et al. 2020), of which many people lack some files.

audio/train/{weak,unlabel_in_domain,strong_label_real,synthetic21_train/soundscapes}, audio/validation/..., and
audio/eval/public, with tables of the same names below metadata/.
"""

from pathlib import Path, PurePosixPath

from sedkd.data.datasets.dataset import TRAIN, UNLABELED, VALIDATION, WEAK, Dataset, Format
from sedkd.data.datasets.listing import Listing
from sedkd.data.datasets.rows import names_in
from sedkd.data.datasets.tables import tables_read_once
from sedkd.data.environment import Environment
from sedkd.data.recordings import TEST

NAME, TITLE = "desed", "DESED"
LICENCE = "clips of YouTube and Freesound, each under its own licence; see the dataset's README"
DOMESTIC = "domestic"
ENVIRONMENT = Environment(
    DOMESTIC,
    "rooms of a home",
    (
        "Alarm_bell_ringing",
        "Blender",
        "Cat",
        "Dishes",
        "Dog",
        "Electric_shaver_toothbrush",
        "Frying",
        "Running_water",
        "Speech",
        "Vacuum_cleaner",
    ),
)
PARTS = (
    (TRAIN, "train/synthetic21_train/soundscapes", "train/synthetic21_train/soundscapes"),
    (TRAIN, "train/audioset_strong", "train/strong_label_real"),
    (WEAK, "train/weak", "train/weak"),
    (UNLABELED, "train/unlabel_in_domain", "train/unlabel_in_domain"),
    (VALIDATION, "validation/validation", "validation/validation"),
    (TEST, "eval/public", "eval/public"),
)
"""Split, table below metadata/, folder below audio/."""
SOUNDSCAPES = "validation/synthetic21_validation/soundscapes"


def is_here(root: Path) -> bool:
    return (root / "metadata" / "train").is_dir() or (root / "metadata" / "validation" / "validation.tsv").exists()


def opened(root: Path, _: int | None = None) -> Dataset:
    """The parts that are there; synthetic soundscapes validate only where the real validation set is missing."""
    listing = Listing(root)
    for split, table, folder in PARTS:
        _add(listing, split, table, folder)
    if not any(clip.split == VALIDATION for clip in listing.clips):
        _add(listing, VALIDATION, SOUNDSCAPES, SOUNDSCAPES)
    read = tables_read_once()
    folders = [root / "audio" / folder for _, table, folder in PARTS if (root / "metadata" / f"{table}.tsv").exists()]
    return Dataset(
        NAME, TITLE, LICENCE, root, {DOMESTIC: ENVIRONMENT}, tuple(listing.clips), read,
        missing=listing.missing, unlisted=listing.unlisted(*folders),
    )  # fmt: skip


def _add(listing: Listing, split: str, table: str, folder: str) -> None:
    source = listing.root / "metadata" / f"{table}.tsv"
    if source.exists():
        for name in names_in(source):
            annotated = None if split == UNLABELED else source
            listing.add(
                [listing.root / "audio" / folder], name, DOMESTIC, split, _group(name, folder), source, annotated
            )


def _group(name: str, folder: str) -> str:
    """YouTube's clips are called Y<id>_<start>_<end>.wav, and an id may hold underscores."""
    stem = PurePosixPath(name).stem
    if not folder.endswith("soundscapes") and stem.count("_") >= 2:
        return f"youtube:{stem.rsplit('_', 2)[0]}"
    return f"desed:{folder}/{stem}"


FORMAT = Format(NAME, TITLE, "metadata/train/*.tsv with audio/train", is_here, opened)
