"""How a student's probabilities on validation are calibrated, kept beside it."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from sedkd.disk.json_file import read_json, write_json
from sedkd.score.calibration import Calibration

FILE = "calibration.json"
_MEND = "remove it; the same search line writes it anew"


def kept_calibration(trial: Path) -> dict[str, Calibration]:
    """Of a trial's folder, by event; nothing where it was not kept, as by studies of earlier versions."""
    path = trial / FILE
    if not path.exists():
        return {}
    return read_json(path, lambda found: {label: Calibration(**each) for label, each in found.items()}, _MEND)


def keep_calibration(trial: Path, found: Mapping[str, Calibration]) -> Path:
    """Write it to a trial's folder; the file."""
    path = trial / FILE
    write_json(path, {label: asdict(each) for label, each in found.items()})
    return path
