"""`sedkd score`: F1 and PSDS of a table of detections against the ground truth."""

import argparse
import json
from pathlib import Path
from typing import Any

from search.cli.guard import typed_path


def add_parser(subparsers: Any) -> None:
    """Add the command to what argparse's add_subparsers() returned."""
    parser = subparsers.add_parser(
        "score",
        help="score a table of detections against the ground truth",
        description="Segment-based F1 (1 s) and event-based F1 (200 ms, 20 %) per class, macro and micro; with "
        "--operating-points also PSDS1 and PSDS2. Tables are TAB-separated with the header "
        "filename onset offset event_label (or .csv); a row with only a filename lists a file without events. Label "
        "files of Audacity, Raven, BirdNET and others, and folders of them, are read as well. Recordings are matched "
        "by name or, where the folders differ, by the end of their paths.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "truth", type=typed_path, help="the reference events: a table, a label file, or a folder of them"
    )
    parser.add_argument("detections", type=typed_path, help="the detected events, alike; - reads a table from stdin")
    parser.add_argument(
        "--durations",
        type=typed_path,
        metavar="FILE",
        help="table with the columns filename and duration (seconds); needed for PSDS",
    )
    parser.add_argument(
        "--operating-points",
        type=typed_path,
        metavar="DIR",
        help="folder with one .tsv of detections per threshold, the threshold being the last number in its name, which "
        "is no date",
    )
    parser.add_argument(
        "--label-column",
        metavar="NAME",
        help="the column, or the tier, of label files that holds the labels, where several do; two joined by a comma: "
        "the truth's and that of detections",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what to print")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report; a UserError is left to the caller."""
    from sedkd.score.report import score_files

    detections = Path("/dev/stdin") if str(args.detections) == "-" else args.detections
    truth, comma, heard = (args.label_column or "").partition(",")
    columns = (truth or None, (heard if comma else truth) or None)
    report = score_files(args.truth, detections, args.durations, args.operating_points, columns)
    print(json.dumps(report.as_dict(), indent=2) if args.format == "json" else report.as_text())
    return 0
