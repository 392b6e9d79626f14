"""MAESTRO Real (Martín-Morató and Mesaros 2023): soft labels, the share of annotators who heard an event in a second.

development_audio/<scene>/<scene>_NN.wav, development_annotation/soft_labels_<scene>/<scene>_NN.txt, and
development_folds/fold1_{train,val,test}.csv.
"""

from pathlib import Path

from sedkd.data.datasets.dataset import TRAIN, VALIDATION, Annotation, Clip, Dataset, Format
from sedkd.data.datasets.listing import Listing
from sedkd.data.datasets.rows import event_of, names_in, once
from sedkd.data.environment import Environment
from sedkd.data.events import Event, number, require_clear_commas
from sedkd.data.folders import audio_below
from sedkd.data.recordings import TEST
from sedkd.data.table import read_plain
from sedkd.errors import UserError

NAME, TITLE = "maestro", "MAESTRO Real"
LICENCE = "see the dataset's own LICENSE file"
HARD = 0.5  # an event is what more than half of the annotators heard
FOLDS, FOLD = 5, 1
LABELS = (
    "birds singing",
    "car",
    "people talking",
    "footsteps",
    "children voices",
    "wind blowing",
    "brakes squeaking",
    "large vehicle",
    "cutlery and dishes",
    "metro approaching",
    "metro leaving",
)
SCENES = ("cafe_restaurant", "city_center", "grocery_store", "metro_station", "residential_area")


def is_here(root: Path) -> bool:
    return any((root / "development_annotation" / f"soft_labels_{scene}").is_dir() for scene in SCENES)


def opened(root: Path, fold: int | None = None) -> Dataset:
    """A fold as it is (the first, if none is asked for); without the folds, all is training, of which validation is
    taken, and nothing is test.

    Only the 11 classes that the dataset evaluates are events; others are left out.
    """
    listing = Listing(root)
    audio = root / "development_audio"
    for split, source, name in _listed(root, fold):
        scene, _, stem = name.rpartition("/")
        if scene not in SCENES:
            raise UserError(f"{source}: {name!r}: expected <scene>/<scene>_NN, the scene one of {', '.join(SCENES)}")
        table = root / "development_annotation" / f"soft_labels_{scene}" / f"{stem}.txt"
        if not table.exists():
            raise UserError(f"{source}: lists {name}, but there is no {table}: unpack development_annotation")
        listing.add([audio], f"{name}.wav", scene, split, f"maestro:{stem}", source, table)
    here = {
        scene: Environment(scene, scene.replace("_", " "), LABELS)
        for scene in SCENES
        if any(clip.environment == scene for clip in listing.clips)
    }
    reader = once(soft_rows)

    def read(clip: Clip) -> Annotation:
        assert clip.table is not None
        return reader(clip.table)

    return Dataset(
        NAME, TITLE, LICENCE, root, here, tuple(listing.clips), read, closed=False,
        missing=listing.missing, unlisted=listing.unlisted(*(audio / scene for scene in here)),
    )  # fmt: skip


def soft_rows(path: Path) -> Annotation:
    """Rows `onset offset label value`, TAB, no header; values are clipped to 0..1.

    Raises:
        UserError: a row has another number of columns, or cells that are no numbers.
    """
    soft: list[tuple[int, Event, float]] = []
    rows = list(read_plain(path))
    require_clear_commas(path, ((line, cell) for line, fields in rows for cell in (*fields[:2], *fields[3:])))
    for line, fields in rows:
        where = f"{path}, line {line}"
        if len(fields) != 4:
            raise UserError(f"{where}: {len(fields)} columns: expected onset, offset, label and soft value, with TABs")
        value = min(max(number(fields[3], "soft value", where, "a fraction such as 0.85"), 0.0), 1.0)
        soft.append((line, event_of(fields[:3], where), value))
    hard = tuple((line, event) for line, event, value in soft if value > HARD)
    return Annotation(hard, soft=tuple((event, value) for _, event, value in soft if value > 0))


def _listed(root: Path, fold: int | None) -> list[tuple[str, Path, str]]:
    """(split, what lists it, scene/stem) of every recording."""
    folder = root / "development_folds"
    files = {split: folder / f"fold{fold or FOLD}_{part}.csv" for split, part in _PARTS.items()}
    if files[TRAIN].exists() and files[TEST].exists():
        return [
            (split, source, name.removesuffix(".wav"))
            for split, source in files.items()
            if source.exists()
            for name in names_in(source)
        ]
    if fold is not None:
        raise UserError(f"--fold {fold}: {files[TRAIN]} and {files[TEST].name} are not there; unpack development_folds")
    audio = root / "development_audio"
    return [(TRAIN, folder, f"{scene}/{path.stem}") for scene in SCENES for path in audio_below(audio / scene)]


_PARTS = {TRAIN: "train", VALIDATION: "val", TEST: "test"}

FORMAT = Format(NAME, TITLE, "development_annotation/soft_labels_<scene>", is_here, opened, FOLDS)
