"""Several folders in one pool: what each knows, how labels come together, and what a survey says."""

import shutil
from pathlib import Path

import pytest
from datasets import desed, imoto, maestro, tut, urbansed
from datasets.sound import write_sound, write_text

from sedkd.data.datasets.opening import names_of, pool_of
from sedkd.data.datasets.survey import polyphony, survey
from sedkd.data.environment import Environment
from sedkd.data.events import Event
from sedkd.data.recordings import digest_of
from sedkd.errors import UserError

HEADER = "filename\tonset\toffset\tevent_label"
CITY = Environment(
    "city_center",
    "a square",
    ("car", "people talking", "people walking"),
    {"people": ("people talking", "people walking")},
    {"footsteps": "people walking"},
)


def write_own(root: Path) -> Path:
    """A generic folder with a street, whose owner listened for sirens only."""
    for split, count in (("train", 2), ("validation", 1)):
        for number in range(count):
            write_sound(root / "street" / split / f"{number}.wav", [(0.1, 0.9, "siren")], 700 + number + count)
        rows = [f"{number}.wav\t0.1\t0.9\tsiren" for number in range(count)]
        write_text(root / "street" / f"{split}.tsv", [HEADER, *rows])
    return root


def test_a_class_that_a_dataset_does_not_annotate_is_unknown_there(tmp_path: Path) -> None:
    roots = [tut.write_2017(tmp_path / "tut"), write_own(tmp_path / "own")]
    pool = pool_of(roots, {}, "street")
    assert names_of(roots) == ["street"]
    assert pool.environments["street"].events == ("car", "people walking", "siren")
    heard = {r.filename: r.listened for r in pool.training("street")}
    assert {heard[name] for name in heard if name.startswith("0/")} == {("car", "people walking")}
    assert {heard[name] for name in heard if name.startswith("1/")} == {("siren",)}
    assert [r.filename for r in pool.validation("street")] == ["1/street/validation/0.wav"]
    assert pool.origin == f"{roots[0]} + {roots[1]}"


def test_one_dataset_knows_all_its_classes(tmp_path: Path) -> None:
    pool = pool_of([tut.write_2017(tmp_path / "tut")], {}, "street")
    assert {r.listened for r in pool.training("street")} == {None}


def test_labels_of_two_datasets_come_together_through_aliases(tmp_path: Path) -> None:
    scores = {"footsteps": (0.9, 0.1), "car": (0.1, 0.8)}
    town = tmp_path / "maestro"
    for number in range(3):
        stem = f"city_center_0{number}"
        write_sound(town / "development_audio/city_center" / f"{stem}.wav", [], 800 + number)
        maestro.write_annotation(town, "city_center", stem, scores)
    pool = pool_of([imoto.write(tmp_path / "joint"), town], {"city_center": CITY}, "city_center")
    assert pool.environments["city_center"].events == ("car", "people walking")
    assert pool.environments["city_center"].subsets == {"people": ("people walking",)}
    soft = [r for r in (*pool.training("city_center"), *pool.validation("city_center")) if r.soft]
    assert {event.event_label for r in soft for event, _ in r.soft or ()} == {"car", "people walking"}
    assert all(r.events == (Event(0.0, 1.0, "people walking"), Event(1.0, 2.0, "car")) for r in soft)


def test_a_specification_of_ones_own_decides(tmp_path: Path) -> None:
    root = tut.write_2017(tmp_path / "tut")
    own = Environment("street", "mine", ("vehicle",), aliases={"car": "vehicle"})
    pool = pool_of([root], {}, "street", own)
    assert pool.environments["street"].events == ("vehicle",)
    assert {e.event_label for r in pool.training("street") for e in r.events or ()} == {"vehicle"}
    with pytest.raises(UserError, match="none of the labels"):
        pool_of([root], {}, "street", Environment("street", "mine", ("siren",)))


def test_soft_labels_and_masks_are_part_of_the_data_digest(tmp_path: Path) -> None:
    from dataclasses import replace

    (recording, *_) = pool_of([maestro.write(tmp_path / "m")], {}, "cafe_restaurant").training("cafe_restaurant")
    others = [replace(recording, soft=None), replace(recording, listened=("x",)), recording]
    assert len({digest_of([other]) for other in others}) == 3


def test_a_survey_of_a_good_dataset(tmp_path: Path) -> None:
    found = survey([desed.write(tmp_path / "desed")], {})
    assert found.problems == []
    parts = {part.split: part for part in found.parts}
    assert parts["train"].events == {"Dog": 2, "Speech": 3}
    assert parts["weak"].events == {"Dog": 2, "Speech": 1}
    assert (parts["unlabeled"].events, parts["test"].events) == (None, None)
    assert (parts["test"].recordings, parts["test"].rates) == (2, {16000: 2})
    assert (found.datasets[0].recordings, found.datasets[0].missing) == (13, 0)


