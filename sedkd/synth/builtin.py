"""The built-in environments on disk, as a generic folder: made once, the same on every machine.

A clip depends on (version, seed, environment, split, number) alone, so any number of processes may make it. Splits
never share a source: an individual's timbre that is in test is in no other split.
"""

import os
import shutil
import warnings
import zlib
from functools import partial
from pathlib import Path

import numpy as np

from sedkd.data.events import Event, write_annotations
from sedkd.disk.appearing import appearing
from sedkd.disk.kept import one_at_a_time
from sedkd.disk.paths import cache_root, written_atomically
from sedkd.errors import SedkdWarning, UserError
from sedkd.synth.backgrounds import background
from sedkd.synth.clips import CLIP_COST_SECONDS, Progress, run_all, write_clip
from sedkd.synth.mixer import Soundscape, mix
from sedkd.synth.recipes import COUNTS, RATE, RECIPES, SOURCES
from sedkd.synth.sounds import render

VERSION = 1  # raise it with every change that alters a sample
SEED = 20_240_601
ENVIRONMENTS = tuple(RECIPES)


def default_root() -> Path:
    """Where the built-in soundscapes of this version lie in the cache; another version has a folder of its own."""
    return cache_root() / "soundscapes" / f"v{VERSION}-{_recipes_code():08x}"


def ensure(root: Path, environment: str, split: str, progress: Progress | None = None) -> Path:
    """The folder `<root>/<environment>` with `split` in it, made if need be.

    Layout: `<split>/*.wav` with `<split>.tsv`, or `unlabeled/*.wav`; 16 kHz, 16-bit. Folders appear whole; the
    table comes last and marks a labelled split as complete. Raises UserError for an unknown environment or split,
    and when `root` holds soundscapes of another version.
    """
    _check(environment, split)
    folder = root / environment
    _claim(root)
    if _is_there(folder, split) and _is_whole(folder, split):
        return folder
    with one_at_a_time(root / f".{environment}-{split}.lock", progress):
        _make(folder, split, progress)
    return folder


def _make(folder: Path, split: str, progress: Progress | None) -> None:
    """Make a split that is not there or damaged, unless another process has just done so."""
    environment, table = folder.name, folder / f"{split}.tsv"
    if _is_there(folder, split):
        if _is_whole(folder, split):
            return
        warnings.warn(f"{folder / split}: soundscapes are damaged, so they are made again", SedkdWarning, stacklevel=2)
        shutil.rmtree(folder / split)
        table.unlink(missing_ok=True)
    with appearing(folder / split, _unless_there) as whole:
        work = partial(_write, whole, environment, split)
        truth = run_all(work, range(COUNTS[split]), CLIP_COST_SECONDS, progress)
    if split != "unlabeled":
        write_annotations(table, dict(truth))


def render_clip(environment: str, split: str, number: int) -> Soundscape:
    """Clip `number` of a built-in split: audio float32 [160000] at 16 kHz, its events and sources."""
    recipe = RECIPES[environment]
    rng = np.random.default_rng([VERSION, SEED, _code(environment), _code(split), number])
    return mix(recipe, partial(_draw, pool(split)), partial(background, environment), rng, RATE)


def pool(split: str) -> np.ndarray:
    """The numbers of the sources that a split draws from, the same for every class."""
    ends = dict(zip(SOURCES, np.cumsum(list(SOURCES.values())), strict=True))
    own = {name: np.arange(end - SOURCES[name], end) for name, end in ends.items()}
    return np.concatenate([own["train"], own["unlabeled"]]) if split == "unlabeled" else own[split]


def _draw(numbers: np.ndarray, label: str, rng: np.random.Generator, rate: int) -> tuple[np.ndarray, str]:
    number = int(rng.choice(numbers))
    individual = np.random.default_rng([VERSION, SEED, _code(label), number])
    return render(label, individual, rate, take=rng), f"{label} {number}"


def _write(folder: Path, environment: str, split: str, number: int) -> tuple[str, list[Event]]:
    soundscape = render_clip(environment, split, number)
    name = f"{split}_{number:04d}.wav"
    write_clip(folder / name, soundscape.audio, RATE)
    return name, soundscape.events


def _is_there(folder: Path, split: str) -> bool:
    return (folder / split).is_dir() and (split == "unlabeled" or (folder / f"{split}.tsv").is_file())


def _is_whole(folder: Path, split: str) -> bool:
    """Whether a split holds all its clips, of one size, and its table a line for each."""
    clips = {path.name: path.stat().st_size for path in (folder / split).glob("*.wav")}
    if len(clips) != COUNTS[split] or len(set(clips.values())) > 1:
        return False
    if split == "unlabeled":
        return True
    text = (folder / f"{split}.tsv").read_bytes()
    listed = {line.split(b"\t")[0].decode(errors="replace") for line in text.splitlines()[1:]}
    return text.endswith(b"\n") and listed == set(clips)


def _code(text: str) -> int:
    return zlib.crc32(text.encode())


def _recipes_code() -> int:
    return zlib.crc32(repr((RECIPES, COUNTS, SOURCES)).encode())


def _check(environment: str, split: str) -> None:
    if environment not in RECIPES:
        raise UserError(f"no built-in environment {environment!r}; there are {', '.join(RECIPES)}")
    if split not in COUNTS:
        raise UserError(f"no split {split!r}; there are {', '.join(COUNTS)}")


def _claim(root: Path) -> None:
    """Write the README of `root`, or see that the one there is ours: versions in one folder would be mixed up."""
    text = (
        "SYNTHETIC soundscapes made by sedkd: every sound in them is computed, none was recorded.\n"
        f"version {VERSION}, seed {SEED}, recipes {_recipes_code():08x}\n"
    )
    readme = root / "README.txt"
    if readme.is_file():
        if readme.read_text(encoding="utf-8") != text:
            raise UserError(f"{readme}: made by another version of sedkd; remove {root} or name another folder")
        return
    with written_atomically(readme) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _unless_there(made: Path, target: Path) -> None:
    """For `appearing`: where another process was first, its copy, which is the same, stays."""
    try:
        os.rename(made, target)
    except OSError:
        if not target.is_dir():
            raise
