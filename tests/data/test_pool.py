"""Pools: which environments of a folder take part, with which labels, and what no search can reach."""

import dataclasses
import shutil
import warnings
from pathlib import Path

import pytest
from tiny import write_folder, write_split

from sedkd.data.datasets.opening import pool_of
from sedkd.data.datasets.survey import survey
from sedkd.data.environment import Environment
from sedkd.data.events import Event
from sedkd.data.pool import folder_pool
from sedkd.data.sealed import opened_test
from sedkd.errors import UserError

PARK = Environment(
    "park", "a park", ("siren", "bass", "treble"), {"all": ("siren", "bass"), "none": ("siren",)},
    {"low": "bass", "high": "treble"},
)  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("pool"), {"park": ("low", "high"), "hall": ("mid", "low")}, clips=2)


def test_an_environment_that_only_the_folder_knows(root: Path) -> None:
    pool = folder_pool(root, {}, "hall")
    assert pool.environments["hall"] == Environment("hall", "hall", ("low", "mid"))
    assert list(pool.environments) == ["hall", "park"]
    assert pool.labels == ("low", "mid", "high")
    assert not pool.synthetic


def test_a_known_environment_keeps_what_is_labelled(root: Path) -> None:
    park = folder_pool(root, {"park": PARK}, "park").environments["park"]
    assert park.events == ("bass", "treble")
    assert park.subsets == {"all": ("bass",)}  # a subset of which nothing is left is gone
    assert park.scene == "a park"


def test_labels_come_through_aliases(root: Path) -> None:
    pool = folder_pool(root, {"park": PARK}, "park")
    labels = {event.event_label for r in pool.training("park") for event in r.events}
    assert labels == {"bass", "treble"}
    assert pool.annotated == {"park": ("bass", "treble"), "hall": ("low", "mid")}
    assert pool.labels == ("low", "mid", "bass", "treble")


def test_one_label_in_several_spellings_is_one_event(tmp_path: Path) -> None:
    """The spelling that most events of the environment have; other environments' are read alike."""
    root = write_folder(tmp_path, {"park": ("low", "high"), "hall": ("low", "mid")}, clips=3)
    for name, split, new in (
        ("park", "train", "Low"),
        ("park", "validation", "LOW_"),
        ("park", "test", "lo\u200bw"),
        ("hall", "train", "LOW"),
    ):
        table = root / name / f"{split}.tsv"
        table.write_text(table.read_text().replace("\tlow", f"\t{new}"))
    with (root / "park" / "train.tsv").open("a") as table:
        table.write("train0.wav\t0.0\t0.1\tlow\n")
    pool = folder_pool(root, {}, "park")
    assert pool.environments["park"].events == ("Low", "high")
    assert pool.environments["hall"].events == ("Low", "mid")
    assert pool.labels == ("Low", "mid", "high")
    for recordings in (pool.training("park"), pool.validation("park"), pool.training("hall")):
        assert any(e.event_label == "Low" for r in recordings for e in r.events or ())
        assert {e.event_label for r in recordings for e in r.events or ()} <= {"Low", "high", "mid"}


def test_splits(root: Path, tmp_path: Path) -> None:
    pool = folder_pool(root, {}, "park")
    assert [r.filename for r in pool.training("park")] == ["train0.wav", "train1.wav"]
    assert [r.filename for r in pool.validation("park")] == ["validation0.wav", "validation1.wav"]
    with opened_test({}, tmp_path / "decisions.json"):
        assert [r.filename for r in pool.test("park")] == ["test0.wav", "test1.wav"]
    assert [r.events for r in pool.unlabeled("park")] == [None, None]
    assert pool.has_test("park")
    assert pool.has_validation("park")


def test_what_is_prepared_before_it_is_read(root: Path) -> None:
    asked: list[tuple[str, str]] = []
    pool = dataclasses.replace(folder_pool(root, {}, "park"), prepare=lambda *what: asked.append(what))
    pool.training("park")
    pool.validation("hall")
    pool.unlabeled("park")
    assert asked == [("park", "train"), ("hall", "validation"), ("park", "unlabeled")]


