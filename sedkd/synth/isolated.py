"""Soundscapes with exact truth out of isolated recordings, by the same mixer as the built-in environments."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from sedkd.data.audio import content_hash
from sedkd.data.events import Event, read_annotations, write_annotations
from sedkd.data.weak import WEAK, read_tags, require_no_comma, write_tags
from sedkd.disk.appearing import appearing
from sedkd.disk.json_file import digest
from sedkd.disk.kept import whole
from sedkd.disk.remembered import remembered
from sedkd.errors import UserError
from sedkd.synth.backgrounds import background
from sedkd.synth.clips import Progress, run_all, write_clip
from sedkd.synth.excerpts import MAX_SECONDS, active_parts, bed, duration_of
from sedkd.synth.jams import write_jams
from sedkd.synth.library import SPLIT_FOLDS, Files, Library, read_backgrounds, read_library
from sedkd.synth.mixer import mix
from sedkd.synth.recipe_file import MadeEnvironment, mixed
from sedkd.words import several

T = TypeVar("T")

VERSION = 1  # raise it with every change that alters a sample
CONTENTS = "source_contents"
TABLES, JAMS = TRUTHS = ("tsv", "jams")
LABELLED = ("train", "validation", "test")
_SCENE = "street"  # the synthetic bed where there are no recorded backgrounds
_COST_SECONDS = 0.06  # per clip, with reading and resampling


@dataclass(frozen=True)
class Report:
    """What lies in the folder: clips and events per environment and split, and what the user should know."""

    out: Path
    clips: dict[tuple[str, str], int]
    events: dict[tuple[str, str], int]  # of labelled splits; of weak, the labels of its clips
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Job:
    """All that a process needs to make any clip of one environment and split."""

    folder: Path
    plan: MadeEnvironment
    files: Files
    beds: list[Path]  # empty: synthetic
    seed: tuple[int, ...]
    rate: int


def synthesise(
    events_dir: Path,
    backgrounds_dir: Path | None,
    out: Path,
    *,
    recipes: Mapping[str, MadeEnvironment] | None,
    counts: Mapping[str, int],
    seed: int,
    rate: int = 16_000,
    clip_seconds: float = 10.0,
    truth: str = TABLES,
    progress: Progress | None = None,
) -> Report:
    """Write `<out>/<environment>/{train,validation,test}` with tables, `unlabeled` without, and `synthesis.json`.

    `weak`, where `counts` asks for it, has a table of clip-level labels only. `events_dir` holds a folder of recordings
    per class (see `library.read_library` for classes and folds: 1-3 are for train, unlabeled and weak, 4 for
    validation, 5 for test). `counts` gives clips per split and environment. `truth` "jams" puts a JAMS file beside each
    clip whose truth is told, as well as the tables. The same inputs and seed give the same
    bytes. `out` appears whole; one that holds this very synthesis is left as it is.

    Raises:
        UserError: see `library`, `recipe_file`; a class without a folder or without recordings for a split; `out` is
            not empty; `counts`, `rate` or `clip_seconds` make no sense; a weak label would hold a comma.
    """
    _check_numbers(counts, seed, rate, clip_seconds)
    if truth not in TRUTHS:
        raise UserError(f"--truth {truth}: expected {' or '.join(TRUTHS)}")
    counts = _asked(counts, counts)
    library = _asked(read_library(events_dir), counts)
    plans = dict(recipes or mixed(list(library["train"])))
    splits = [split for split in SPLIT_FOLDS if counts.get(split, 0) > 0]
    for name, plan in plans.items():
        _check_classes(events_dir, name, plan, library, splits)
        plans[name] = replace(plan, recipe=replace(plan.recipe, clip_seconds=clip_seconds))
    beds, notes = _beds(backgrounds_dir, plans)
    notes += _long(plans, library, splits)
    beds = _asked(beds, counts)
    names = _names(library, events_dir), _names(beds, backgrounds_dir)
    record = _record(plans, counts, seed, rate, truth, *names, _digest(library, beds))
    if _is_done(out, record):
        return _report(out, plans, splits, [*notes, f"{out} holds this very synthesis already: nothing was written"])

    with appearing(out) as folder:
        jobs = [
            _job(folder / name / split, plan, library[split], beds[split], seed, rate)
            for name, plan in plans.items()
            for split in splits
        ]
        _render([(job, number) for job in jobs for number in range(counts[job.folder.name])], truth, progress)
        (folder / "synthesis.json").write_text(record, encoding="utf-8")
    return _report(out, plans, splits, notes)


def _job(folder: Path, plan: MadeEnvironment, files: Files, shared: Files, seed: int, rate: int) -> _Job:
    own = [file for label in plan.backgrounds for file in files[label]]
    heard = {label: files[label] for label in (*plan.recipe.events, *plan.recipe.distractors)}
    environment, split = zlib.crc32(folder.parent.name.encode()), zlib.crc32(folder.name.encode())
    key = (VERSION, seed, environment, split)
    return _Job(folder, plan, heard, own or shared.get("background", []), key, rate)


def _render(tasks: list[tuple[_Job, int]], truth: str, progress: Progress | None) -> None:
    """Make all clips, then the truth of those splits of which it is told."""
    found: dict[Path, dict[str, list[Event]]] = {}
    for job, _ in tasks:
        job.folder.mkdir(parents=True, exist_ok=True)
    for (job, _), (filename, events) in zip(tasks, run_all(_write, tasks, _COST_SECONDS, progress), strict=True):
        found.setdefault(job.folder, {})[filename] = events
    seconds = {job.folder: job.plan.recipe.clip_seconds for job, _ in tasks}
    for folder, annotations in found.items():
        table = folder.parent / f"{folder.name}.tsv"
        if folder.name in LABELLED:
            write_annotations(table, annotations)
        elif folder.name == WEAK:
            write_tags(table, {name: sorted({e.event_label for e in events}) for name, events in annotations.items()})
        if truth == JAMS:
            _write_jams(folder, annotations, seconds[folder])


def _write_jams(folder: Path, annotations: Mapping[str, list[Event]], seconds: float) -> None:
    """A JAMS file beside each clip; of weakly labelled ones every label spans the clip, as it is not told when."""
    for name, events in annotations.items() if folder.name in (*LABELLED, WEAK) else ():
        told = events
        if folder.name == WEAK:
            told = [Event(0.0, seconds, label) for label in sorted({event.event_label for event in events})]
        write_jams((folder / name).with_suffix(".jams"), name, seconds, told)


def _write(task: tuple[_Job, int]) -> tuple[str, list[Event]]:
    job, number = task
    under = partial(bed, job.beds) if job.beds else partial(background, _SCENE)
    soundscape = mix(
        job.plan.recipe, partial(_draw, job.files), under, np.random.default_rng([*job.seed, number]), job.rate
    )
    name = f"{job.folder.name}_{number:04d}.wav"
    write_clip(job.folder / name, soundscape.audio, job.rate)
    return name, soundscape.events


def _draw(files: Files, label: str, rng: np.random.Generator, rate: int) -> tuple[np.ndarray, str]:
    file = files[label][rng.integers(len(files[label]))]
    parts = active_parts(file, rate)
    return parts[rng.integers(len(parts))], str(file)


def _check_numbers(counts: Mapping[str, int], seed: int, rate: int, clip_seconds: float) -> None:
    for split, count in counts.items():
        if split not in SPLIT_FOLDS:
            raise UserError(f"no split {split!r}; there are {', '.join(SPLIT_FOLDS)}")
        if count < 0:
            raise UserError(f"--{split} {count}: give a number of clips, 0 for none")
    if not any(counts.values()):
        raise UserError("all counts are 0: ask for some clips (--train, --validation, --test, --unlabeled, --weak)")
    if seed < 0:
        raise UserError(f"--seed {seed}: give a whole number from 0")
    if not 8_000 <= rate <= 48_000:
        raise UserError(f"--rate {rate}: give a sampling rate from 8000 to 48000 Hz")
    if not 1 <= clip_seconds <= 600:
        raise UserError(f"--clip-seconds {clip_seconds:g}: give a length from 1 to 600 seconds")


def _asked(per_split: Mapping[str, T], counts: Mapping[str, int]) -> dict[str, T]:
    """Without weak when no weak clips are asked for, so that their existence changes no other synthesis's record."""
    return {split: value for split, value in per_split.items() if split != WEAK or counts.get(WEAK, 0) > 0}


