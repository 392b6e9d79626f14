"""What is kept beside a trial of a student that a front is known by: JSON files in its folder, on validation."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from sedkd.disk.json_file import read_json, write_json
from sedkd.score.calibration import Calibration
from sedkd.score.confusion import Confusion
from sedkd.score.curves import Curve

Content = TypeVar("Content")
MEND = "remove it; the same search line writes it anew"


@dataclass(frozen=True)
class TrialFile(Generic[Content]):
    """A file of a trial's folder, and its content as an object of JSON and back."""

    name: str
    to_json: Callable[[Content], Mapping[str, Any]]
    from_json: Callable[[dict[str, Any]], Content]

    def read(self, trial: Path) -> Content | None:
        """Of a trial's folder; None where it was not kept, as by studies of earlier versions. UserError where it is
        damaged."""
        path = trial / self.name
        return read_json(path, self.from_json, MEND) if path.exists() else None

    def write(self, trial: Path, content: Content) -> Path:
        """Keep it in a trial's folder; the file."""
        path = trial / self.name
        write_json(path, self.to_json(content))
        return path


def _by_event(kind: Callable[..., Any], name: str) -> TrialFile[Mapping[str, Any]]:
    """A file of dataclasses of one kind, one for each event."""
    return TrialFile(
        name,
        lambda found: {label: asdict(each) for label, each in found.items()},
        lambda found: {label: kind(**each) for label, each in found.items()},
    )


CURVES: TrialFile[Mapping[str, Curve]] = _by_event(Curve, "curves.json")
CALIBRATION: TrialFile[Mapping[str, Calibration]] = _by_event(Calibration, "calibration.json")
CONFUSION = TrialFile("confusion.json", asdict, lambda found: Confusion(**found))
