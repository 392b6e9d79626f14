"""`sedkd export`: one student of a front as a folder that runs anywhere."""

import argparse
from pathlib import Path
from typing import Any

from search.cli.guard import typed_path
from search.cli.store import store_of

CRITERION = (
    "what its thresholds are for, chosen anew on the study's validation clips where the search chose otherwise: "
    "fa_per_hour=2, most recall with at most so many false alarms per hour, there and in negatives/; f1 (default: as "
    "the search chose them)"
)
BROWSER = (
    "also write detector.html, one page that runs the student in a browser, with onnxruntime-web from DIR, where "
    "`npm install onnxruntime-web` was run (default: the current folder)"
)


def add_parser(subparsers: Any) -> None:
    """Add the command `export`."""
    from search.cli.front import add_study_options

    parser = subparsers.add_parser("export", help="write a student as ONNX, safetensors and a model card")
    add_study_options(parser)
    parser.add_argument("--pick", default="knee", metavar="WHICH", help='knee, best, smallest, trial:N or "within 1%%"')
    parser.add_argument("--out", type=typed_path, required=True, metavar="DIR", help="folder to write")
    parser.add_argument("--criterion", metavar="C", help=CRITERION)
    parser.add_argument("--browser", type=typed_path, nargs="?", const=Path(), metavar="DIR", help=BROWSER)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Export, check and register one student."""
    from search.run.exporting import export_pick
    from search.study.objectives import most_alarms_of
    from search.study.opening import load_study

    most_alarms_of(options.criterion)  # a mistake in it is told before the study is looked for
    study = load_study(store_of(options), options.env, options.study)
    for line in export_pick(study, options.pick, options.out, options.criterion, options.browser):
        print(line)
    return 0