def _check_classes(folder: Path, name: str, plan: MadeEnvironment, library: Library, splits: list[str]) -> None:
    known = ", ".join(library["train"])
    if WEAK in splits:
        for label in plan.recipe.events:
            require_no_comma(label)
    for label in (*plan.recipe.events, *plan.recipe.distractors, *plan.backgrounds):
        if label not in library["train"]:
            raise UserError(f"environment {name}: no folder for {label!r} in {folder}; there are {known}")
        for split in splits:
            if not library[split][label]:
                folds = ", ".join(map(str, SPLIT_FOLDS[split]))
                raise UserError(
                    f"{folder}: no recording of {label!r} for {split} (fold {folds}): add recordings of other groups "
                    f"(the name up to the first _ or -), set --{split} 0, or leave the class out of {name}"
                )


def _beds(folder: Path | None, plans: Mapping[str, MadeEnvironment]) -> tuple[Library, list[str]]:
    """split -> background recordings for environments without their own (none: synthetic), and notes for the user."""
    if folder is not None:
        beds, apart = read_backgrounds(folder)
        return beds, [] if apart else [f"{folder} has too few backgrounds to keep splits apart: all splits share them"]
    without = [name for name, plan in plans.items() if not plan.backgrounds]
    notes = [f"the background of {', '.join(without)} is synthetic: none was given"] if without else []
    return {split: {} for split in SPLIT_FOLDS}, notes