def test_a_folder_without_unlabeled_and_test(tmp_path: Path) -> None:
    write_split(tmp_path / "yard", "train", {"a.wav": [Event(0.0, 0.5, "low")]}, 1.0)
    pool = folder_pool(tmp_path, {}, "yard")
    assert pool.unlabeled("yard") == []
    assert not pool.has_test("yard")
    assert not pool.has_validation("yard")
    with pytest.raises(UserError, match=r"validation\.tsv: no such file"):
        pool.validation("yard")


def test_an_environment_without_train_takes_part_only_when_wanted(tmp_path: Path) -> None:
    write_folder(tmp_path, {"park": ("low",), "bare": ("low",)}, clips=1)
    (tmp_path / "bare" / "train.tsv").unlink()
    assert list(folder_pool(tmp_path, {}, "park").environments) == ["park"]
    with pytest.raises(UserError, match=r"bare/train\.tsv: no such file"):
        folder_pool(tmp_path, {}, "bare")


def test_labels_that_a_known_environment_does_not_name_are_events_too(root: Path) -> None:
    known = Environment("park", "a park", ("siren", "bass"), {}, {"low": "bass"})
    assert folder_pool(root, {"park": known}, "park").environments["park"].events == ("bass", "high")
    stranger = Environment("park", "a park", ("siren",), {"all": ("siren",)})
    park = folder_pool(root, {"park": stranger}, "park").environments["park"]
    assert (park.events, park.subsets, park.scene) == (("high", "low"), {}, "a park")


def test_a_specification_of_ones_own_decides(root: Path) -> None:
    own = Environment("park", "mine", ("siren", "bass"), {"all": ("siren", "bass")}, {"low": "bass"})
    pool = folder_pool(root, {"park": PARK}, "park", own)
    assert pool.environments["park"] == Environment(
        "park", "mine", ("bass",), {"all": ("bass",)}, {"low": "bass"}, ("high",)
    )
    (notice,) = pool.notices
    assert notice.endswith("2 events are of no label in the space file and count as none of its events: high")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a person chose to leave it out: no slip of the pen
        assert all(r.unknown == () for r in pool.training("park"))
    assert pool.environments["hall"].events == ("low", "mid")


def test_a_specification_of_ones_own_with_none_of_the_labels(root: Path) -> None:
    own = Environment("park", "park", ("siren",))
    with pytest.raises(
        UserError, match=r"park/train\.tsv: none of its labels \(high, low\).*\(siren\); mend"
    ) as caught:
        folder_pool(root, {"park": PARK}, "park", own)
    assert "\n" not in str(caught.value)


def test_one_that_is_not_there(root: Path) -> None:
    with pytest.raises(UserError, match="no environment 'street'; there are: hall, park"):
        folder_pool(root, {}, "street")


def test_tables_without_anything_in_them(tmp_path: Path) -> None:
    write_split(tmp_path / "yard", "train", {"a.wav": []}, 1.0)
    with pytest.raises(UserError, match=r"yard/train\.tsv: holds no event"):
        folder_pool(tmp_path, {}, "yard")
    write_split(tmp_path / "yard", "train", {"a.wav": [Event(0.0, 0.5, "low")]}, 1.0)
    write_split(tmp_path / "yard", "validation", {}, 1.0)
    with pytest.raises(UserError, match=r"yard/validation\.tsv: lists no recording"):
        folder_pool(tmp_path, {}, "yard").validation("yard")


def test_folders_that_are_passed_over_are_told(tmp_path: Path) -> None:
    root = write_folder(tmp_path, {"park": ("low", "high"), "hall": ("mid",)}, clips=2)
    assert not pool_of([root], {}, "park").notices
    shutil.copytree(root / "park" / "train", root / "park" / "unlabelled")
    shutil.copytree(root / "park" / "train", root / "park" / "weak")
    shutil.copytree(root / "hall", root / "cellar")
    (root / "park" / "empty").mkdir()
    for table in (root / "cellar").glob("*.tsv"):
        table.unlink()
    shutil.rmtree(root / "cellar" / "unlabeled", ignore_errors=True)
    told = pool_of([root], {}, "park").notices
    assert [line.partition(":")[0] for line in told if "passed over" in line] == [
        str(root / part) for part in ("cellar", "park/unlabelled", "park/weak")
    ]
    assert any("there is no weak.tsv beside it" in line for line in told)
    assert [line for line in told if "passed over" in line] == [
        line for line in survey([root], {}).notices if "passed over" in line
    ]
