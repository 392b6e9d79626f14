"""Only so many labelled clips: which they are, and what becomes of the others."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tiny import random_events, write_folder, write_split

from sedkd.data.datasets.opening import pool_of
from sedkd.data.events import Event
from sedkd.data.fewer import order, with_labels
from sedkd.data.pool import folder_pool
from sedkd.data.recordings import Recording, digest_of
from sedkd.errors import UserError


def clip(number: int, *labels: str) -> Recording:
    events = tuple(Event(0.0, 1.0, label) for label in labels)
    return Recording(Path(f"/{number}.wav"), f"{number}.wav", "park", 2.0, events)


CLIPS = [clip(n, *(["car"] if n % 2 else ["car", "dog"] if n % 10 == 0 else [])) for n in range(40)]
CLIPS += [clip(40, "owl"), clip(41, "owl")]


def test_every_beginning_is_stratified() -> None:
    places = order(CLIPS, 0)
    assert sorted(places) == list(range(len(CLIPS)))
    for count in (3, 8, 21, 32):
        kept = [CLIPS[place] for place in places[:count]]
        share = count / len(CLIPS)
        heard = Counter(event.event_label for found in kept for event in found.events or ())
        heard["nothing"] = sum(not found.events for found in kept)
        for label, total in {"car": 24, "dog": 4, "owl": 2, "nothing": 16}.items():
            assert abs(heard[label] - share * total) <= 2, (count, label)
        assert min(heard["car"], heard["dog"], heard["owl"]) >= 1


def test_a_seed_draws_the_same_clips_again() -> None:
    assert order(CLIPS, 1) == order(CLIPS, 1)
    assert order(CLIPS, 1) != order(CLIPS, 2)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_folder(tmp_path, {"park": ("low", "high"), "hall": ("low",)}, clips=6)


def test_the_others_lose_their_labels(root: Path) -> None:
    pool = folder_pool(root, {}, "park")
    fewer = with_labels(pool, "park", 2, 0)
    assert len(fewer.training("park")) == 2
    assert all(found.events for found in fewer.training("park"))
    assert {found.path for found in fewer.unlabeled("park")} == {
        *(found.path for found in pool.unlabeled("park")),
        *(found.path for found in pool.training("park") if found not in fewer.training("park")),
    }
    assert all(found.events is None for found in fewer.unlabeled("park"))
    assert fewer.training("hall") == pool.training("hall")
    assert fewer.validation("park") == pool.validation("park")
    # What is trained on it is kept under another key.
    assert digest_of(fewer.training("park")) != digest_of(pool.training("park"))
    assert with_labels(pool, "park", 6, 0) == pool


def test_datasets_as_well(root: Path) -> None:
    """Several folders make one pool of datasets."""
    other = root.parent / "other"
    write_folder(other, {"yard": ("low",)}, clips=3)
    pool = pool_of([root, other], {}, "park")
    fewer = with_labels(pool, "park", 2, 0)
    assert [len(fewer.training(name)) for name in ("park", "hall", "yard")] == [2, 6, 3]
    assert len(fewer.unlabeled("park")) == len(pool.unlabeled("park")) + 4


def test_an_event_that_is_lost_is_told(root: Path) -> None:
    rng = np.random.default_rng(0)
    write_split(
        root / "park",
        "train",
        {"a.wav": random_events(["low"], 1.5, rng), "b.wav": random_events(["high"], 1.5, rng)},
        1.5,
    )
    for stray in (root / "park" / "train").glob("train*.wav"):
        stray.unlink()
    (notice,) = with_labels(folder_pool(root, {}, "park"), "park", 1, 0).notices
    assert notice in (
        "--labels 1: no labelled clip of park holds low",
        "--labels 1: no labelled clip of park holds high",
    )


def test_more_than_there_are(root: Path) -> None:
    with pytest.raises(UserError, match=r"--labels 7: train of park \(.*\) has 6 labelled clips; ask for less"):
        with_labels(folder_pool(root, {}, "park"), "park", 7, 0)
