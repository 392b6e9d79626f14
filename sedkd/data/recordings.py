"""Recordings, and the generic folder that most people have.

<root>/<environment>/{train,validation,test}/*.wav|flac|ogg|mp3
<root>/<environment>/{train,validation,test}.tsv          filename onset offset event_label
<root>/<environment>/unlabeled/*                          optional
<root>/<environment>/weak/* and weak.tsv                  optional, see `sedkd.data.weak`
"""

import hashlib
import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sedkd.data.audio import AUDIO_SUFFIXES, content_hash
from sedkd.data.broken import durations
from sedkd.data.events import Event, clip_to, merge_touching, read_annotations
from sedkd.data.remembered import remembered
from sedkd.data.sealed import require_opened
from sedkd.environment import Environment
from sedkd.errors import SedkdWarning, UserError

TEST = "test"
LABELED_SPLITS = ("train", "validation", TEST)


@dataclass(frozen=True)
class Recording:
    """One audio file. `events` is None when nobody has labelled it; `duration` is in seconds.

    `tags` are the labels of the events that occur in it, without when; None when nobody has said. `soft` are the
    annotators' degrees of certainty, 0 to 1, that train instead of the events where they are given. `listened` are the
    labels that its annotators listened for; None: all events of its environment.
    """

    path: Path
    filename: str
    environment: str
    duration: float
    events: tuple[Event, ...] | None = None
    tags: tuple[str, ...] | None = None
    soft: tuple[tuple[Event, float], ...] | None = None
    listened: tuple[str, ...] | None = None


def environments_in(root: Path) -> tuple[str, ...]:
    """Names of the environments below `root`: its folders that hold a labelled or an unlabelled split."""
    if not root.is_dir():
        raise UserError(f"{root}: no such folder")
    found = [
        folder.name
        for folder in sorted(root.iterdir())
        if folder.is_dir()
        and (folder.joinpath("unlabeled").is_dir() or any((folder / f"{s}.tsv").exists() for s in LABELED_SPLITS))
    ]
    if not found:
        raise UserError(
            f"{root}: holds no environment; expected {root}/<environment>/train.tsv beside "
            f"{root}/<environment>/train/*.wav (one level up or down, perhaps?)"
        )
    return tuple(found)


def environment_folder(root: Path, environment: str) -> Path:
    """The folder of one environment; UserError lists those that are there."""
    found = environments_in(root)
    if environment not in found:
        raise UserError(f"{root}: no environment {environment!r}; there are: {', '.join(found)}")
    return root / environment


def read_labeled(root: Path, environment: Environment, split: str) -> list[Recording]:
    """A labelled split in the order of its file names, labels in the environment's own spelling.

    Audio that the TSV does not list is left out with a warning. An event that ends after its recording is clipped.
    The test split is read inside `sealed.opened_test` only.
    """
    if split == TEST:
        require_opened(f"reading {root / environment.name / split}.tsv")
    folder = environment_folder(root, environment.name)
    table = folder / f"{split}.tsv"
    if not table.exists():
        raise UserError(f"{table}: no such file; it lists filename, onset, offset, event_label of {folder / split}/")
    annotations = read_annotations(table)
    audio = folder / split
    warn_of_unlisted(audio, table, set(annotations))
    listed = {filename: listed_audio(audio, filename, table) for filename in sorted(annotations)}
    seconds = durations(list(listed.values()))
    if listed and not seconds:
        raise UserError(f"{table}: all its recordings are broken")
    return [
        _labeled(path, seconds[path], filename, environment, annotations[filename], table)
        for filename, path in listed.items()
        if path in seconds
    ]


def read_unlabeled(root: Path, environment: str) -> list[Recording]:
    """The environment's unlabelled recordings; an empty list when there is no folder `unlabeled/`."""
    folder = environment_folder(root, environment) / "unlabeled"
    if not folder.is_dir():
        return []
    found = durations([path for path in sorted(folder.iterdir()) if path.suffix.lower() in AUDIO_SUFFIXES])
    return [Recording(path, path.name, environment, seconds) for path, seconds in found.items()]


def labels_in(root: Path, environment: str) -> tuple[str, ...]:
    """The labels that an environment's own train.tsv uses, sorted."""
    folder = environment_folder(root, environment)
    table = folder / "train.tsv"
    if not table.exists():
        raise UserError(f"{table}: no such file; it lists filename, onset, offset, event_label of {folder / 'train'}/")
    return tuple(sorted({event.event_label for events in read_annotations(table).values() for event in events}))


def listed_audio(audio: Path, filename: str, table: Path) -> Path:
    """The audio file that a table names; names may not lead out of the split's folder."""
    path = audio / filename
    if not path.resolve().is_relative_to(audio.resolve()):
        raise UserError(f"{table}: filename {filename!r} leads out of {audio}")
    if not path.exists():
        raise UserError(f"{table}: {filename!r} is listed, but there is no such file in {audio}")
    return path


def warn_of_unlisted(audio: Path, table: Path, listed: set[str]) -> None:
    """Warn of audio in a split's folder that its table does not list; UserError when there is no such folder."""
    if not audio.is_dir():
        raise UserError(f"{audio}: no such folder; {table.name} lists the recordings that belong there")
    unlisted = [p.name for p in sorted(audio.iterdir()) if p.suffix.lower() in AUDIO_SUFFIXES and p.name not in listed]
    if unlisted:
        warnings.warn(
            f"{table}: {len(unlisted)} recordings in {audio} are not listed and are left out, such as {unlisted[0]}",
            SedkdWarning,
            stacklevel=2,
        )


def digest_of(recordings: Sequence[Recording]) -> str:
    """Names recordings by content and annotation."""
    digest = hashlib.blake2b(digest_size=16)
    hashes = content_hashes([recording.path for recording in recordings])
    for recording, content in zip(recordings, hashes, strict=True):
        events = None if recording.events is None else [asdict(event) for event in recording.events]
        tags = [] if recording.tags is None else [recording.tags]
        soft = None if recording.soft is None else [[asdict(event), value] for event, value in recording.soft]
        rest = {k: v for k, v in (("soft", soft), ("listened", recording.listened)) if v is not None}
        more = [rest] if rest else []
        digest.update(json.dumps([content, events, *tags, *more]).encode())
    return digest.hexdigest()


def content_hashes(paths: Sequence[Path], progress: Callable[[int, int], None] | None = None) -> list[str]:
    """`content_hash` of every file; of one that has not changed it is remembered."""
    return remembered("content", paths, content_hash, progress)


def _labeled(
    path: Path, duration: float, filename: str, environment: Environment, events: list[Event], table: Path
) -> Recording:
    late = [event for event in events if event.onset >= duration]
    if late:
        raise UserError(
            f"{table}: {filename}: an event begins at {late[0].onset:g} s, but the recording lasts {duration:.2f} s"
        )
    own = [Event(e.onset, e.offset, environment.canonical(e.event_label)) for e in clip_to(events, duration)]
    return Recording(path, filename, environment.name, duration, tuple(merge_touching(own)))
