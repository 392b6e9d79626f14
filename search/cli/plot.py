"""`sedkd plot`: a timeline of a recording: log-mel, probabilities with thresholds, truth and detections."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from search.cli.guard import between, positive, require_ending, typed_path
from search.cli.subject import LABEL_COLUMN

if TYPE_CHECKING:
    from sedkd.data.events import Event

SECONDS = 60.0


def add_parser(subparsers: Any) -> None:
    """Add the command `plot`."""
    parser = subparsers.add_parser(
        "plot",
        help="draw what an exported student hears in a recording",
        description="Draw a timeline of a recording as a picture: log-mel, the student's probabilities per event "
        "(thin, and thick after the median filter) with thresholds, truth and detections above each other.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("file", type=typed_path, metavar="FILE", help="audio file")
    parser.add_argument("--bundle", type=typed_path, required=True, metavar="DIR", help="folder of an exported student")
    parser.add_argument(
        "--labels",
        type=typed_path,
        metavar="FILE",
        help="the truth: a table filename onset offset event_label, a label file of any program, or a folder of them",
    )
    parser.add_argument("--label-column", metavar="NAME", help=LABEL_COLUMN)
    parser.add_argument("--out", type=typed_path, required=True, metavar="FILE.png", help="picture to write")
    parser.add_argument("--start", type=between(float, 0, 1e7), default=0.0, metavar="S", help="first second")
    parser.add_argument("--seconds", type=positive(float), default=SECONDS, metavar="S", help="at most so many")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw it; errors are UserError."""
    from search.show.timeline import Timeline, timeline_png
    from sedkd.data.inspection import audio_info
    from sedkd.errors import UserError
    from sedkd.export.reading import read_bundle

    require_ending(options.out, ".png")
    bundle, duration = read_bundle(options.bundle), audio_info(options.file).duration
    if options.start >= duration:
        raise UserError(f"--start {options.start:g}: {options.file} lasts {duration:.1f} s")
    truth = None if options.labels is None else _truth(options, bundle.labels)
    stop = min(options.start + options.seconds, duration)
    timeline_png(Timeline(bundle, options.file, options.start, stop, truth), options.out)
    print(f"{options.out}: {options.start:g} to {stop:.1f} s of {duration:.1f} s of {options.file}")
    return 0


def _truth(options: argparse.Namespace, labels: Sequence[str]) -> "list[Event]":
    """The events of the file as `--labels` tells them, `labels` spelt so. UserError where it does not list the file."""
    from sedkd.data.events import Event, require_known_files
    from sedkd.data.labels.listed import listed
    from sedkd.score.matching import names_of, of_other_folders
    from sedkd.spelling import folded

    table, file = options.labels, options.file.as_posix()
    found = listed(table, options.label_column, [file])
    annotations = found.annotations
    names = names_of([file], annotations, str(table))
    for note in (*found.notes, *of_other_folders(names)):
        print(f"{table}: {note}", file=sys.stderr)
    (name,) = names
    require_known_files([name], annotations, f"--labels {table}: the command line")
    spellings = {folded(label): label for label in labels}
    return [Event(e.onset, e.offset, spellings.get(folded(e.event_label), e.event_label)) for e in annotations[name]]
