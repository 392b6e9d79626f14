"""`sedkd detect`: the events that an exported student hears in audio files."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.cli.detections import PARQUET, format_for, telling_what_stands, writing
from search.cli.guard import positive, typed_name, typed_path
from search.cli.thresholds import add_threshold
from sedkd.output.formats import OUTPUT_FORMATS
from sedkd.words import several

if TYPE_CHECKING:
    from sedkd.export.reading import Bundle
    from sedkd.output.clips import Found
    from sedkd.output.formats import Heard
    from sedkd.stream.detection import Detection, Progress

    Hear = Callable[[Path, Progress], list[Detection]]

CLIPS_PER_CLASS = 20
LONG_SECONDS = 120.0  # a single file of this length deserves a progress bar

Report = Callable[[float], None]  # files done so far


def add_parser(subparsers: Any) -> None:
    """Add the command to what argparse's add_subparsers() returned."""
    parser = subparsers.add_parser(
        "detect",
        help="list the events in audio files with an exported student",
        description="Detect events in audio files of any length, rate and number of channels. The result is a "
        "TAB-separated table: filename, onset and offset in seconds, event_label, and confidence, the mean "
        "probability over the event's frames; where a file's name says when it was recorded (20240131_054500, with "
        "or without Z or +0100 behind), also start_time and end_time. Files that cannot be read are named on stderr; "
        "the others are done all the same, and the exit code is then 2.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("bundle", type=typed_path, metavar="BUNDLE", help="folder of an exported student")
    parser.add_argument(
        "files",
        nargs="+",
        type=typed_name,
        metavar="FILE",
        help="audio file, or a folder, however deep its audio lies",
    )
    parser.add_argument(
        "--format",
        choices=(*OUTPUT_FORMATS, PARQUET),
        help="tables, a list of objects, an Audacity label track (of one recording each), a Raven selection table, or "
        "Parquet; without it what --out ends with, .csv, .json or .parquet, else tsv; an ending of another format is "
        "refused, but for .tsv, which label tracks and selection tables may have, too",
    )
    parser.add_argument(
        "--out",
        type=typed_path,
        metavar="FILE",
        help="table to write, instead of printing it; a folder with --per-file",
    )
    parser.add_argument(
        "--per-file",
        action="store_true",
        help="a file per recording, called like it, in the folder --out; one without events, too",
    )
    parser.add_argument(
        "--stream", action="store_true", help="step by step, as `sedkd listen` hears it: of a student with a look-ahead"
    )
    parser.add_argument(
        "--clips", type=typed_path, metavar="DIR", help="also write the sound of detections there, a folder per event"
    )
    parser.add_argument(
        "--clips-per-class",
        type=positive(int),
        metavar="N",
        help=f"with --clips: at most so many of an event ({CLIPS_PER_CLASS}), spread over confidence",
    )
    add_threshold(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the tables; 2 when a file could not be read. A UserError about the bundle or options is the caller's."""
    from sedkd.errors import UserError
    from sedkd.export.reading import read_bundle
    from sedkd.stream.rates import too_low

    if args.clips_per_class is not None and args.clips is None:
        raise UserError("--clips-per-class: writes nothing without --clips DIR")
    args.format = format_for(None if args.per_file else args.out, args.format)
    bundle = read_bundle(args.bundle).with_thresholds(args.threshold)
    hear = _streamed(bundle) if args.stream else partial(_windowed, bundle)
    files, failed = _expanded(args.files)
    found: list[Found] = []
    with writing(args, files, bundle.features.rate / 2) as write, _progress(files) as report:
        for i, name in enumerate(files):
            try:
                heard = _heard(hear, name, partial(_add, report, i))
                write(heard)
                found += [(Path(name), detection) for detection in heard.detections]
            except UserError as error:
                print(f"error: {error}", file=sys.stderr)
                failed = True
            report(i + 1)
    for line in too_low(bundle, [Path(name) for name in files]):
        print(f"warning: {line}", file=sys.stderr)
    if args.clips is not None:
        from sedkd.output.clips import write_clips

        with telling_what_stands(args.clips):
            count = write_clips(args.clips, found, args.clips_per_class or CLIPS_PER_CLASS, bundle.labels)
        print(f"{args.clips}: {several(count, 'clip')} of {several(len(found), 'detection')}", file=sys.stderr)
    return 2 if failed else 0


def _expanded(names: Sequence[str]) -> tuple[list[str], bool]:
    """Every audio file once, folders replaced by what lies in them; and whether one of them held nothing."""
    from sedkd.data.decoding import AUDIO_SUFFIXES
    from sedkd.data.folders import audio_below, each_once, unread_below

    files, failed = [], False
    for name in names:
        if not Path(name).is_dir():
            files.append(name)
            continue
        inside = [str(path) for path in audio_below(Path(name))]
        files += inside
        if not inside:
            none = f"{name}: no audio in this folder ({', '.join(s[1:] for s in AUDIO_SUFFIXES)})"
            print(f"error: {(unread_below(Path(name)) or [none])[0]}", file=sys.stderr)
            failed = True
    return each_once(files), failed


def _windowed(bundle: "Bundle", path: Path, progress: "Progress") -> "list[Detection]":
    from sedkd.stream.detect import detect

    return detect(bundle, path, progress)


def _streamed(bundle: "Bundle") -> "Hear":
    from sedkd.stream.detector import detect_streamed
    from sedkd.stream.network import StreamNetwork

    network = StreamNetwork(bundle.folder)
    network.bundle = bundle
    return partial(detect_streamed, network)


def _heard(hear: "Hear", name: str, progress: "Progress") -> "Heard":
    from sedkd.data.inspection import audio_info
    from sedkd.output.formats import Heard
    from sedkd.output.recorded import recorded_at

    path = Path(name)
    detections = hear(path, progress)
    return Heard(name, audio_info(path).duration, recorded_at(path.name), detections)


def _add(report: Report, files: int, done: int, total: int) -> None:
    report(files + done / total)


@contextmanager
def _progress(files: Sequence[str]) -> Iterator[Report]:
    """A bar on stderr where somebody watches and has to wait, else nothing."""
    if not sys.stderr.isatty() or not (len(files) > 1 or any(map(_is_long, files))):
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # stdout is not redirected: it carries the table.
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("detecting", total=len(files))
        yield lambda done: bar.update(task, completed=done)


def _is_long(name: str) -> bool:
    from sedkd.data.inspection import audio_info
    from sedkd.errors import UserError

    try:
        return audio_info(Path(name)).duration > LONG_SECONDS
    except UserError:
        return False  # told when its turn comes
