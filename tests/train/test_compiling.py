"""Which students are trained by a compiled step, and that it is the same step."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bands import QUICK, corpus, student

import sedkd.train.compiling as compiling
from sedkd.errors import SedkdWarning
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.train.cohort import Member, fit_cohort
from sedkd.train.compiling import compiled_where_it_pays
from sedkd.train.fit import Watch
from sedkd.train.labels import Labels
from sedkd.train.packing import Shape, packed

CPU = torch.device("cpu")


@pytest.fixture
def timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float | Exception], list[bool]]:
    """Make up how fast a compiled step is, a plain one doing 1000 windows/s; returns what was measured since."""
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path))
    monkeypatch.setattr(compiling, "COMPILERS", ("sh",))  # something that is there
    monkeypatch.setattr(compiling, "speeds", lambda *_: {1: 1000.0})
    monkeypatch.setattr(compiling, "best_size", lambda *_: 1)

    def speeds(compiled_one: float | Exception) -> list[bool]:
        measured: list[bool] = []

        def found(shape: Shape, device: torch.device, size: int, compiled: bool) -> float:
            measured.append(compiled)
            if isinstance(compiled_one, Exception):
                raise compiled_one
            return compiled_one

        monkeypatch.setattr(compiling, "speed", found)
        return measured

    return speeds


def members(count: int, steps: int) -> list[Member]:
    data, settings = corpus(), replace(QUICK, steps=steps, batch=32)
    return [Member(student(), data, [Labels()], replace(settings, seed=seed), Watch()) for seed in range(count)]


def are_compiled(asked: list[Member], cores: int = 1) -> list[bool]:
    return [member.compiled for member in compiled_where_it_pays(asked, CPU, cores)]


def test_many_long_trainings_are_compiled_where_that_is_faster(timed) -> None:
    measured = timed(1500.0)
    long = members(2, 5000)  # 320 s
    assert are_compiled(members(2, 4000)) == [False, False]  # 256 s: a minute of compiling is not worth it
    assert are_compiled(members(1, 100_000)) == [False]
    assert measured == []
    assert are_compiled(long, cores=2) == [False, False]  # 160 s of either core
    assert are_compiled(long) == [True, True]
    assert are_compiled(long) == [True, True]
    assert measured == [True]  # once
    gru = replace(long[0], student=Student(StudentSettings(4, 2, head="gru"), ("low", "high")))
    assert are_compiled([long[0], gru, long[1]]) == [True, False, True]
    assert compiled_where_it_pays(long, torch.device("meta"), 1) == long


def test_what_gains_nothing_is_trained_plainly(timed) -> None:
    timed(1100.0)  # as much as times differ by
    assert are_compiled(members(2, 5000)) == [False, False]


def test_a_machine_that_cannot_compile_says_so_once(timed, monkeypatch: pytest.MonkeyPatch) -> None:
    timed(RuntimeError("no header\nand more"))
    with pytest.warns(SedkdWarning, match=r"torch.compile cannot be used here \(no header\); students are trained"):
        assert are_compiled(members(2, 5000)) == [False, False]
    assert are_compiled(members(2, 5000)) == [False, False]
    monkeypatch.setattr(compiling, "COMPILERS", ("no-such-compiler",))
    measured = timed(2000.0)
    assert are_compiled(members(2, 5000)) == [False, False]
    assert measured == []


def test_compiled_members_are_trained_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sedkd.train.packing.best_size", lambda *_: 2)
    asked = members(4, 2)
    asked[1:3] = [replace(member, compiled=True) for member in asked[1:3]]
    assert packed(asked, CPU) == [[0, 3], [1], [2]]


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, compiling.COMPILERS)), reason="no C++ compiler")
def test_a_compiled_step_trains_the_same_student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    plain, fast = (
        Member(student(), corpus(), [Labels()], replace(QUICK, steps=20), Watch(), compiled=compiled)
        for compiled in (False, True)
    )
    for member in (plain, fast):
        fit_cohort([member])
    assert any(tmp_path.rglob("*.so"))  # it was compiled indeed
    for name, weight in plain.student.state_dict().items():
        torch.testing.assert_close(fast.student.state_dict()[name], weight, rtol=1e-3, atol=1e-4)
