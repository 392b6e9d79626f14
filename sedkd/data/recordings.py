"""Recordings, and the generic folder that most people have.

<root>/<environment>/{train,validation,test}/*.wav (and others, `AUDIO_SUFFIXES`)
<root>/<environment>/{train,validation,test}.tsv          filename onset offset event_label
<root>/<environment>/unlabeled/*                          optional
<root>/<environment>/negatives/*                          optional: none of the events occurs in it
<root>/<environment>/weak/* and weak.tsv                  optional, see `sedkd.data.weak`
<root>/<environment>/reviewed/* and reviewed.tsv          optional, see `sedkd.data.reviewed`
"""

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sedkd.data.audio import content_hash
from sedkd.data.broken import durations, mentioning_option
from sedkd.data.environment import Environment
from sedkd.data.events import Event, clip_to, ends_beyond, merge_touching, read_annotations, seconds
from sedkd.data.folders import AudioFolder, audio_below, files_below, require_folder
from sedkd.data.inspection import sound_infos
from sedkd.data.sealed import require_opened
from sedkd.data.strangers import warn_of_strangers
from sedkd.data.table import read_rows
from sedkd.disk.remembered import remembered
from sedkd.errors import SedkdWarning, UserError
from sedkd.spelling import composed, usual_spellings

TEST = "test"
NEGATIVES = "negatives"
_NO_EVENTS = "negatives are recordings without events; put this one and its labels into validation"
LABELED_SPLITS = ("train", "validation", TEST)


@dataclass(frozen=True)
class Recording:
    """One audio file. `events` is None when nobody has labelled it; `duration` is in seconds.

    `tags` are the labels of the events that occur in it, without when; None when nobody has said. `soft` are the
    annotators' degrees of certainty, 0 to 1, that train instead of the events where they are given. `listened` are the
    labels that its annotators listened for; None: all events of its environment. `unknown` are times, from and to in
    seconds, at which something was annotated that is no label anybody knows: no event is known to be absent there.
    `asked`: all that is known of it are answers to questions about a span (`sedkd.data.reviewed`).
    """

    path: Path
    filename: str
    environment: str
    duration: float
    events: tuple[Event, ...] | None = None
    tags: tuple[str, ...] | None = None
    soft: tuple[tuple[Event, float], ...] | None = None
    listened: tuple[str, ...] | None = None
    unknown: tuple[tuple[float, float], ...] = ()
    asked: bool = False


def without_labels(recording: Recording) -> Recording:
    """The recording as if nobody had annotated it."""
    return replace(recording, events=None, tags=None, soft=None, unknown=(), asked=False)