def test_a_survey_lists_every_problem_with_file_and_line(tmp_path: Path) -> None:
    root = urbansed.write(tmp_path / "urban")
    (root / "annotations/train/soundscape_train_bimodal0.txt").write_text("0.1\t0.9\tsiren\nx\t1\tsiren\n")
    (root / "annotations/validate/soundscape_validate_bimodal0.txt").write_text("0.9\t0.1\tsiren\n")
    (root / "audio/test/soundscape_test_bimodal0.wav").write_bytes(b"")
    first, second, third = survey([root], {}).problems
    assert "soundscape_train_bimodal0.txt, line 2: onset 'x' is not a number" in first
    assert "soundscape_validate_bimodal0.txt, line 1: offset 0.1 lies before" in second
    assert "soundscape_test_bimodal0.wav: the audio file is empty" in third


def test_a_survey_tells_strange_labels_and_silent_classes(tmp_path: Path) -> None:
    root = tut.write_2017(tmp_path / "tut")
    with (root / "meta/street/a004.ann").open("a") as table:
        table.write("audio/street/a004.wav\tstreet\t0.1\t0.2\tcars\tmixture\ta004\n")
    found = survey([root], {})
    (problem,) = found.problems
    assert problem.endswith("a004.ann, line 2: 'cars' (once) is no event of street, and unknown there: is 'car' meant?")
    pool = pool_of([root], {}, "street")
    assert problem in pool.notices  # which a search shows
    unknown = {Path(r.filename).stem: r.unknown for r in [*pool.training("street"), *pool.validation("street")]}
    assert {stem: times for stem, times in unknown.items() if times} == {"a004": ((0.1, 0.2),)}


def test_a_survey_of_a_generic_folder_whose_owner_leaks(tmp_path: Path) -> None:
    root = write_own(tmp_path / "own")
    assert survey([root], {}).problems == []
    (root / "street/validation/0.wav").write_bytes((root / "street/train/0.wav").read_bytes())
    line = (
        "1 recording is in two splits: street/validation/0.wav (validation) sounds like street/train/0.wav (train); "
        "what is learnt from one and scored on the other looks better than it is: keep it in one split"
    )
    assert survey([root], {}).problems == [line]
    assert line in pool_of([root], {}, "street").notices


def test_two_environments_may_be_scored_on_the_same_recording(tmp_path: Path) -> None:
    """Of which nothing is learnt; what another environment trains on is learnt from."""
    root = write_own(tmp_path / "own")
    shutil.copytree(root / "street", root / "square")
    shutil.rmtree(root / "square" / "train")
    (root / "square/train").mkdir()
    for place, name in enumerate(sorted(path.name for path in (root / "street/train").iterdir())):
        write_sound(root / "square/train" / name, [(0.2, 1.5, "car")], 900 + place)
    assert survey([root], {}).problems == []
    (root / "square/train/0.wav").write_bytes((root / "street/validation/0.wav").read_bytes())
    (line,) = survey([root], {}).problems
    assert line.startswith("1 recording is in two splits")
    assert "square/train/0.wav (train)" in line


def test_a_generic_folder_with_a_recording_twice_in_a_split(tmp_path: Path) -> None:
    root = write_own(tmp_path / "own")
    (root / "street/train/0.wav").write_bytes((root / "street/train/1.wav").read_bytes())
    line = (
        "1 recording is twice in one split: street/train/0.wav (train) sounds like street/train/1.wav (train); it "
        "counts twice: remove one"
    )
    assert survey([root], {}).problems == [line]
    assert line in pool_of([root], {}, "street").notices
    assert len(pool_of([root], {}, "street").training("street")) == len(list((root / "street/train").iterdir()))


def test_polyphony() -> None:
    assert polyphony([]) == 0
    assert polyphony([Event(0, 1, "a"), Event(1, 2, "b")]) == 1
    assert polyphony([Event(0, 2, "a"), Event(1, 3, "b"), Event(1.5, 1.6, "c")]) == 3


def test_negatives_of_two_folders_that_are_called_alike_stay_two(tmp_path: Path) -> None:
    roots = [write_own(tmp_path / name) for name in ("one", "two")]
    for number, root in enumerate(roots):
        write_sound(root / "street" / "negatives" / "0001.wav", [], 900 + number)
    names = [one.filename for one in pool_of(roots, {}, "street").negatives("street")]
    assert names == ["0/negatives/0001.wav", "1/negatives/0001.wav"]
    assert [one.filename for one in pool_of(roots[:1], {}, "street").negatives("street")] == ["negatives/0001.wav"]
