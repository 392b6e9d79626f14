"""`sedkd review`: clips to listen to, on a page; what the answers say, and how a study learns from them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.cli.guard import SEED, between, positive, require_ending, typed_name, typed_path
from sedkd.words import several

if TYPE_CHECKING:
    from sedkd.data.environment import Environment
    from sedkd.review.answers import Answers
    from sedkd.review.candidates import Scored
    from sedkd.review.review import Review

ORDERS = ("uncertain", "confident", "spread", "random")  # sedkd.review.drawing's
EVENTS = "only these events"


def add_parser(subparsers: Any) -> None:
    """Add the command group `review`."""
    group = subparsers.add_parser(
        "review", help="listen to what was detected, and make use of the answers", description=__doc__
    )
    commands = group.add_subparsers(dest="review_command", required=True, metavar="COMMAND")
    _add_make(commands)
    _add_read(commands)


def _add_make(commands: Any) -> None:
    parser = commands.add_parser(
        "make",
        help="draw clips and write the page that asks about them",
        description="Draw clips of what an exported student may have heard, or of a table of detections, and write one "
        "HTML page that asks about each: it works offline, by keyboard and on a phone.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "detector",
        type=typed_path,
        metavar="BUNDLE",
        help="folder of an exported student; or a table (tsv, csv) with filename, onset, offset, event_label and "
        "confidence, as `sedkd detect` writes it, or BirdNET and others, with a confidence",
    )
    parser.add_argument("--label-column", metavar="NAME", help="of such a table the one that holds the labels")
    parser.add_argument(
        "files",
        nargs="*",
        type=typed_name,
        metavar="FILE",
        help="recording, or a folder of them, such as unlabeled/ of an environment; with a table, those that it is of, "
        "and its rows of others are left out",
    )
    parser.add_argument(
        "--out", type=typed_path, default=Path("review.html"), metavar="FILE.html", help="page to write"
    )
    parser.add_argument("--clips", type=positive(int), default=60, metavar="N", help="at most so many")
    parser.add_argument(
        "--by",
        choices=ORDERS,
        default="uncertain",
        help="nearest to the threshold; surest; as many of every band of confidence, which a threshold is best read "
        "off; or whatever comes",
    )
    parser.add_argument("--events", metavar="A,B", help=EVENTS)
    parser.add_argument("--also", metavar="A,B", help="further labels that a person may answer with")
    parser.add_argument("--seed", type=SEED, default=0, help="of the draw")
    parser.set_defaults(run=run_make)


def _add_read(commands: Any) -> None:
    parser = commands.add_parser(
        "read",
        help="read answers: precision, thresholds, training data",
        description="Read the answers to a page. Tells the precision by event and confidence, thresholds for what is "
        "wanted, and with --into makes training data of them.",
    )
    parser.add_argument("page", type=typed_path, metavar="REVIEW.html", help="the page")
    parser.add_argument(
        "answers", nargs="+", type=typed_path, metavar="ANSWERS.json", help="what was downloaded from it"
    )
    parser.add_argument(
        "--precision", type=between(float, 0.01, 0.999), metavar="P", help="tell a threshold for this precision"
    )
    parser.add_argument(
        "--fa-per-hour",
        type=between(float, 0, 1e6),
        metavar="N",
        help="tell a threshold for at most so many false alarms in an hour of recordings",
    )
    parser.add_argument("--events", metavar="A,B", help=EVENTS)
    parser.add_argument(
        "--into",
        type=typed_path,
        metavar="DIR",
        help="an environment, such as recordings/farm: write the answers to its reviewed/ and reviewed.tsv, which the "
        "next study of it learns from",
    )
    parser.set_defaults(run=run_read)


def run_make(options: argparse.Namespace) -> int:
    """Score, draw, write; errors are UserError."""
    import shlex

    from search.show.display import Display
    from sedkd.errors import UserError
    from sedkd.progress import counting
    from sedkd.review.page import write_page
    from sedkd.review.review import review_of

    require_ending(options.out, ".html")
    if options.out.exists():
        raise UserError(f"{options.out}: is there already, and answers may belong to it; choose another --out")
    with Display() as display:
        scored, known, measure = _scored(options, counting(display.preparing, "listening"))
        asked = _narrowed(scored, options.events, known)
        labels = _with_further(known, options.also)
        review = review_of(asked, labels, options.clips, options.by, options.seed, measure)
        write_page(review, options.out, counting(display.preparing, "drawing clips"))
    counts = ", ".join(f"{label} {sum(1 for c in review.clips if c.label == label)}" for label in sorted(review.found))
    print(
        f"{options.out}: {several(len(review.clips), 'clip')} ({counts}) of {len(asked.candidates)} in "
        f"{review.hours:.2f} h"
    )
    page = shlex.quote(str(options.out))
    print(f"open it in a browser, answer, download; then: sedkd review read {page} answers-{review.digest}.json")
    return 0


def run_read(options: argparse.Namespace) -> int:
    """Tell what the answers say; errors are UserError."""
    from search.show.display import Display
    from search.show.review_tables import bands_table, bound_lines
    from sedkd.errors import UserError
    from sedkd.review.answers import read_answers
    from sedkd.review.page import read_page
    from sedkd.review.taking import take

    review = read_page(options.page)
    found = read_answers(review, options.answers)
    events = _asked_events(review, options.events, found)
    own = [answer for answer in found.answers if answer.clip.label in events]
    if not own:
        raise UserError(f"{options.answers[0]}: no clip is answered with yes or no; answer some on {options.page}")
    # Written before anything is said: who reads that, `head` say, may go away.
    counts = None if options.into is None else take(review, own, options.into, _environment(options.into))
    display = Display()
    display.print(
        f"{len(own)} of {len(review.clips)} clips answered, {found.skipped} skipped, {found.disputed} left out because "
        f"people disagree; drawn by {review.by} from {review.hours:.2f} h"
    )
    display.table(bands_table(review, own, events))
    for line in bound_lines(review, own, events, options.precision, options.fa_per_hour):
        display.print(line)
    if counts is not None:
        told = ", ".join(f"{counts[kind]} {kind}" for kind in ("yes", "no", "other"))
        display.print(
            f"{options.into / 'reviewed.tsv'}: {told}; the next study of {options.into.name} learns from them"
        )
    return 0


def _scored(options: argparse.Namespace, progress: Any) -> "tuple[Scored, tuple[str, ...], str]":
    """The candidates, the detector's labels, and what its scores are."""
    import warnings

    from sedkd.errors import SedkdWarning, UserError
    from sedkd.export.reading import read_bundle
    from sedkd.review.candidates import scored_by
    from sedkd.review.tables import listed_in
    from sedkd.stream.rates import too_low

    paths = _recordings(options.files)
    if not options.detector.is_dir():
        roots = [Path(name) for name in options.files if Path(name).is_dir()]
        scored = listed_in(options.detector, paths, roots, options.label_column)
        return scored, tuple(sorted({c.label for c in scored.candidates})), "confidence"
    bundle = read_bundle(options.detector)
    if not paths:
        raise UserError(f"name recordings, or a folder of them, for {options.detector} to listen to")
    scored = scored_by(bundle, paths, progress)
    if not scored.hours:
        raise UserError(f"{options.files[0]}: no recording that can be read; name others")
    if not scored.candidates:
        raise UserError(f"{options.files[0]}: the student hears none of {', '.join(bundle.labels)}; add recordings")
    for line in too_low(bundle, paths):
        warnings.warn(line, SedkdWarning, stacklevel=2)
    return scored, bundle.labels, "peak"


