"""How an arm chooses, and by how much evidence."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny import write_folder

from sedkd.compare.arms import Arm
from sedkd.compare.choice import (
    FINALISTS,
    LONG,
    PART,
    RARE,
    TUNING_SEEDS,
    Tried,
    are_told_apart,
    finalists,
    first_round,
    judges,
    tuning_seeds,
)
from sedkd.compare.training import Trained, train_all
from sedkd.data.pool import folder_pool
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.task.task import Task
from sedkd.teach.choice import TeacherSettings
from sedkd.teach.teacher import Teacher
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import run_trial

STUDENT = StudentSettings(4, 2)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    root = write_folder(tmp_path, {"park": ("low", "high"), "hall": ("mid", "low")}, clips=3)
    pool = folder_pool(root, {}, "park")
    teacher = Teacher(Student(STUDENT, pool.labels).eval(), "a key", "crnn", "made for this test")
    return Task(pool, pool.environments["park"], ("low",), teacher, torch.device("cpu"))


def test_the_mean_over_the_seeds() -> None:
    assert Tried(Configuration(), (0.25, 0.75)).mean == 0.5
    assert Tried(Configuration(), (0.25, None)).mean is None


def test_finalists_that_differ_by_no_more_than_their_seeds() -> None:
    def found(*scores: tuple[float | None, ...]) -> bool | None:
        return are_told_apart([Tried(Configuration(), own) for own in scores])

    assert found((0.50, 0.51), (0.60, 0.61), (0.70, 0.71)) is True
    assert found((0.50, 0.60), (0.55, 0.52), (0.53, 0.58)) is False
    assert found((0.5, 0.6), (0.9,)) is None  # one that the first round left out is no finalist
    assert found((0.5, 0.6), (0.9, None)) is None
    assert found((0.5, 0.5), (0.5, 0.5)) is False
    assert found((0.5, 0.5), (0.6, 0.6)) is True


def test_finalists_have_more_seeds_where_an_event_is_rare(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judges(task) == {"low": 3}
    assert RARE > 3
    assert tuning_seeds(task) == TUNING_SEEDS
    monkeypatch.setattr("sedkd.compare.choice.RARE", 3)
    assert tuning_seeds(task) == TUNING_SEEDS[:2]
    table = task.pool.root / "park" / "validation.tsv"
    table.write_text(table.read_text().replace("\tlow\n", "\thigh\n", 1))
    both = Task(task.pool, task.environment, ("low", "high"), task.teacher, task.device)
    assert judges(both)["low"] == 2  # the rarest one decides
    assert tuning_seeds(both) == TUNING_SEEDS


def test_the_environments_events_beside_those_that_are_asked_for(task: Task) -> None:
    assert task.labels(TeacherSettings("own")) == ("low",)
    assert task.labels(TeacherSettings("environment")) == ("low", "high")
    assert task.labels(TeacherSettings("all")) == ("low", "mid", "high")


def tried(rate: float, steps: int = 2) -> Configuration:
    return Configuration(STUDENT, TrainSettings(steps=steps, batch=4, frames=8, learning_rate=rate))


def test_long_tries_are_trained_shortly_first() -> None:
    long = [tried(rate, LONG) for rate in (1e-3, 2e-3, 3e-3, 4e-3, 5e-3)]
    short = first_round(long)
    assert [one.train.steps for one in short] == [LONG // PART] * 5
    assert [one.train.learning_rate for one in short] == [one.train.learning_rate for one in long]
    scores = ((0.3,), (0.5,), (None,), (0.4,), (0.1,))
    assert finalists(long, [Tried(c, s) for c, s in zip(short, scores, strict=True)]) == (long[0], long[1], long[3])
    assert finalists(long, [Tried(one, (None,)) for one in short]) == ()
    brief = tuple(tried(rate, LONG - 1) for rate in (1e-3, 2e-3, 3e-3, 4e-3))
    assert first_round(brief) == brief


@pytest.mark.parametrize(("long", "steps"), [(8, [2, 8, 8, 8]), (9, [8, 8, 8, 8])])
def test_only_finalists_go_on(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: int, steps: list[int]
) -> None:
    monkeypatch.setattr("sedkd.compare.choice.LONG", long)
    arm = Arm("one", tuple(tried(rate, 8) for rate in (1e-3, 1e-2, 2e-2, 4e-2)))
    (trained,) = train_all([arm], task, 1, tmp_path / "runs", "f1_segment", lambda *_: lambda *_: None)
    assert sorted(one.configuration.train.steps for one in trained.tried) == steps
    assert [one.configuration.train.learning_rate for one in trained.tried] == [1e-3, 1e-2, 2e-2, 4e-2]
    last = [one for one in trained.tried if len(one.scores) == len(TUNING_SEEDS)]
    assert len(last) == FINALISTS
    (out,) = (one for one in trained.tried if len(one.scores) == 1)  # one seed is all that it cost
    assert out.configuration not in [one.configuration for one in last]
    assert trained.chosen == max(last, key=lambda one: one.mean or 0).configuration
    files = list((tmp_path / "runs" / "students").glob("*.safetensors"))
    assert len(files) == 4 + 3 * len(TUNING_SEEDS) - (0 if long == 8 else 3) + 1


def test_a_student_of_two_arms_is_trained_once(task: Task, tmp_path: Path) -> None:
    asked = [Arm("one", (tried(1e-3), tried(1e-2))), Arm("other", (tried(1e-2), tried(2e-2)))]
    trained = train_all(asked, task, 2, tmp_path / "runs", "f1_segment", lambda *_: lambda *_: None)
    for arm in trained:
        scores = {one.configuration.train.learning_rate: one.mean for one in arm.tried}
        assert scores[arm.chosen.train.learning_rate] == max(scores.values())
        assert len(arm.records) == 2
    files = list((tmp_path / "runs" / "students").glob("*.safetensors"))
    different = {(arm.chosen.train.learning_rate, seed) for arm in trained for seed in range(2)}
    assert len(files) == 3 * len(TUNING_SEEDS) + len(different)


def test_what_was_trained_is_judged_by_another_f1(task: Task, tmp_path: Path) -> None:
    asked, place = [Arm("one", (tried(1e-3), tried(1e-2)))], tmp_path / "runs" / "students"

    def by(criterion: str) -> tuple[Trained, dict[Path, int]]:
        (trained,) = train_all(asked, task, 1, tmp_path / "runs", criterion, lambda *_: lambda *_: None)
        return trained, {path: path.stat().st_mtime_ns for path in place.iterdir()}

    segment, before = by("f1_segment")
    event, after = by("f1_event")
    assert {path: after[path] for path in before} == before  # of three tuning seeds all are there, whoever is chosen
    assert {p.suffix for p in after.keys() - before.keys()} <= {".json", ".safetensors"}
    assert any(p.name.endswith("-f1_event.json") for p in after)
    plain = replace(event.chosen, train=replace(event.chosen.train, seed=0))
    alone = run_trial(plain, task, "f1_event")
    assert event.records[0]["validation"] == alone.scores.values
    assert event.post(0) == alone.post
    assert [one.mean for one in event.tried] != [one.mean for one in segment.tried]
    again, last = by("f1_event")
    assert last == after
    assert again.tried == event.tried


def test_one_that_diverged_did_so_by_any_f1(task: Task, tmp_path: Path) -> None:
    asked = [Arm("one", (tried(1e30), tried(1e-2)))]
    for criterion in ("f1_segment", "f1_event"):
        (trained,) = train_all(asked, task, 1, tmp_path / "runs", criterion, lambda *_: lambda *_: None)
        assert [one.mean is None for one in trained.tried] == [True, False]


def test_an_arm_that_diverges_at_every_rate(task: Task, tmp_path: Path) -> None:
    arm = Arm("wild", (tried(1e30), tried(1e31)))
    with pytest.raises(UserError, match=r"arm 'wild': training diverged at every rate \(1e\+30, 1e\+31\)"):
        train_all([arm], task, 1, tmp_path / "runs", "f1_segment", lambda *_: lambda *_: None)
