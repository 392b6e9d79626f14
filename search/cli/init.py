"""`sedkd init`: from a folder with recordings and labels to the commands that make a detector of it."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.cli import convert
from search.cli.guard import positive, typed_path
from search.cli.store import add_store_options, store_of
from search.cli.subject import LABEL_COLUMN
from sedkd.disk.paths import expanded
from sedkd.words import several

if TYPE_CHECKING:
    from search.study.store import Store
    from search.study.view import StudyView
    from sedkd.data.datasets.facts import EventCount
    from sedkd.data.datasets.survey import Survey


def add_parser(subparsers: Any) -> None:
    """Add the command `init`."""
    parser = subparsers.add_parser(
        "init",
        help="begin here: what a folder with recordings and labels holds, and what to type next",
        description="Look at the recordings and labels in DIR, say how much of each event there is, what is missing "
        "and what would help most, and print the next three commands and how long they train. What labels and trials "
        "are worth is told by earlier comparisons and studies of the store. Without --out it writes to the cache "
        "alone. Exits with 1 where something must be mended first. Annotations of a test split stay unread.",
    )
    parser.add_argument(
        "folder", type=typed_path, metavar="DIR", help="recordings with label files, or whatever --data reads"
    )
    parser.add_argument(
        "--out", type=typed_path, metavar="DIR", help="also write it as the generic folder, new or empty"
    )
    parser.add_argument("--copy", action="store_true", help="with --out: copy the audio, instead of linking to it")
    parser.add_argument("--dataset", metavar="NAME", help="what lies in DIR, where it is not recognised as you mean it")
    parser.add_argument("--fold", type=positive(int), metavar="N", help="the official fold whose test list is test")
    parser.add_argument("--label-column", metavar="NAME", help=LABEL_COLUMN)
    add_store_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look, tell, write where that was asked for; a UserError is left to the caller."""
    from search.setup.first_steps import check_command
    from search.setup.setting import built_in
    from search.show.display import Display
    from search.show.worth_words import helpful_lines
    from sedkd.data.datasets.facts import require_material
    from sedkd.data.datasets.survey import survey
    from sedkd.errors import UserError
    from sedkd.progress import counting

    if options.copy and options.out is None:
        raise UserError("--copy: says how --out is written; add --out DIR")
    root = options.folder = expanded(options.folder).resolve()
    require_material(root)
    fold = None if options.fold is None else str(options.fold)
    how = {"dataset": options.dataset, "fold": fold, "label-column": options.label_column}
    with Display() as display:
        look = counting(display.preparing, "looking into recordings")
        found = survey([root], built_in(), options.dataset, options.fold, options.label_column, look)
    _tell(found)
    if found.problems:
        _listed("to mend first", found.problems)
        _listed("next, when that is mended", [check_command(root, how)])
        return 1
    store = store_of(options)
    studies = _studies(store)
    _listed("what would help most", helpful_lines(found, store, studies))
    if options.out is not None:
        root, how = convert.written(options), {}
    _tell_time(studies)
    server = store.storage.place if options.storage else None  # without its password
    _tell_next(found, root, how, {"store": options.store, "storage": server})
    return 0


def _studies(store: "Store") -> "list[StudyView]":
    """Those of the store, the latest first; none, which is said, where it cannot be read: init does without."""
    from search.study.opening import load_studies
    from sedkd.errors import UserError

    if not store.storage.exists:
        return []
    try:
        return load_studies(store, None, None)
    except UserError as error:
        print(f"no earlier study to go by: {error}")
        return []


def _tell(found: "Survey") -> None:
    from sedkd.data.datasets.facts import environments_in, event_counts, missing_in

    for one in found.datasets:
        print(f"{one.folder}: {one.title}, {several(one.recordings, 'recording')}")
    for name in environments_in(found):
        parts = [part for part in found.parts if part.environment == name]
        print(f"{name}: " + ", ".join(f"{part.split} {part.recordings} ({part.hours:.2f} h)" for part in parts))
        _table(event_counts(found, name))
    _listed("missing", missing_in(found))


def _table(counts: Sequence["EventCount"]) -> None:
    from rich.table import Table

    from search.show.display import Display

    table = Table("event")
    for column in ("labels", "recordings", "seconds in all"):
        table.add_column(column, justify="right")
    for count in counts:
        table.add_row(count.event, str(count.labels), str(count.recordings), f"{count.seconds:.1f}")
    Display().table(table)


def _tell_next(found: "Survey", data: Path, how: dict[str, str | None], place: dict[str, str | None]) -> None:
    from search.setup.first_steps import QUICK_TRIALS, check_command, detect_command, search_command
    from sedkd.data.datasets.facts import environments_in

    name, *others = environments_in(found)
    search, detect = search_command(data, name, how, place), detect_command(data, name, place)
    _listed("next", [check_command(data, how), search, detect])
    print(f"a quick look before that: the search with --trials {QUICK_TRIALS} and without --steps")
    if others:
        print(f"--env also takes {', '.join(others)}")


def _listed(title: str, lines: Iterable[str]) -> None:
    lines = list(lines)
    if lines:
        print(f"{title}:")
    for line in lines:
        print(f"  {line}")


def _tell_time(studies: "Sequence[StudyView]") -> None:
    from search.setup.first_steps import STEPS, TRIALS
    from search.setup.pace import measured_pace, studied_pace, training_seconds
    from search.show.display import Display
    from search.show.worth_words import duration_words

    pace = studied_pace(studies)
    if pace is None:
        with Display() as display:
            display.preparing("training three students for a moment, to tell how long a search takes", 0, 1)
            pace = measured_pace()
    words = duration_words(training_seconds(TRIALS, STEPS, pace))
    print(
        f"the search below trains for {words} here, {pace.known_by}, one after the other (on a CPU it trains one on "
        "each core); the teacher, the first time, is not counted in"
    )
