"""The seal on the test split: what is refused on either side of it, and what is on disk before it opens."""

import json
from pathlib import Path

import numpy as np
import pytest
from bands import QUICK, corpus, same, student, weights
from tiny import write_folder

from sedkd.data.events import Event
from sedkd.data.pool import Pool, folder_pool
from sedkd.data.recordings import read_labeled
from sedkd.data.sealed import SealBroken, look_over, opened_test, require_opened, require_sealed
from sedkd.score.postprocess import Answers, tune
from sedkd.train.fit import fit
from sedkd.train.labels import Labels

ANSWERS = Answers([np.full((20, 1), 0.7, np.float32)], ["a"], [1.6], [[Event(0.0, 1.0, "x")]], ("x",), 0.08)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return folder_pool(write_folder(tmp_path_factory.mktemp("sealed"), {"park": ("low",)}, clips=1), {}, "park")


def is_sealed(pool: Pool) -> bool:
    """From what reading does, not from what the seal says of itself."""
    try:
        read_labeled(pool.root, pool.environments["park"], "test")
    except SealBroken:
        require_sealed("looking")
        return True
    require_opened("looking")
    return False


def test_test_is_read_inside_only(pool: Pool, tmp_path: Path) -> None:
    park = pool.environments["park"]
    with pytest.raises(SealBroken, match=r"park/test\.tsv: the test split is sealed"):
        read_labeled(pool.root, park, "test")
    with pytest.raises(SealBroken, match=r"park/test\.tsv: the test split is sealed"):
        pool.test("park")
    with opened_test({}, tmp_path / "decisions.json"):
        assert [r.filename for r in pool.test("park")] == ["test0.wav"]
        assert [r.filename for r in read_labeled(pool.root, park, "test")] == ["test0.wav"]
        assert [r.filename for r in pool.training("park")] == ["train0.wav"]
    assert is_sealed(pool)


def test_the_other_splits_need_no_opening(pool: Pool) -> None:
    assert [r.filename for r in pool.training("park")] == ["train0.wav"]
    assert [r.filename for r in pool.validation("park")] == ["validation0.wav"]


def test_nothing_is_trained_while_it_is_open(tmp_path: Path) -> None:
    model = student()
    before = weights(model)
    with (
        opened_test({}, tmp_path / "decisions.json"),
        pytest.raises(SealBroken, match="training while the test split is open: decide on validation"),
    ):
        fit(model, corpus(), [Labels()], QUICK)
    assert same(before, weights(model))
    fit(model, corpus(), [Labels()], QUICK)  # sealed again, it trains
    assert not same(before, weights(model))


def test_nothing_is_tuned_while_it_is_open(tmp_path: Path) -> None:
    expected = tune(ANSWERS, "f1_segment")
    with (
        opened_test({}, tmp_path / "decisions.json"),
        pytest.raises(SealBroken, match="tuning thresholds while the test split is open"),
    ):
        tune(ANSWERS, "f1_segment")
    assert tune(ANSWERS, "f1_segment") == expected


def test_it_does_not_open_twice(pool: Pool, tmp_path: Path) -> None:
    """Nor are the decisions that it was opened for written over."""
    record = tmp_path / "decisions.json"
    with opened_test({"student": "first"}, record):
        with pytest.raises(SealBroken, match="opening the test split again"), opened_test({"student": "other"}, record):
            pass
        assert not is_sealed(pool)
    assert json.loads(record.read_text()) == {"student": "first"}
    assert is_sealed(pool)
    with opened_test({"student": "next"}, record):  # one after the other is no second opening
        assert not is_sealed(pool)


def test_decisions_are_on_disk_before_anything_can_be_read(tmp_path: Path) -> None:
    decisions = {"arms": {"scratch": {"rate": 0.002, "post": [{"thresholds": (0.5, 0.25)}]}}}
    record = tmp_path / "new" / "folder" / "decisions.json"
    with opened_test(decisions, record):
        assert json.loads(record.read_text()) == {
            "arms": {"scratch": {"rate": 0.002, "post": [{"thresholds": [0.5, 0.25]}]}}
        }
        assert [p.name for p in record.parent.iterdir()] == ["decisions.json"]
    assert record.exists()


def test_what_cannot_be_written_opens_nothing(pool: Pool, tmp_path: Path) -> None:
    entered = []
    with pytest.raises(TypeError), opened_test({"model": object()}, tmp_path / "decisions.json"):
        entered.append("undecided")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"), opened_test({}, tmp_path / "file" / "decisions.json"):
        entered.append("unwritten")
    assert entered == []
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert is_sealed(pool)


def test_a_look_over_it_tells_mistakes_and_nothing_else(pool: Pool) -> None:
    seen: list[int] = []
    look_over(lambda: seen.append(len(pool.test("park"))))
    assert seen == [1]
    assert is_sealed(pool)

    def mistaken() -> None:
        raise ValueError("line 3")

    with pytest.raises(ValueError, match="line 3"):
        look_over(mistaken)
    assert is_sealed(pool)
    with pytest.raises(SealBroken, match="training while the test split is open"):
        look_over(lambda: fit(student(), corpus(), [Labels()], QUICK))
    assert is_sealed(pool)


def test_sealed_again_after_an_error_inside(pool: Pool, tmp_path: Path) -> None:
    def interrupted() -> None:
        with opened_test({}, tmp_path / "decisions.json"):
            assert not is_sealed(pool)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert is_sealed(pool)