def _recordings(names: Sequence[str]) -> list[Path]:
    from sedkd.data.folders import audio_below, each_once
    from sedkd.errors import UserError

    found: list[Path] = []
    for name in map(Path, names):
        inside = audio_below(name) if name.is_dir() else [name]
        if not inside:
            raise UserError(f"{name}: no audio in this folder; name one with recordings")
        found += inside
    return each_once(found)


def _narrowed(scored: "Scored", events: str | None, known: Sequence[str]) -> "Scored":
    from dataclasses import replace

    from sedkd.errors import UserError

    if events is None:
        return scored
    wanted = _wanted(events, known)
    left = [candidate for candidate in scored.candidates if candidate.label in wanted]
    if not left:
        raise UserError(f"--events {events}: nothing of it is detected; name others, or add recordings")
    return replace(scored, candidates=left)


def _wanted(events: str, known: Sequence[str]) -> list[str]:
    """The known labels that `--events` names; UserError lists them."""
    from sedkd.data.environment import Environment

    own = Environment("this review", "", tuple(known))
    return list(own.narrowed(own.listed(events)))


def _with_further(known: Sequence[str], also: str | None) -> list[str]:
    """The known labels and those of `--also`, each in the first of its spellings."""
    from sedkd.data.environment import Environment
    from sedkd.spelling import folded

    further = Environment("this review", "", tuple(known)).listed(also or "")
    first: dict[str, str] = {}
    for label in (*known, *filter(None, map(str.strip, further))):
        first.setdefault(folded(label), label)
    return list(first.values())


def _asked_events(review: "Review", events: str | None, found: "Answers") -> list[str]:
    """The events to tell of: those of the review, or those that were named, which must have answers."""
    from sedkd.errors import UserError

    if events is None:
        return sorted(review.found)
    wanted = _wanted(events, sorted(review.found))
    for label in wanted:
        if all(answer.clip.label != label for answer in found.answers):
            raise UserError(f"--events {label}: no answer is about it; answer some of its clips, or leave it out")
    return wanted


def _environment(folder: Path) -> "Environment":
    """The environment that lies in a folder, with its events."""
    from search.setup.setting import built_in
    from sedkd.data.pool import folder_pool
    from sedkd.errors import UserError

    if not (folder / "train.tsv").is_file():
        raise UserError(f"--into {folder}: no environment (train.tsv is missing); name one, such as recordings/farm")
    whole = folder.resolve()
    return folder_pool(whole.parent, built_in(), whole.name).environments[whole.name]
