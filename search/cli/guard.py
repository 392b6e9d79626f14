"""How a command ends: 0 done, 2 a mistake in one line, 130 after Ctrl-C. No traceback for a user's mistake."""

import os
import sys
from collections.abc import Callable
from typing import Any

from search.run.mistakes import line_of
from search.run.warned import show_own_warnings


def guarded(run: Callable[[], int]) -> int:
    """Run a command and turn what a user can mend into one line on stderr."""
    # How long torch's waiting threads spin before they sleep, read when torch is loaded. Spinning without end falls off
    # a cliff beside a busy process (seconds a step), sleeping at once costs 1.7 times the time on a quiet machine
    # (`python benchmarks/steps.py`); this lies between. OMP_WAIT_POLICY overrides it.
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # The processes that are started from here do not take the current folder's random.py or queue.py for Python's.
    os.environ["PYTHONSAFEPATH"] = "1"
    show_own_warnings(lambda line: print(f"warning: {line}", file=sys.stderr))
    sys.path.append(os.getcwd())  # where a strategy or a teacher `module:callable` of one's own is found
    try:
        return run()
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept, the same line continues", file=sys.stderr)
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


def between(kind: type, low: float, high: float) -> Callable[[str], Any]:
    """An argparse type: a number from `low` to `high`."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise ValueError
        return value

    parse.__name__ = f"{kind.__name__} from {low:.10g} to {high:.10g}"
    return parse


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
