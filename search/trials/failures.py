"""What is told of an exception: one line, and for a bug the file that its traceback was written to."""

import traceback
from pathlib import Path

from sedkd.disk.paths import written_atomically
from sedkd.errors import UserError
from sedkd.train.fit import TrainingDiverged

FILE = "traceback.txt"
TAKEN = "another process took it over: this one had not renewed its lease in time"
MAX_REASON_LENGTH = 500  # letters of a reason


def reason_of(error: BaseException, folder: Path) -> str:
    """Why something failed, in one line. Of a bug, be it sedkd's or a strategy's of one's own, the line also says where
    it came up, and which file of `folder` holds the traceback."""
    from optuna.exceptions import UpdateFinishedTrialError

    if isinstance(error, UpdateFinishedTrialError):  # it was marked as lost while it ran
        return TAKEN
    words = _shortened(str(error))
    if isinstance(error, UserError | TrainingDiverged):
        return words or type(error).__name__
    if is_out_of_memory(error):
        return "out of memory"
    return f"{summary(error)}; traceback: {write_traceback(traceback_of(error), folder)}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether there was no memory, of the machine or of the GPU."""
    text = str(error).lower()
    told = "out of memory" in text or "can't allocate memory" in text
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and told)


def summary(error: BaseException) -> str:
    """Type, message and place of an exception, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    words = _shortened(str(error))
    return f"{type(error).__name__}{': ' if words else ''}{words}{place}"


def traceback_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def write_traceback(text: str, folder: Path) -> Path:
    """Write it to `folder`; where it lies."""
    path = folder / FILE
    with written_atomically(path) as temporary:
        temporary.write_text(text)
    return path


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_REASON_LENGTH else f"{line[:MAX_REASON_LENGTH]} ..."
