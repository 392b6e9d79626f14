"""Every dataset: recognised by its tree, its official splits, its events counted, its test split behind the seal."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import desed, imoto, maestro, tsv, tut, urbansed

from sedkd.data.datasets.building import dataset_pool
from sedkd.data.datasets.joined import DatasetPool
from sedkd.data.datasets.opening import names_of, pool_of
from sedkd.data.datasets.registry import recognised
from sedkd.data.sealed import SealBroken, opened_test
from sedkd.errors import UserError

Writer = Callable[[Path], Path]


def events_of(recordings) -> Counter:
    return Counter(event.event_label for recording in recordings for event in recording.events)


def behind_the_seal(pool: DatasetPool, name: str, tmp_path: Path):
    with pytest.raises(SealBroken):
        pool.test(name)
    with opened_test({}, tmp_path / "decisions.json"):
        return pool.test(name)


@pytest.mark.parametrize(
    ("writer", "name", "environments"),
    [
        (tut.write_2017, "tut2017", ["street"]),
        (tut.write_2016, "tut2016", ["home"]),
        (imoto.write, "imoto", ["city_center", "office"]),
        (desed.write, "desed", ["domestic"]),
        (maestro.write, "maestro", ["cafe_restaurant"]),
        (urbansed.write, "urbansed", ["urban"]),
        (tsv.write, "tsv", ["site"]),
    ],
)
def test_recognised_by_its_tree(writer: Writer, name: str, environments: list[str], tmp_path: Path) -> None:
    root = writer(tmp_path / "site")
    assert recognised(root).name == name
    assert recognised(root, name).name == name
    assert sorted(names_of([root])) == environments


def test_tut_2017(tmp_path: Path) -> None:
    pool = pool_of([tut.write_2017(tmp_path / "tut")], {}, "street")
    found = [*pool.training("street"), *pool.validation("street")]
    assert len(found) == 4
    assert {r.filename for r in found} == {f"audio/street/a00{i}.wav" for i in range(1, 5)}
    assert events_of(found) == {"car": 4, "people walking": 3}
    test = behind_the_seal(pool, "street", tmp_path)
    assert [r.filename for r in test] == ["audio/street/b005.wav", "audio/street/b006.wav"]
    assert events_of(test) == {"car": 1, "people walking": 2}
    assert pool.environments["street"].events == ("car", "people walking")


def test_a_test_recording_of_tut_whose_annotation_is_lost_is_an_error(tmp_path: Path) -> None:
    """Left out, it would change what is scored in silence."""
    root = tut.write_2017(tmp_path / "tut")
    lost = root / "meta" / "street" / f"{tut.TESTED[0]}.ann"
    lost.unlink()
    with pytest.raises(UserError, match=rf"lists audio/street/{tut.TESTED[0]}\.wav, but there is no {lost}"):
        pool_of([root], {}, "street")


def test_an_event_that_no_training_recording_holds_is_told(tmp_path: Path) -> None:
    root = desed.write(tmp_path / "desed")
    with (root / "metadata" / "validation" / "validation.tsv").open("a") as table:
        table.write("\nYval2_10.000_20.000.wav\t1.0\t1.5\tBlender\n")
    pool = pool_of([root], {}, "domestic")
    assert "Blender" not in pool.environment("domestic").events
    assert (
        "domestic: of Blender no training recording holds an event: no student can learn it, and it is left out of "
        "validation and test as well"
    ) in pool.notices


def test_tut_2016(tmp_path: Path) -> None:
    pool = pool_of([tut.write_2016(tmp_path / "tut")], {}, "home")
    found = [*pool.training("home"), *pool.validation("home")]
    assert events_of(found) == {"dishes": 3, "(object) rustling": 3}
    assert events_of(behind_the_seal(pool, "home", tmp_path)) == {"dishes": 1, "(object) rustling": 1}


def test_imoto(tmp_path: Path) -> None:
    pool = pool_of([imoto.write(tmp_path / "joint")], {}, "office")
    training, validation = pool.training("office"), pool.validation("office")
    assert events_of([*training, *validation]) == {"keyboard typing": 4, "fan": 3}
    sides = [{r.path.stem.partition("_")[0] for r in split} for split in (training, validation)]
    assert not sides[0] & sides[1]  # two clips of a099 never straddle
    assert events_of(behind_the_seal(pool, "office", tmp_path)) == {"keyboard typing": 1, "fan": 1}


def test_desed(tmp_path: Path) -> None:
    pool = pool_of([desed.write(tmp_path / "desed")], {}, "domestic")
    assert events_of(pool.training("domestic")) == {"Speech": 3, "Dog": 2}
    assert [r.tags for r in pool.weak("domestic")] == [("Speech", "Dog"), ("Dog",)]
    assert [r.events for r in pool.unlabeled("domestic")] == [None, None]
    validation = pool.validation("domestic")
    assert events_of(validation) == {"Speech": 1, "Dog": 2}
    assert validation[0].events[-1].offset == 2.0  # cut at the clip's end
    assert validation[2].events == ()  # a row without an event is a negative
    assert events_of(behind_the_seal(pool, "domestic", tmp_path)) == {"Speech": 1, "Dog": 1}


def test_maestro(tmp_path: Path) -> None:
    pool = pool_of([maestro.write(tmp_path / "maestro")], {}, "cafe_restaurant")
    training = pool.training("cafe_restaurant")
    assert events_of(training) == {"cutlery and dishes": 2, "people talking": 2}
    assert [r.filename[-6:-4] for r in pool.validation("cafe_restaurant")] == ["02"]
    soft = {(e.onset, e.event_label): value for e, value in training[1].soft}
    assert soft[1.0, "cutlery and dishes"] == 1.0  # 1.02 is clipped
    assert soft[1.0, "people talking"] == 0.5  # not an event, but a target
    test = behind_the_seal(pool, "cafe_restaurant", tmp_path)
    assert events_of(test) == {"cutlery and dishes": 1, "people talking": 1}  # touching seconds are one event


def test_urban_sed(tmp_path: Path) -> None:
    pool = pool_of([urbansed.write(tmp_path / "urban")], {}, "urban")
    assert events_of(pool.training("urban")) == {"siren": 2, "dog_bark": 3}
    assert events_of(pool.validation("urban")) == {"siren": 1, "dog_bark": 2}
    assert events_of(behind_the_seal(pool, "urban", tmp_path)) == {"siren": 1, "dog_bark": 2}


def test_tables(tmp_path: Path) -> None:
    pool = pool_of([tsv.write(tmp_path / "site")], {}, "site")
    found = [*pool.training("site"), *pool.validation("site")]
    assert events_of(found) == {"crane": 2, "drill": 3}
    assert sum(r.events == () for r in found) == 1
    assert events_of(behind_the_seal(pool, "site", tmp_path)) == {"crane": 1, "drill": 2}


def test_a_listing_reads_no_annotation_of_test(tmp_path: Path) -> None:
    root = tut.write_2017(tmp_path / "tut")
    (root / "meta" / "street" / "b005.ann").write_text("this\tis\tno annotation\n")
    dataset_pool([recognised(root).open(root)], {}, "street").training("street")
