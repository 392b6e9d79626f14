"""Splits without any event of those that are searched for are named before anything is trained."""

from pathlib import Path

import pytest
import tiny

from sedkd.data.datasets.survey import survey
from sedkd.data.events import Event, write_annotations
from sedkd.data.pool import Pool, folder_pool
from sedkd.data.positives import require_positives
from sedkd.errors import UserError

CLIPS = ("a.wav", "b.wav")


def farm(root: Path, **labels: tuple[str, ...]) -> Pool:
    """Clips of a second with the labels of their split, each from 0.2 to 0.8 s in the first clip."""
    for split in ("train", "validation", "test"):
        events = [Event(0.2, 0.8, label) for label in labels.get(split, ("low", "high"))]
        tiny.write_split(root / "farm", split, {"a.wav": events, "b.wav": []}, seconds=1.0)
    return folder_pool(root, {}, "farm")


def test_all_is_well_with_one_event_in_each_split(tmp_path: Path) -> None:
    pool = farm(tmp_path, validation=("low",), test=())
    told = "farm: validation holds no high: no threshold can be tuned for that, and the scores leave it out"
    assert require_positives(pool, "farm", ("low", "high")) == [told]
    assert require_positives(pool, "farm", ("low",)) == []
    found = survey([tmp_path], {})
    assert not found.problems
    assert told in found.notices


def test_an_event_that_train_does_not_hold_is_named(tmp_path: Path) -> None:
    told = require_positives(farm(tmp_path, train=("low",)), "farm", ("low", "high"))
    assert told == ["farm: train holds no high: students cannot learn that"]


@pytest.mark.parametrize("events", [("high", "low"), ("high",)])
def test_validation_without_the_events_is_named_with_its_mend(tmp_path: Path, events: tuple[str, ...]) -> None:
    pool = farm(tmp_path, validation=() if len(events) == 2 else ("low",))
    with pytest.raises(UserError) as caught:
        require_positives(pool, "farm", events)
    assert str(caught.value) == (
        f"{tmp_path}: validation of farm holds none of the events ({', '.join(events)}), so that thresholds cannot be "
        "tuned, nor F1 computed; put recordings with such events into validation, or search for other --events"
    )
    problems = survey([tmp_path], {}).problems
    assert problems == ([str(caught.value)] if len(events) == 2 else [])


def test_train_without_the_events_is_named_unless_weak_labels_hold_them(tmp_path: Path) -> None:
    pool = farm(tmp_path, train=("low",))
    # An event of the environment that train no longer holds, as in a dataset whose events a specification names.
    write_annotations(tmp_path / "farm" / "train.tsv", {"a.wav": [], "b.wav": []})
    with pytest.raises(UserError, match=r"train of farm holds none of the events \(low\), so that there is nothing"):
        require_positives(pool, "farm", ("low",))
    tiny.write_split(tmp_path / "farm", "weak", {"w.wav": [Event(0.1, 0.5, "low")]}, seconds=1.0)
    (tmp_path / "farm" / "weak.tsv").write_text("filename\tevent_labels\nw.wav\tlow\n")
    require_positives(pool, "farm", ("low",))