def _long(plans: Mapping[str, MadeEnvironment], library: Library, splits: list[str]) -> list[str]:
    """What to say of recordings of events that are longer than what is taken of them."""
    labels = {label for plan in plans.values() for label in (*plan.recipe.events, *plan.recipe.distractors)}
    used = {file for split in splits for label in labels for file in library[split][label]}
    longer = sum(duration_of(file) > MAX_SECONDS for file in used)
    if not longer:
        return []
    return [
        f"{several(longer, 'recording')} of events longer than {MAX_SECONDS:g} s: of each the first {MAX_SECONDS:g} s "
        "in which there is sound; cut it into several for more"
    ]


def _record(
    plans: Mapping[str, MadeEnvironment],
    counts: Mapping[str, int],
    seed: int,
    rate: int,
    truth: str,
    sources: object,
    beds: object,
    contents: str,
) -> str:
    """synthesis.json: all that the audio depends on; the source files with their sizes in bytes, and a digest of their
    contents. No truth."""
    content = {
        "made_by": "sedkd: soundscapes mixed from isolated recordings",
        "version": VERSION,
        "seed": seed,
        "rate": rate,
        "counts": dict(counts),
        "recipes": {name: asdict(plan) for name, plan in plans.items()},
        "source_files": sources,
        "background_files": beds,
        CONTENTS: contents,
    } | ({"truth": truth} if truth != TABLES else {})
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _names(library: Library, folder: Path | None) -> dict[str, dict[str, dict[str, int]]]:
    return {
        split: {
            label: {file.relative_to(folder or "/").as_posix(): file.stat().st_size for file in paths}
            for label, paths in files.items()
        }
        for split, files in library.items()
    }


def _digest(*libraries: Library) -> str:
    """Of the contents of all files, in their order."""
    paths = [file for library in libraries for files in library.values() for some in files.values() for file in some]
    return digest(remembered("content", paths, content_hash))


def _is_done(out: Path, record: str) -> bool:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    made = out / "synthesis.json"
    there = whole(made, lambda path: dict(json.loads(path.read_text(encoding="utf-8"))))
    if there is not None:
        wanted = json.loads(record)
        if there == {key: value for key, value in wanted.items() if key in there or key != CONTENTS}:
            return True  # records of earlier versions tell no contents
    other = "another synthesis" if made.is_file() else "other files"
    raise UserError(f"{out}: exists and holds {other}: remove it, or name another folder with --out")


def _report(out: Path, plans: Mapping[str, MadeEnvironment], splits: list[str], notes: list[str]) -> Report:
    clips, events = {}, {}
    for name in plans:
        for split in splits:
            clips[name, split] = sum(1 for _ in (out / name / split).glob("*.wav"))
            if split in LABELLED:
                table = read_annotations(out / name / f"{split}.tsv")
                events[name, split] = sum(map(len, table.values()))
            elif split == WEAK:
                events[name, split] = sum(map(len, read_tags(out / name / f"{split}.tsv").values()))
    return Report(out, clips, events, notes)
