"""How a command speaks and ends: 0 done, 2 a user's mistake in one line and without a traceback, 130 after Ctrl-C
or SIGTERM."""

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO

from search.run.mistakes import line_of
from search.run.warned import show_own_warnings
from search.tracking.quiet import quiet_mlflow
from sedkd.errors import UserError

ANEW = "no file is left half written, the same line begins anew"
GOES_ON = "what was finished is kept, the same line continues"
"""What Ctrl-C leaves: of most commands, and of those that train."""


def guarded(run: Callable[[], int], interrupted: str) -> int:
    """Run a command and turn what a user can mend into one line on stderr; `interrupted` is what Ctrl-C leaves of it,
    where the command does not say so itself."""
    # How long torch's waiting threads spin before they sleep, read when torch is loaded. Spinning without end falls off
    # a cliff beside a busy process (seconds a step), sleeping at once costs 1.7 times the time on a quiet machine
    # (`python benchmarks/steps.py`); this lies between. OMP_WAIT_POLICY overrides it.
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")
    quiet_mlflow()
    # The processes that are started from here do not take the current folder's random.py or queue.py for Python's.
    os.environ["PYTHONSAFEPATH"] = "1"
    for stream in (sys.stdout, sys.stderr):
        speak_any_letter(stream)
    show_own_warnings(lambda line: print(f"warning: {line}", file=sys.stderr))
    with suppress(FileNotFoundError):  # the current folder was removed
        sys.path.append(os.getcwd())  # where a strategy or a teacher `module:callable` of one's own is found
    with _terminable():
        return ended(run, interrupted) or 0


@contextmanager
def _terminable() -> Iterator[None]:
    """In here SIGTERM is what Ctrl-C is: what was begun is tidied away. Only a main thread may say so."""
    in_charge = threading.current_thread() is threading.main_thread()
    if not in_charge or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def ended(run: Callable[[], int | None], interrupted: str = ANEW) -> int | None:
    """What it returns, or the exit code of how it ended, which is told on stderr."""
    try:
        code = run()
        if sys.stdout:  # there is none where it was closed
            sys.stdout.flush()
        return code
    except KeyboardInterrupt as end:
        print(f"interrupted; {end.args[0] if end.args else interrupted}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, `head` say, has had enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  Python flushes it once more on its way out
        return 0
    except Exception as error:
        line = line_of(error)
        if line is None:
            raise
        print(f"error: {line}", file=sys.stderr)
        return 2


class Parser(argparse.ArgumentParser):
    """One whose mistakes are one line, without the usage, which --help tells; so are those of its commands. An option
    that is given twice, of which the last counts, is told. `source`: the file that the words are from, if from one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.source: Path | None = None
        for name in (None, "store"):
            self.register("action", name, _ToldTwice)

    def error(self, message: str) -> NoReturn:
        where = f"{self.source}: " if self.source else ""
        self.exit(2, f"error: {where}{message} (`{self.prog} --help` tells more)\n")


class _ToldTwice(argparse.Action):
    """Keeps a value, as argparse does."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        before = getattr(namespace, self.dest, self.default)
        if before is not self.default and before != values and option_string is not None:
            told = f"{option_string} is given twice: {values} counts, {before} does not"
            print(f"warning: {told}; several are joined by commas, where it takes several", file=sys.stderr)
        setattr(namespace, self.dest, values)


def speak_any_letter(stream: TextIO) -> None:
    """Let a stream take every letter, whatever the locale: a file or a pipe in UTF-8, as tables are read again, and a
    terminal with an escape in place of what it cannot show."""
    if not isinstance(stream, io.TextIOWrapper):
        return  # of a notebook
    own = stream.isatty() or "PYTHONIOENCODING" in os.environ
    stream.reconfigure(encoding=stream.encoding if own else "utf-8", errors="backslashreplace")


def typed_name(text: str) -> str:
    """An argparse type: a file or folder by its name, which stays as it was typed, but for a `~` that the shell left,
    as it does behind `=`. An empty one, such as of a variable that is not set, would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("is empty, as of a variable that is not set; name a file or folder")
    return os.path.expanduser(text)


def typed_path(text: str) -> Path:
    """An argparse type: as `typed_name`, as a path."""
    return Path(typed_name(text))


def between(kind: type, low: float, high: float) -> Callable[[str], Any]:
    """An argparse type: a number from `low` to `high`."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise ValueError
        return value

    parse.__name__ = f"{kind.__name__} from {low:.10g} to {high:.10g}"
    return parse


def require_ending(out: Path | None, ending: str) -> None:
    """UserError where a file named by `--out` would be called like one of another kind."""
    if out is not None and out.suffix != ending:
        raise UserError(f"--out {out}: the name must end in {ending}")


SEED = between(int, 0, 2**32 - 1)


def positive(kind: type) -> Callable[[str], Any]:
    """An argparse type: a number above 0."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not value > 0:
            raise ValueError
        return value

    parse.__name__ = f"{kind.__name__} above 0"
    return parse
