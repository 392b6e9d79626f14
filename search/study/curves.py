"""The curves of a student's events on validation, kept beside it."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from sedkd.disk.json_file import read_json, write_json
from sedkd.score.curves import Curve

FILE = "curves.json"
_MEND = "remove it; the same search line writes it anew"


def kept_curves(trial: Path) -> dict[str, Curve]:
    """Of a trial's folder, by event; nothing where they were not kept."""
    path = trial / FILE
    return read_json(path, lambda found: {k: Curve(**v) for k, v in found.items()}, _MEND) if path.exists() else {}


def keep_curves(trial: Path, curves: Mapping[str, Curve]) -> Path:
    """Write them to a trial's folder; the file."""
    path = trial / FILE
    write_json(path, {label: asdict(curve) for label, curve in curves.items()})
    return path
