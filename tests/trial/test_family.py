"""The family is trained once, its slices come with statistics of their own, and a trial starts from them."""

from dataclasses import replace

import pytest
import torch
from tiny import write_folder

import sedkd.trial.family as families
from sedkd.data.pool import folder_pool
from sedkd.models.slimmable import Slimmable
from sedkd.models.student import Student, StudentSettings
from sedkd.task.task import Task
from sedkd.teach.teacher import Teacher
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.family import InPlace, family_of, family_student
from sedkd.trial.initialise import initialised
from sedkd.trial.running import run_trial
from sedkd.trial.starts import check_start, steps_from

SETTINGS = StudentSettings(4, 2, "separable", "none")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory):
    root = write_folder(tmp_path_factory.mktemp("family"), {"park": ("low", "high"), "hall": ("mid",)}, clips=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEDKD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(families, "TRAINING", TrainSettings(steps=20, batch=4, frames=16, learning_rate=0.02))
        patch.setattr(families, "WIDEST", 8)
        patch.setattr(families, "DEEPEST", 3)
        pool = folder_pool(root, {}, "park")
        teacher = Teacher(Student(StudentSettings(4, 2), ("high", "mid", "low")).eval(), "t", "crnn", "a test")
        yield Task(pool, pool.environments["park"], ("low", "high"), teacher, torch.device("cpu"))


def test_it_is_trained_once(task: Task) -> None:
    told: list[int] = []
    first = family_of("separable", task, lambda done, _: told.append(done))
    assert told[-1] == 20
    assert (first.widest, first.labels) == (StudentSettings(8, 3, "separable", "gru"), ("low", "high"))
    untrained = Slimmable(first.widest, first.labels)
    assert not torch.equal(first.stem[0].weight, untrained.stem[0].weight)
    again = family_of("separable", task, lambda done, _: told.append(-1))
    assert -1 not in told
    assert torch.equal(again.stem[0].weight, first.stem[0].weight)
    assert family_of("conv", task).widest.block == "conv"


def test_a_slice_has_batch_statistics_of_its_own(task: Task) -> None:
    student = family_student(SETTINGS, task)
    cut = family_of("separable", task).cut(SETTINGS)
    assert torch.equal(student.stem[0].weight, cut.stem[0].weight)
    norm = student.stem[1]
    assert norm.momentum == torch.nn.BatchNorm2d(1).momentum
    assert not torch.equal(norm.running_mean, cut.stem[1].running_mean)
    assert int(norm.num_batches_tracked) == families.RECALIBRATION_BATCHES
    assert not student.training
    assert torch.equal(family_student(SETTINGS, task).stem[1].running_mean, norm.running_mean)


def test_slices_learn_from_the_widest(task: Task) -> None:
    """The in-place term falls where slices say what the widest says, and asks for new widths each time."""
    family = family_of("separable", task).train()
    term = InPlace(family, 0)
    batch = task.corpus(None).window(torch.arange(4), torch.zeros(4, dtype=torch.long), 8)
    output = family(batch.features)
    assert float(term(batch, output._replace(logits=output.logits + 5)).detach()) > float(term(batch, output).detach())
    assert term.weight == 1 + families.BETWEEN
    drawn = {
        int(torch.randint(families.NARROWEST, 9, (families.BETWEEN,), generator=term.generator)[0]) for _ in range(40)
    }
    assert drawn == set(range(2, 9))


def test_a_trial_begins_from_its_slice_and_is_short(task: Task) -> None:
    train = TrainSettings(steps=30, batch=4, frames=16, learning_rate=0.0, weight_decay=0.0)
    still = Configuration(SETTINGS, train, initialisation="family")
    heard = []
    result = run_trial(still, task, report=heard.append)
    assert [point.step for point in heard] == [0, 2, 5, 8, 10]
    assert heard == result.curve
    assert heard[0].loss is None
    assert all(point.steps == 10 for point in heard)
    assert torch.equal(result.student.stem[0].weight, family_student(SETTINGS, task).stem[0].weight)


def test_labels_that_the_family_does_not_know_begin_at_random(task: Task) -> None:
    found = initialised(SETTINGS, ("low", "high", "mid"), "family", task, seed=3)
    slice_ = family_student(SETTINGS, task)
    assert torch.equal(found.classifier.weight[:2], slice_.classifier.weight)
    torch.manual_seed(3)
    assert torch.equal(found.classifier.weight[2], Student(SETTINGS, ("low", "high", "mid")).classifier.weight[2])


def test_who_may_begin_so_and_for_how_long() -> None:
    with pytest.raises(ValueError, match=r"initialisation family needs student.block conv or separable, not mobilenet"):
        check_start("family", replace(SETTINGS, block="mobilenet", width=8))
    with pytest.raises(ValueError, match=r"initialisation family needs student.width up to 32, not 40"):
        check_start("family", replace(SETTINGS, width=40))
    assert [steps_from("family", steps) for steps in (1, 150, 100)] == [1, 50, 34]
    assert steps_from("random", 150) == 150
