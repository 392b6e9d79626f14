"""Where `sedkd detect` writes what it heard: one table, or a file per recording."""

import argparse
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TextIO

from sedkd.errors import UserError
from sedkd.output.formats import OUTPUT_FORMATS, Heard, OutputFormat
from sedkd.output.recorded import recorded_at

PARQUET = "parquet"  # the only one that is no text
ENDINGS = {".tsv": "tsv", ".csv": "csv", ".json": "json", ".parquet": PARQUET}
WITH_TABS = {"tsv", "audacity", "raven"}  # between columns: who asks for one may call it .tsv
FOREIGN = (
    ".xlsx", ".xls", ".ods", ".jsonl", ".ndjson", ".html", ".xml", ".yaml", ".textgrid", ".eaf", ".aup3", ".feather",
    ".arrow", ".sqlite", ".db", ".pdf", ".png", ".gz", ".zip",
)  # fmt: skip
"""How files of other programs end, to which no format of ours is written."""

Write = Callable[[Heard], None]


def format_for(out: Path | None, asked: str | None) -> str:
    """The format of a table: what `--format` asks for, else what `--out` ends with, else tsv.

    Raises:
        UserError: `out` ends like what is not written to it.
    """
    from sedkd.data.decoding import AUDIO_SUFFIXES

    suffix = out.suffix.lower() if out is not None else ""
    form = asked or ENDINGS.get(suffix, "tsv")
    meant = ENDINGS.get(suffix, form)
    if suffix in (*FOREIGN, *AUDIO_SUFFIXES) or (meant != form and {meant, form} - WITH_TABS):
        raise UserError(
            f"--out {out}: ends in {suffix}, but {form} is written; end it in {', '.join(ENDINGS)} or .txt, "
            "or name another --format"
        )
    return form


def writing(args: argparse.Namespace, files: Sequence[str], highest: float) -> AbstractContextManager[Write]:
    """What `--format`, `--out` and `--per-file` say, of these audio files; `highest` is the highest frequency in Hz.

    Raises:
        UserError: the format cannot hold them, or two of them would be written to one file.
    """
    if args.format == PARQUET:
        return _parquet(args, files)
    form = OUTPUT_FORMATS[args.format]
    if args.per_file:
        return _file_per_recording(form, args.out, _targets(args, files, form.suffix), highest)
    if not form.several and len(files) > 1:
        raise UserError(f"--format {args.format}: holds one recording, not {len(files)}: add --per-file and --out DIR")
    return _one_table(args.out, form, any(_is_dated(name) for name in files), highest)


@contextmanager
def _parquet(args: argparse.Namespace, files: Sequence[str]) -> Iterator[Write]:
    from sedkd.output.parquet import SUFFIX, require_parquet, write_parquet

    require_parquet()
    if args.out is None:
        raise UserError("--format parquet: is no text; add --out FILE")
    if args.per_file:
        targets = _targets(args, files, SUFFIX)
        with telling_what_stands(args.out):
            yield lambda heard: write_parquet(targets[heard.name], [heard], heard.start is not None)
        return
    found: list[Heard] = []
    yield found.append
    write_parquet(args.out, found, any(_is_dated(name) for name in files))


@contextmanager
def _one_table(out: Path | None, form: OutputFormat, dated: bool, highest: float) -> Iterator[Write]:
    output = form.make(dated, highest)
    with _table(out) as table:
        # On a terminal the rows wait until the progress bar, which ends before this does, is gone.
        rows = io.StringIO() if table.isatty() else table
        rows.write(output.begin())

        def write(heard: Heard) -> None:
            rows.write(output.text(heard))

        yield write
        rows.write(output.end())
        if isinstance(rows, io.StringIO):
            table.write(rows.getvalue())


@contextmanager
def _file_per_recording(form: OutputFormat, folder: Path, targets: dict[str, Path], highest: float) -> Iterator[Write]:
    def write(heard: Heard) -> None:
        output = form.make(heard.start is not None, highest)
        text = output.begin() + output.text(heard) + output.end()
        with _table(targets[heard.name]) as table:
            table.write(text)

    with telling_what_stands(folder):
        yield write


@contextmanager
def telling_what_stands(folder: Path) -> Iterator[None]:
    """Ctrl-C in here is told as what it leaves: each file of `folder` is whole, and others are missing."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"the files that are in {folder} stand, the same line writes all anew") from None


def _targets(args: argparse.Namespace, files: Sequence[str], suffix: str) -> dict[str, Path]:
    """Audio file -> the file that is written of it: below `--out` as the audio lies below the folder that was named."""
    if args.out is None:
        raise UserError("--per-file: needs --out DIR, the folder to write to")
    if args.out.exists() and not args.out.is_dir():
        raise UserError(f"--out {args.out}: is a file; --per-file needs a folder")
    folders = [Path(name) for name in args.files if Path(name).is_dir()]
    names: dict[Path, str] = {}
    for name in dict.fromkeys(files):
        path = Path(name)
        below = next((path.relative_to(folder) for folder in folders if folder in path.parents), Path(path.name))
        target = args.out / below.with_name(f"{below.stem}{suffix}")
        if target in names:
            raise UserError(f"--per-file: {names[target]} and {name} would both be {target}: detect them one by one")
        names[target] = name
    return {name: target for target, name in names.items()}


def _is_dated(name: str) -> bool:
    return recorded_at(Path(name).name) is not None


@contextmanager
def _table(out: Path | None) -> Iterator[TextIO]:
    """Where the rows go: stdout, or a file that appears when it is whole."""
    from sedkd.disk.paths import written_atomically

    if out is None:
        yield sys.stdout
        return
    if out.is_dir():
        raise UserError(f"{out}: is a folder; name the table to write inside it, or add --per-file")
    try:
        with written_atomically(out) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror}); choose another --out") from error
