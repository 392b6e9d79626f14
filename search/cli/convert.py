"""`sedkd data convert`: a dataset of any format that sedkd reads as the generic folder."""

import argparse
from pathlib import Path
from typing import Any

from search.cli.guard import positive, typed_path
from search.cli.subject import LABEL_COLUMN
from sedkd.words import several


def add_parser(commands: Any) -> None:
    """Add the command `convert`."""
    parser = commands.add_parser(
        "convert",
        help="write a dataset, such as recordings with label files, as the generic folder",
        description="Write what lies in DIR as the generic folder: a folder and a table (filename, onset, offset, "
        "event_label) per split, with links to the audio. Where nothing validates, about a fifth of the labelled "
        "recordings does from then on.",
    )
    parser.add_argument("folder", type=typed_path, metavar="DIR", help="whatever --data reads")
    parser.add_argument(
        "--out", type=typed_path, required=True, metavar="DIR", help="folder to write; must be new or empty"
    )
    parser.add_argument("--copy", action="store_true", help="copy the audio, instead of linking to it")
    parser.add_argument("--dataset", metavar="NAME", help="what lies in DIR, where it is not recognised as you mean it")
    parser.add_argument("--fold", type=positive(int), metavar="N", help="the official fold whose test list is test")
    parser.add_argument("--label-column", metavar="NAME", help=LABEL_COLUMN)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write it, tell what was written; a UserError is left to the caller."""
    import shlex

    out = written(options)
    print(f"look at it: sedkd data check {shlex.quote(str(out))}")
    return 0


def written(options: argparse.Namespace) -> Path:
    """Write it as `add_parser`'s options say, tell what was written, and answer where it lies."""
    from search.show.display import Display
    from sedkd.data.datasets.converting import convert
    from sedkd.data.datasets.opening import opened
    from sedkd.progress import counting

    (dataset,) = opened([options.folder], options.dataset, options.fold, options.label_column)
    with Display() as display:
        look = counting(display.preparing, "looking into recordings")
        found = convert(dataset, options.out, options.copy, look)
    print(f"{dataset.title} in {dataset.root}, as {found.out}; audio is {'copied' if options.copy else 'linked to'}")
    for (name, split), (recordings, events) in found.parts.items():
        print(
            f"{name}, {split}: {several(recordings, 'recording')}"
            + ("" if events is None else f", {several(events, 'event')}")
        )
    for line in found.notices:
        print(f"note: {line}")
    return found.out
