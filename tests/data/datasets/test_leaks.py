"""Each kind of leak, planted: one recording in two splits, under two names, cut in two, in two datasets."""

import shutil
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile
from datasets import desed, imoto, tsv, tut, urbansed
from datasets.sound import Row, write_sound

from sedkd.data.datasets.both_sides import heard, lacking
from sedkd.data.datasets.building import dataset_pool
from sedkd.data.datasets.dataset import Clip
from sedkd.data.datasets.imoto import opened
from sedkd.data.datasets.joined import DatasetPool
from sedkd.data.datasets.leaks import components, decoded_hash, same_audio
from sedkd.data.datasets.opening import pool_of
from sedkd.data.datasets.stratify import held_out
from sedkd.data.recordings import TEST

SPLITS = ("train", "validation", TEST, "weak", "unlabeled")


def placed_in(pool: DatasetPool, name: str) -> dict[str, set[str]]:
    return {split: {p.clip.path.stem for p in pool.places.get((name, split), ())} for split in SPLITS}


def leaked(pool: DatasetPool) -> list[str]:
    return [line for line in pool.notices if "whose recording is also elsewhere" in line]


def test_nothing_leaks_where_nothing_was_planted(tmp_path: Path) -> None:
    for writer, name in (
        (tut.write_2017, "street"),
        (urbansed.write, "urban"),
        (tsv.write, "tsv"),
        (desed.write, "domestic"),
    ):
        assert leaked(pool_of([writer(tmp_path / name)], {}, name)) == []


def test_a_test_recording_under_another_name_in_training(tmp_path: Path) -> None:
    root = urbansed.write(tmp_path / "urban")
    shutil.copy(root / "audio/test/soundscape_test_bimodal0.wav", root / "audio/train/soundscape_train_bimodal1.wav")
    pool = pool_of([root], {}, "urban")
    assert placed_in(pool, "urban")["train"] == {"soundscape_train_bimodal0", "soundscape_train_bimodal2"}
    assert len(placed_in(pool, "urban")[TEST]) == 2
    (line,) = leaked(pool)
    assert "soundscape_train_bimodal1.wav (URBAN-SED, train) is audio/test/soundscape_test_bimodal0.wav" in line


def test_a_validation_recording_in_training(tmp_path: Path) -> None:
    root = urbansed.write(tmp_path / "urban")
    source = root / "audio/validate/soundscape_validate_bimodal0.wav"
    shutil.copy(source, root / "audio/train/soundscape_train_bimodal0.wav")
    pool = pool_of([root], {}, "urban")
    assert "soundscape_train_bimodal0" not in placed_in(pool, "urban")["train"]
    assert len(placed_in(pool, "urban")["validation"]) == 2


def test_one_recording_under_two_names_trains_once(tmp_path: Path) -> None:
    root = urbansed.write(tmp_path / "urban")
    shutil.copy(root / "audio/train/soundscape_train_bimodal0.wav", root / "audio/train/soundscape_train_bimodal2.wav")
    pool = pool_of([root], {}, "urban")
    assert placed_in(pool, "urban")["train"] == {"soundscape_train_bimodal0", "soundscape_train_bimodal1"}
    assert len(leaked(pool)) == 1


def test_unlabelled_audio_of_the_test_split(tmp_path: Path) -> None:
    root = desed.write(tmp_path / "desed")
    shutil.copy(
        root / f"audio/eval/public/{next(iter(desed.PUBLIC))}",
        root / f"audio/train/unlabel_in_domain/{desed.UNLABELED[0]}",
    )
    pool = pool_of([root], {}, "domestic")
    assert placed_in(pool, "domestic")["unlabeled"] == {Path(desed.UNLABELED[1]).stem}


def test_two_excerpts_of_one_video(tmp_path: Path) -> None:
    root = desed.write(tmp_path / "desed")
    other = "Yval1_40.000_50.000.wav"  # another excerpt of a video that validates
    write_sound(root / "audio/train/weak" / other, [], 7)
    with (root / "metadata/train/weak.tsv").open("a") as table:
        table.write(f"{other}\tDog\n")
    assert Path(other).stem not in placed_in(pool_of([root], {}, "domestic"), "domestic")["weak"]


def test_clips_of_one_recording_validate_together(tmp_path: Path) -> None:
    root = imoto.write(tmp_path / "joint")
    for seed in range(5):
        where = placed_in(dataset_pool([opened(root)], {}, "office", seed=seed), "office")
        assert {"a099_0_30", "a099_120_150"} <= where["train"] or {"a099_0_30", "a099_120_150"} <= where["validation"]


def test_two_datasets_that_share_a_recording(tmp_path: Path) -> None:
    street, joint = tut.write_2017(tmp_path / "street"), imoto.write(tmp_path / "joint")
    samples, rate = soundfile.read(street / "audio/street/b005.wav", dtype="int16")  # it is tested there
    soundfile.write(joint / "audio/city_center/c001.wav", samples, rate)
    pool = pool_of([street, joint], {}, "street")
    assert placed_in(pool, "city_center")["train"] | placed_in(pool, "city_center")["validation"] == {"c002"}
    (line,) = leaked(pool)
    assert "c001.wav (Imoto's joint scene and event metadata, train) is audio/street/b005.wav" in line


