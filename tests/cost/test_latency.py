"""Measured time: positive, larger for more work, and nothing is changed by measuring."""

import pytest
import torch

import sedkd.cost.latency as module
from sedkd.cost.latency import latency_ms_per_second
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student


def test_positive_and_larger_for_more_work() -> None:
    small = latency_ms_per_second(Student(StudentSettings(4, 2), ("a",)))
    large = latency_ms_per_second(Student(StudentSettings(32, 4, "conv"), ("a",)))
    assert 0 < small < large


def test_one_thread_while_measuring_and_as_before_after(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, tuple[int, ...]]] = []
    student = Student(StudentSettings(4, 2), ("a",))
    student.register_forward_hook(lambda _, inputs, __: seen.append((torch.get_num_threads(), inputs[0].shape)))
    torch.set_num_threads(2)
    try:
        latency_ms_per_second(student)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert seen == [(1, (1, 500, 64))] * (module.RUNS + 1)  # the first warms up


def test_threads_come_back_after_an_error() -> None:
    class Broken(Student):
        def forward(self, features):
            raise RuntimeError("broken")

    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError, match="broken"):
            latency_ms_per_second(Broken(StudentSettings(4, 2), ("a",)))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_the_median_of_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.5, 0.1, 0.2, 9.0, 0.3])
    monkeypatch.setattr(module, "_timed", lambda *_: next(times))
    assert latency_ms_per_second(Student(StudentSettings(4, 2), ("a",))) == pytest.approx(30.0)
