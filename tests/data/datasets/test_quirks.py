"""What the documented datasets do to a reader, and what people do to the datasets."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import desed, imoto, maestro, tut
from datasets.sound import Row, write_text

from sedkd.data.datasets.maestro import soft_rows
from sedkd.data.datasets.opening import pool_of
from sedkd.data.datasets.rows import plain_rows, usable
from sedkd.data.environment import Environment
from sedkd.data.events import Event
from sedkd.errors import UserError
from sedkd.spelling import folded

ROWS: list[Row] = [(0.5, 1.25, "car"), (1.0, 2.0, "people walking")]


@pytest.mark.parametrize("style", [tut.three, tut.five, tut.six, tut.seven])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("comma", [False, True])
def test_annotation_files_of_all_widths(tmp_path: Path, style: Callable, end: str, comma: bool) -> None:
    tut.write_annotation(tmp_path, "street", "a001", ROWS, style, end, comma)
    found = plain_rows(tmp_path / "meta/street/a001.ann").events
    assert found == ((1, Event(0.5, 1.25, "car")), (2, Event(1.0, 2.0, "people walking")))


def test_annotation_files_without_events(tmp_path: Path) -> None:
    for text in ("", "\n\n", "audio/street/a001.wav\tstreet\n", "audio/street/a001.wav\tstreet\t\t\t\n"):
        (tmp_path / "a.ann").write_text(text)
        assert plain_rows(tmp_path / "a.ann").events == ()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0.5\t1.0", "line 2: 2 columns"),
        ("0.5 1.0 car", "line 2: 1 columns"),
        ("a\tb\tc\td", "line 2: 4 columns"),
        ("1.0\t0.5\tcar", "line 2: offset 0.5 lies before onset 1.0"),
        ("-1\t0.5\tcar", "line 2: onset -1 is negative"),
        ("soon\t0.5\tcar", "line 2: onset 'soon' is not a number"),
        ("0.1\t0.5\t", "line 2: the label is empty"),
    ],
)
def test_rows_that_cannot_be_used(tmp_path: Path, row: str, message: str) -> None:
    (tmp_path / "a.ann").write_text(f"0.1\t0.2\tcar\n{row}\n")
    with pytest.raises(UserError, match=message):
        plain_rows(tmp_path / "a.ann")


def test_what_a_recording_cannot_hold() -> None:
    lines = [
        (1, Event(0.5, 0.5, "car")),
        (2, Event(0.1, 0.4, "car")),
        (3, Event(0.1, 0.4, "car")),
        (4, Event(1.5, 9.0, "car")),
        (5, Event(2.0, 3.0, "car")),
        (6, Event(3.0, 4.0, "bus")),
    ]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = usable(lines, Path("a.ann"), "a.wav", 2.0)
    assert found == [Event(0.1, 0.4, "car"), Event(1.5, 2.0, "car")]
    assert [str(w.message) for w in caught] == [
        "a.ann, line 4: 'car' ends at 9 s, after the end of a.wav (2.00 s), and is cut there",
        "a.ann, line 1: 'car' has no length, dropped",
        "a.ann, line 3: 'car' repeats an earlier line, dropped",
        "a.ann, line 5: 'car' begins after the end of a.wav (2.00 s), dropped, with 1 more",
    ]


def test_spellings() -> None:
    e = Environment("e", "e", ("(object) impact", "wind blowing", "tür"), aliases={"storm": "wind blowing"})
    assert folded("  (Object)__Impact ") == "object impact"
    for label in ("object impact", "(object) impact", "Object_impact", "object\u00a0impact", "OBJECT  IMPACT"):
        assert e.spelt(label) == "(object) impact"
    assert e.spelt("STORM") == "wind blowing"
    assert e.spelt("rain") is None
    assert [e.spelt(label) for label in ("tu\u0308r", "T\u00dcR", "TU\u0308R_")] == ["tür"] * 3


def test_mixed_spellings_are_one_class(tmp_path: Path) -> None:
    root = tut.write_2016(tmp_path / "tut")
    tut.write_annotation(root, "home", "h001", [(0.2, 0.9, "Dishes"), (1.0, 1.6, "object_rustling")], tut.three)
    pool = pool_of([root], {}, "home")
    assert pool.environments["home"].events == ("(object) rustling", "dishes")


def test_the_evaluation_set_is_test_and_its_commas_are_points(tmp_path: Path) -> None:
    rows: dict[str, list[Row]] = {"e001": [(0.25, 1.5, "dishes")], "e002": [(0.5, 1.0, "(object) rustling")]}
    roots = [tut.write_2016(tmp_path / "dev"), tut.write_evaluation(tmp_path / "eval", "home", rows, comma=True)]
    pool = pool_of(roots, {}, "home")
    assert sorted(p.clip.path.stem for p in pool.places["home", "test"]) == ["e001", "e002", "h004"]  # type: ignore[attr-defined]


def test_a_zero_length_event_of_the_joint_metadata(tmp_path: Path) -> None:
    root = imoto.write(tmp_path / "joint")
    with (root / "meta/meta_development.txt").open("a") as table:
        table.write("audio/office/a100_0_30.wav\toffice\t1.5\t1.5\tfan\n")
    pool = pool_of([root], {}, "office")
    with pytest.warns(UserWarning, match=r"meta_development.txt, line \d+: 'fan' has no length, dropped"):
        found = [*pool.training("office"), *pool.validation("office")]
    assert sum(len(r.events or ()) for r in found) == 7


def test_folds_where_the_joint_metadata_ship_no_evaluation_set(tmp_path: Path) -> None:
    root = imoto.write(tmp_path / "joint")
    (root / "meta/meta_evaluation.txt").unlink()
    lines = (root / "meta/meta_development.txt").read_text().splitlines()
    kept = [line for line in lines if "c002" not in line]
    write_text(root / "crossvaridation/meta_fold01_development.txt", kept)
    write_text(root / "crossvaridation/meta_fold01_evaluation.txt", [lines[0], *(x for x in lines if "c002" in x)])
    pool = pool_of([root], {}, "office")
    assert [p.clip.path.stem for p in pool.places["city_center", "test"]] == ["c002"]  # type: ignore[attr-defined]


def test_desed_without_some_of_its_audio(tmp_path: Path) -> None:
    root = desed.write(tmp_path / "desed")
    (root / "audio/train/weak/Yweak1_0.000_10.000.wav").unlink()
    (root / "audio/validation/validation/Yval3_10.000_20.000.wav").unlink()
    pool = pool_of([root], {}, "domestic")
    weak, strong = [line for line in pool.notices if "missing" in line]
    rest = "1 listed recordings are missing, such as"
    assert weak == f"{root}/metadata/train/weak.tsv: {rest} Yweak1_0.000_10.000.wav (line 2); the rest is used"
    assert (
        strong
        == f"{root}/metadata/validation/validation.tsv: {rest} Yval3_10.000_20.000.wav (line 5); the rest is used"
    )
    assert len(pool.weak("domestic")) == 1
    assert len(pool.validation("domestic")) == 2


def test_soft_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("0.0\t1.0\tcar\t0.226\r\n1.0\t2.0\tcar\t1.04\r\n2.0\t3.0\tcar\t0,5\r\n3.0\t4.0\tcar\t-0.1\r\n")
    found = soft_rows(path)
    assert found.events == ((2, Event(1.0, 2.0, "car")),)
    assert found.soft == ((Event(0, 1, "car"), 0.226), (Event(1, 2, "car"), 1.0), (Event(2, 3, "car"), 0.5))
    path.write_text("0.0\t1.0\tcar\n")
    with pytest.raises(UserError, match="line 1: 3 columns"):
        soft_rows(path)


def test_maestro_without_its_folds_validates_on_recordings_of_its_own(tmp_path: Path) -> None:
    root = maestro.write(tmp_path / "maestro")
    for path in (root / "development_folds").iterdir():
        path.unlink()
    pool = pool_of([root], {}, "cafe_restaurant")
    assert len(pool.training("cafe_restaurant")) + len(pool.validation("cafe_restaurant")) == 4
    assert pool.has_validation("cafe_restaurant")
    assert not pool.has_test("cafe_restaurant")
