"""The clips of a study by their paths, kept beside it, so that an export can calibrate and score eight bits by them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sedkd.disk.json_file import read_json, write_json

if TYPE_CHECKING:
    from sedkd.data.recordings import Recording
    from sedkd.export.int8 import SiteClips
    from sedkd.features.settings import FeatureSettings
    from sedkd.score.postprocess import PostProcessing
    from sedkd.task.task import Task

CLIPS_FILE = "clips.json"
_MEND = "remove it, and run the study's search line again"


def keep_clips(task: "Task", folder: Path) -> None:
    """Write where the task's clips lie now, and what is heard in those of validation, to a study's folder."""
    from sedkd.export.int8_student import calibrating

    splits = {"training": calibrating(task.training.recordings), "validation": task.validation.recordings}
    if task.negatives is not None:
        splits["negatives"] = task.negatives.recordings
    found = {name: [_row(recording) for recording in recordings] for name, recordings in splits.items()}
    write_json(folder / CLIPS_FILE, found)


def site_clips(
    folder: Path, labels: tuple[str, ...], features: "FeatureSettings", post: "PostProcessing"
) -> "SiteClips | str":
    """The clips of a study for a student that hears `labels` by `features` and decides by `post`, or why there
    are none.

    Raises:
        UserError: the study's file of them is damaged.
    """
    from sedkd.export.int8 import SiteClips
    from sedkd.features.pack import features_of
    from sedkd.models.settings import FRAME_MILLISECONDS
    from sedkd.score.summary import score
    from sedkd.train.split import answers_of

    found = kept_clips(folder)
    if isinstance(found, str):
        return found
    training, validation = found["training"], found["validation"]

    def scores(found: list[Any]) -> Mapping[str, float | None]:
        values = score(answers_of(found, validation, labels, FRAME_MILLISECONDS / 1000), post, with_psds=False).values
        return {name: values[name] for name in ("f1_segment", "f1_event")}

    packs = [features_of(recordings, features) for recordings in (training, validation)]
    calibrating, scored = ([pack.of(number) for number in range(len(pack))] for pack in packs)
    return SiteClips(calibrating, scored, scores)


def kept_clips(folder: Path) -> "dict[str, list[Recording]] | str":
    """The clips of a study by split (training, validation, negatives), or why there are none.

    Raises:
        UserError: the study's file of them is damaged.
    """
    path = folder / CLIPS_FILE
    if not path.exists():
        return "no list of the study's clips is here; its search line, run again on this machine, writes it"
    found = read_json(path, _recordings, _MEND)
    lost = [str(clip.path) for clips in found.values() for clip in clips if not clip.path.exists()]
    if lost:
        return f"{lost[0]} is gone, and {len(lost) - 1} more clips of the study" if lost[1:] else f"{lost[0]} is gone"
    return found


def _row(recording: "Recording") -> dict[str, Any]:
    events = [[event.onset, event.offset, event.event_label] for event in recording.events or ()]
    parts = {"path": str(recording.path), "filename": recording.filename, "environment": recording.environment}
    return {**parts, "duration": recording.duration, "events": events, "listened": recording.listened}


def _recordings(found: Mapping[str, Any]) -> "dict[str, list[Recording]]":
    splits = {"training": found["training"], "validation": found["validation"], "negatives": found.get("negatives", ())}
    return {split: [_recording(row) for row in rows] for split, rows in splits.items()}


def _recording(row: Mapping[str, Any]) -> "Recording":
    from sedkd.data.events import Event
    from sedkd.data.recordings import Recording

    events = tuple(Event(float(onset), float(offset), str(label)) for onset, offset, label in row["events"])
    listened = None if row["listened"] is None else tuple(row["listened"])
    return Recording(
        Path(row["path"]), row["filename"], row["environment"], float(row["duration"]), events, listened=listened
    )
