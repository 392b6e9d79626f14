"""What a student takes for what on validation, kept beside it."""

from dataclasses import asdict
from pathlib import Path

from sedkd.disk.json_file import read_json, write_json
from sedkd.score.confusion import Confusion

FILE = "confusion.json"
_MEND = "remove it; the same search line writes it anew"


def kept_confusion(trial: Path) -> Confusion | None:
    """Of a trial's folder; None where it was not kept, as by studies of earlier versions."""
    path = trial / FILE
    return read_json(path, lambda found: Confusion(**found), _MEND) if path.exists() else None


def keep_confusion(trial: Path, found: Confusion) -> Path:
    """Write it to a trial's folder; the file."""
    path = trial / FILE
    write_json(path, asdict(found))
    return path
