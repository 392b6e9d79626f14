"""The generic student: made once, and each label's row goes to its own place."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny import write_folder

import sedkd.trial.generic as module
from sedkd.data.pool import folder_pool
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.task.task import Task
from sedkd.teach.teacher import Teacher
from sedkd.train.settings import TrainSettings
from sedkd.trial.generic import generic_student, start_from

SETTINGS = StudentSettings(4, 2, head="gru")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("generic"), {"park": ("low", "high"), "hall": ("mid", "low")}, clips=2)


@pytest.fixture
def task(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "TRAINING", TrainSettings(steps=3, batch=2, frames=8))
    pool = folder_pool(root, {}, "park")
    torch.manual_seed(0)
    model = Student(StudentSettings(4, 2), ("high", "siren", "low")).eval()
    park = pool.environments["park"]
    return Task(pool, park, park.events, Teacher(model, "t", "crnn", "a test"), torch.device("cpu"))


def test_rows_are_the_right_labels() -> None:
    generic, student = Student(SETTINGS, ("a", "b", "c", "d")), Student(SETTINGS, ("d", "b"))
    generic.standardise_by(torch.randn(64), torch.rand(64) + 0.5)
    generic(torch.randn(2, 64, 64))
    start_from(student, generic)
    features = torch.randn(1, 40, 64)
    with torch.inference_mode():
        expected = generic.eval()(features).logits[..., [3, 1]]
        torch.testing.assert_close(student.eval()(features).logits, expected)
    assert torch.equal(student.mean, generic.mean)


def test_the_generic_students_weights_are_not_shared() -> None:
    generic, student = Student(SETTINGS, ("a", "b")), Student(SETTINGS, ("a", "b"))
    start_from(student, generic)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(1)
    assert not torch.equal(student.classifier.weight, generic.classifier.weight)


def test_it_knows_what_teacher_and_environments_share(task: Task) -> None:
    found = generic_student(SETTINGS, task)
    assert task.pool.labels == ("low", "mid", "high")
    assert found.labels == ("low", "high")
    assert len(task.generic.recordings) == 4
    assert task.generic.corpus.teacher.logits.shape[1] == 2
    assert found.mean.abs().sum() > 0


def test_made_once(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    first = generic_student(SETTINGS, task)
    monkeypatch.setattr(module, "fit_cohort", None)
    again = generic_student(SETTINGS, task)
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    with pytest.raises(TypeError):
        generic_student(StudentSettings(6, 2), task)


def test_what_an_environment_annotates_is_part_of_the_key(task: Task) -> None:
    """The recordings and their events are the same, but what is unknown in them is not."""
    park = replace(task.pool.environments["park"], events=("high",))
    pool = replace(task.pool, environments={**task.pool.environments, "park": park})
    other = Task(pool, park, park.events, task.teacher, task.device)
    labels = ("low", "high")
    assert module._key(SETTINGS, task, labels) != module._key(SETTINGS, other, labels)


def test_the_training_of_it_depends_on_nothing_but_the_seed(task: Task, tmp_path: Path, monkeypatch) -> None:
    first = generic_student(SETTINGS, task).state_dict()
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "another"))
    torch.rand(7)
    again = generic_student(SETTINGS, task).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_one_machines_serves_another(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "remote").mkdir()
    monkeypatch.setenv("SEDKD_CACHE_REMOTE", (tmp_path / "remote").as_uri())
    first = generic_student(SETTINGS, task).state_dict()
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "another"))
    monkeypatch.setattr(module, "fit_cohort", None)
    again = generic_student(SETTINGS, task).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