def test_two_datasets_that_share_the_name_of_a_recording(tmp_path: Path) -> None:
    street, joint = tut.write_2017(tmp_path / "street"), tmp_path / "joint"
    rows: list[Row] = [(0.1, 0.5, "fan")]
    clips = dict.fromkeys(("b005_0_30", "a300", "a301"), ("office", rows))
    imoto.write_part(joint, joint / "meta/meta_development.txt", clips, 900)
    where = placed_in(pool_of([street, joint], {}, "office"), "office")
    assert where["train"] | where["validation"] == {"a300", "a301"}


def test_the_same_sound_in_other_clothes(tmp_path: Path) -> None:
    samples = (np.random.default_rng(0).standard_normal(8000) * 3000).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", samples, 16000)
    soundfile.write(tmp_path / "b.flac", samples, 16000)
    soundfile.write(tmp_path / "c.wav", np.stack([samples, samples], 1), 16000)
    soundfile.write(tmp_path / "d.wav", samples.astype(np.int32) << 16, 16000, subtype="PCM_24")
    soundfile.write(tmp_path / "e.wav", samples, 8000)
    soundfile.write(tmp_path / "f.wav", samples[::-1], 16000)
    found = [decoded_hash(tmp_path / name) for name in ("a.wav", "b.flac", "c.wav", "d.wav", "e.wav", "f.wav")]
    assert len(set(found[:4])) == 1
    assert len(set(found)) == 3
    assert decoded_hash(tmp_path / "a.wav") == found[0]  # from the cache


def test_only_files_of_equal_length_that_agree_half_way_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seed, seconds in (("a", 0, 0.5), ("b", 0, 0.6), ("c", 1, 0.5)):
        write_sound(tmp_path / f"{name}.wav", [], seed, seconds=seconds)
    monkeypatch.setattr("sedkd.data.datasets.leaks.decoded_hash", lambda path: pytest.fail(f"{path} decoded"))
    clips = [Clip(tmp_path / f"{name}.wav", name, "e", "train", name) for name in ("a", "b", "c", "a")]
    first, second, third, again = same_audio(clips)
    assert first == again
    assert len({first, second, third}) == 3


def test_components() -> None:
    assert components(["a", "b", "a", "c"], ["1", "2", "3", "2"]) == [[0, 2], [1, 3]]
    assert components([], []) == []


def test_every_label_is_heard_on_both_sides_where_it_can_be() -> None:
    rng = np.random.default_rng(0)
    groups = {
        f"r{i}": Counter({label: int(n) for label, n in zip("abcd", rng.integers(0, 9, 4), strict=True) if n})
        for i in range(20)
    }
    groups["r0"]["rare"] = groups["r1"]["rare"] = 1
    for seed in range(10):
        chosen = held_out(groups, seed)
        assert 2 <= len(chosen) <= 7
        for label in ("a", "b", "c", "d", "rare"):
            inside = sum(groups[name][label] for name in chosen)
            total = sum(events[label] for events in groups.values())
            assert 0 < inside < total
            if label != "rare":
                assert 0.1 < inside / total < 0.35
        assert held_out(groups, seed) == chosen  # reproducible
    assert len({frozenset(held_out(groups, seed)) for seed in range(10)}) > 1


def test_no_label_is_on_one_side_alone_by_its_recordings_other_labels() -> None:
    """By brute force over all splits, of small sets in which most recordings hold several labels."""
    assert held_out({0: Counter(dog=16, cat=3), 1: Counter(dog=17, cat=1), 2: Counter(cat=19)}, 0) == {1}
    rng, worse = np.random.default_rng(0), 0
    for seed in range(200):
        groups = {
            place: Counter({label: int(rng.integers(1, 9)) for label in "abcd" if rng.random() < 0.45})
            for place in range(int(rng.integers(3, 8)))
        }
        splits = [set(found) for size in range(1, len(groups)) for found in combinations(groups, size)]
        least = min(lacking(*heard(groups, found)) for found in splits)
        worse += lacking(*heard(groups, held_out(groups, seed))) > least
    assert worse <= 6  # where more than two would have to change sides at once


def test_the_smallest_sets() -> None:
    assert held_out({"one": Counter(a=3)}, 0) == set()
    assert len(held_out({"one": Counter(a=3), "two": Counter(a=1)}, 0)) == 1
    assert len(held_out({"one": Counter(), "two": Counter()}, 0)) == 1
    assert len(held_out({"one": Counter(a=3), "two": Counter(b=1)}, 0)) == 1


def test_a_recording_that_validates_in_one_environment_trains_in_none(tmp_path: Path) -> None:
    root = imoto.write(tmp_path / "joint")
    with (root / "meta/meta_development.txt").open("a") as table:
        table.write("audio/city_center/a099_150_180.wav\tcity_center\t0.1\t0.9\tcar\n")
    write_sound(root / "audio/city_center/a099_150_180.wav", [], 5)
    pool = pool_of([root], {}, "office")
    sides = {
        split: {p.clip.group for name in ("office", "city_center") for p in pool.places.get((name, split), ())}
        for split in ("train", "validation")
    }
    assert not sides["train"] & sides["validation"]
