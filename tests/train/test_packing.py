"""How many students go into one step: those of a kind, as many as were fastest, measured once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bands import QUICK, corpus, student

import sedkd.train.packing as packing
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.train.cohort import Member
from sedkd.train.fit import Watch
from sedkd.train.labels import Labels
from sedkd.train.packing import Shape, best_size, packed, speed

CPU = torch.device("cpu")
SMALL = Shape(StudentSettings(4, 2), 2, QUICK.batch, QUICK.frames)


@pytest.fixture
def timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[int, float]], list[int]]:
    """Make up the speeds by size; returns the sizes that were measured from then on."""
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path))

    def speeds(made_up: dict[int, float]) -> list[int]:
        measured: list[int] = []

        def found(shape: Shape, device: torch.device, size: int) -> float:
            measured.append(size)
            return made_up[size]

        monkeypatch.setattr(packing, "speed", found)
        return measured

    return speeds


def test_the_fastest_size_is_measured_once(timed) -> None:
    measured = timed({1: 100.0, 2: 150.0, 4: 220.0, 8: 200.0})
    assert best_size(SMALL, CPU, 100) == 4
    assert best_size(replace(SMALL), CPU, 100) == 4
    assert measured == [1, 2, 4, 8]
    assert best_size(SMALL, CPU, 3) == 2  # of no more students than there are
    assert best_size(replace(SMALL, labels=3), CPU, 100) == 4  # another number of labels is another measurement
    assert len(measured) == 8


def test_a_cohort_is_no_slower_than_its_members(timed) -> None:
    measured = timed({1: 100.0, 2: 90.0})
    assert best_size(SMALL, CPU, 100) == 1
    assert measured == [1, 2]  # what gains nothing is not measured further
    timed({1: 100.0, 2: 102.0, 4: 103.0, 8: 104.0})
    assert best_size(replace(SMALL, student=StudentSettings(6, 2)), CPU, 100) == 1  # noise


def test_members_of_a_kind_are_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "best_size", lambda *_: 2)
    data, gru = corpus(), Student(StudentSettings(4, 2, head="gru"), ("low", "high"))
    plain = [Member(student(), data, [Labels()], replace(QUICK, seed=seed), Watch()) for seed in range(5)]
    other = [replace(plain[0], settings=replace(QUICK, steps=9)), replace(plain[0], student=gru)]
    members = [plain[0], other[0], plain[1], other[1], *plain[2:]]
    assert packed(members, CPU) == [[0, 2], [4, 5], [6], [1], [3]]


def test_speeds_are_measured_by_training() -> None:
    assert speed(replace(SMALL, batch=4, frames=8), CPU, 2) > 0