def environments_in(root: Path) -> tuple[str, ...]:
    """Names of the environments below `root`: its folders that hold a labelled or an unlabelled split."""
    require_folder(root)
    found = [
        folder.name
        for folder in sorted(root.iterdir())
        if folder.is_dir()
        and not folder.name.startswith(".")
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
    return root / named(environment, environments_in(root), root)


def named(wanted: str, names: Sequence[str], where: object) -> str:
    """Which of `names` is `wanted`, however its Unicode is composed. UserError lists those of `where`."""
    for name in names:
        if composed(name) == composed(wanted):
            return name
    raise UserError(f"{where}: no environment {wanted!r}; there are: {', '.join(names)}")


def read_labeled(root: Path, environment: Environment, split: str) -> list[Recording]:
    """A labelled split in the order of its file names, labels in the environment's own spelling.

    Audio that the TSV does not list is left out with a warning, and so is a label that is no event. An event that ends
    after its recording is clipped, with a warning where it is by more than rounding makes. The test split is read
    inside `sealed.opened_test` or `sealed.look_over` only.
    """
    if split == TEST:
        require_opened(f"reading {root / environment.name / split}.tsv")
    folder = environment_folder(root, environment.name)
    table = folder / f"{split}.tsv"
    if not table.exists():
        raise UserError(f"{table}: no such file; it lists filename, onset, offset, event_label of {folder / split}/")
    annotations = read_annotations(table)
    warn_of_strangers(environment, table, labels_with_lines(table))
    listed = listed_audio(folder / split, sorted(annotations), table)
    seconds = durations(list(listed.values()))
    if listed and not seconds:
        raise UserError(f"{table}: all its recordings are broken")
    _tell_of_cut(table, annotations, {name: seconds[path] for name, path in listed.items() if path in seconds})
    return [
        _labeled(path, seconds[path], filename, environment, annotations[filename], table)
        for filename, path in listed.items()
        if path in seconds
    ]


def read_unlabeled(root: Path, environment: str) -> list[Recording]:
    """The environment's unlabelled recordings; an empty list when there is no folder `unlabeled/`."""
    folder = environment_folder(root, environment) / "unlabeled"
    found = durations(audio_below(folder))
    return [
        Recording(path, path.relative_to(folder).as_posix(), environment, seconds) for path, seconds in found.items()
    ]


def read_negatives(root: Path, environment: Environment) -> list[Recording]:
    """The environment's recordings in which none of its events occurs; an empty list without a folder `negatives/`.

    A table negatives.tsv beside it may list other sounds. UserError where it, or label files in the folder, say that an
    event occurs.
    """
    folder = root / environment.name / NEGATIVES
    table = folder.with_name(f"{NEGATIVES}.tsv")
    if table.exists():
        for line, label in labels_with_lines(table):
            if environment.spelt(label) is not None:
                raise UserError(f"{table}, line {line}: {label} is an event, but {_NO_EVENTS}")
    if not folder.is_dir():
        return []
    labelled = files_below(folder, _is_table_name)
    if labelled:
        raise UserError(f"{labelled[0]}: labels among the negatives, but {_NO_EVENTS}")
    found = durations(audio_below(folder))
    names = {path: f"{NEGATIVES}/{path.relative_to(folder).as_posix()}" for path in found}
    return [Recording(path, names[path], environment.name, seconds, ()) for path, seconds in found.items()]


def labels_in(root: Path, environment: str) -> tuple[str, ...]:
    """The labels that an environment's own train.tsv uses, each in its most frequent spelling, sorted."""
    folder = environment_folder(root, environment)
    table = folder / "train.tsv"
    if not table.exists():
        raise UserError(f"{table}: no such file; it lists filename, onset, offset, event_label of {folder / 'train'}/")
    found = (event.event_label for events in read_annotations(table).values() for event in events)
    return tuple(sorted(usual_spellings(found).values()))


def labels_with_lines(table: Path) -> list[tuple[int, str]]:
    """Every label of a table of events with its line."""
    return [(line, row["event_label"]) for line, row in read_rows(table, ("event_label",)) if row["event_label"]]


def listed_audio(audio: Path, names: Sequence[str], table: Path) -> dict[str, Path]:
    """The audio file of each name that a table lists; a warning tells of audio that it does not list.

    Raises:
        UserError: there is no such folder or file, or a name leads out of the folder, or means two files.
    """
    if not audio.is_dir():
        raise UserError(f"{audio}: no such folder; {table.name} lists the recordings that belong there")
    folder, found = AudioFolder(audio), dict[str, Path]()
    by_path: dict[Path, str] = {}
    for name in names:
        path = folder.find(name, table)
        if path is None:
            raise UserError(f"{_place(table, name)}: {name!r} is listed, but there is no such file in {audio}")
        if by_path.setdefault(path, name) != name:
            raise UserError(f"{table}: {path} is listed as {by_path[path]!r} and as {name!r}: spell it alike")
        found[name] = path
    unlisted = folder.unlisted(by_path)
    if unlisted:
        first = unlisted[0].relative_to(audio).as_posix()
        warnings.warn(
            f"{table}: {len(unlisted)} recordings in {audio} are not listed and are left out, such as {first}",
            SedkdWarning,
            stacklevel=3,
        )
    return found


def _place(table: Path, name: str, onset: float | None = None) -> str:
    """A table that was read, and the first line of it that lists a recording, or an event there with this onset."""
    for line, row in read_rows(table, ("filename",) if onset is None else ("filename", "onset")):
        where = f"{table}, line {line}"
        if row["filename"] == name and (onset is None or (row["onset"] and seconds(row["onset"], "", where) == onset)):
            return where
    return str(table)


def digest_of(recordings: Sequence[Recording]) -> str:
    """Names recordings by content and annotation, and tells where one environment's end and another's begin: what
    nobody wrote down is absent in one, and unknown in the other."""
    digest = hashlib.blake2b(digest_size=16)
    hashes = content_hashes([recording.path for recording in recordings])
    last = recordings[0].environment if recordings else None
    for recording, content in zip(recordings, hashes, strict=True):
        events = None if recording.events is None else [asdict(event) for event in recording.events]
        tags = [] if recording.tags is None else [recording.tags]
        soft = None if recording.soft is None else [[asdict(event), value] for event, value in recording.soft]
        more_known = (
            ("soft", soft),
            ("listened", recording.listened),
            ("unknown", recording.unknown or None),
            ("asked", recording.asked or None),
            ("environment", recording.environment if recording.environment != last else None),
        )
        rest = {key: value for key, value in more_known if value is not None}
        more = [rest] if rest else []
        digest.update(json.dumps([content, events, *tags, *more]).encode())
        last = recording.environment
    return digest.hexdigest()


def content_hashes(paths: Sequence[Path], progress: Callable[[int, int], None] | None = None) -> list[str]:
    """`content_hash` of every file, and how it is read where that is not the usual way.

    Of a file that has not changed it is remembered. BrokenAudio names one that cannot be used.
    """
    hashes = remembered("content", paths, content_hash, progress)
    with mentioning_option():
        infos = sound_infos(paths)
    manners = [infos[path].manner for path in paths]
    return [f"{content} {manner}" if manner else content for content, manner in zip(hashes, manners, strict=True)]


def _tell_of_cut(table: Path, annotations: Mapping[str, list[Event]], seconds: Mapping[str, float]) -> None:
    """A warning where events end far behind the end of their recording, whose `seconds` are by file name."""
    cut = [
        (name, event.offset)
        for name, length in seconds.items()
        for event in annotations[name]
        if event.onset < length and ends_beyond(event, length)  # one that begins there is an error of its own
    ]
    if cut:
        name, offset = max(cut, key=lambda one: one[1] - seconds[one[0]])
        many = f"{len(cut)} events end" if len(cut) > 1 else "an event ends"
        warnings.warn(
            f"{table}: {many} after the end of the recording, such as {name} at {offset:g} s of {seconds[name]:.2f} s, "
            "and is cut there: are the times seconds, and is this the file?",
            SedkdWarning,
            stacklevel=3,
        )


def _labeled(
    path: Path, duration: float, filename: str, environment: Environment, events: list[Event], table: Path
) -> Recording:
    late = [event for event in events if event.onset >= duration]
    if late:
        raise UserError(
            f"{_place(table, filename, late[0].onset)}: {filename}: an event begins at {late[0].onset:g} s, but the "
            f"recording lasts {duration:.2f} s: are the times seconds, and is this the file?"
        )
    whole = clip_to(events, duration)
    own = [Event(e.onset, e.offset, environment.canonical(e.event_label)) for e in whole]
    unknown = tuple((e.onset, e.offset) for e in whole if environment.is_stranger(e.event_label))
    return Recording(path, filename, environment.name, duration, tuple(merge_touching(own)), unknown=unknown)


def _is_table_name(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in (".tsv", ".csv", ".txt")
