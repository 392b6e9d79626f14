"""What a task hands to training: whose clips, whose answers, for which labels."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny import write_folder

import sedkd.teach.teacher as module
from sedkd.data.impulse_responses import impulse_responses
from sedkd.data.pool import Pool, folder_pool
from sedkd.data.recordings import Recording
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.task.task import Split, Task
from sedkd.teach.choice import TeacherSettings
from sedkd.train.infer import probabilities
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import run_trial

CPU = torch.device("cpu")
SCRATCH = TrainSettings(steps=25, batch=6, frames=12, learning_rate=1e-2)
GENERAL, ADAPTED = TeacherSettings(), TeacherSettings(adaptation="adapted")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory):
    """Park (low, high) beside hall (mid, low) with two small teachers."""
    root = write_folder(tmp_path_factory.mktemp("task"), {"park": ("low", "high"), "hall": ("mid", "low")}, clips=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEDKD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(module, "CRNN", StudentSettings(8, 3, "conv", "gru"))
        patch.setattr(module, "FROM_SCRATCH", SCRATCH)
        pool = folder_pool(root, {}, "park")
        park = pool.environments["park"]
        first, second = (module.teacher_for(pool, "crnn", CPU, seed) for seed in (0, 1))
        yield Task(pool, park, park.events, first, CPU, others=(second,))


def test_own_events_or_all(task: Task) -> None:
    assert task.events == ("high", "low")
    assert task.labels(None) == task.labels(GENERAL) == task.events
    assert task.labels(TeacherSettings(targets="all")) == ("high", "low", "mid")
    own, every = task.corpus(GENERAL), task.corpus(TeacherSettings(targets="all"))
    assert own.teacher is not None
    assert every.teacher is not None
    assert torch.equal(own.teacher.logits, every.teacher.logits[:, :2])
    # Nobody in the park listened for `mid`: unknown there, not absent.
    assert every.annotated[every.labeled].all(0).tolist() == [True, True, False]


def test_a_student_of_all_labels_ends_with_the_events(task: Task) -> None:
    train = replace(SCRATCH, steps=3)
    configuration = Configuration(
        StudentSettings(4, 2), train, TeacherSettings(targets="all"), "response", {"response": {}}
    )
    own = run_trial(replace(configuration, teacher=GENERAL), task)
    every = run_trial(configuration, task)
    assert every.student.labels == own.student.labels == task.events
    assert every.cost.macs == own.cost.macs
    assert every.cost.params == own.cost.params
    assert not torch.equal(every.student.stem[0].weight, own.student.stem[0].weight)


def test_clips_are_heard_a_second_time_through_impulse_responses(task: Task, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "phone.wav", np.array([0.0, 1.0, -0.9]), 16000)
    through = replace(task, responses=impulse_responses(tmp_path))
    assert through.teacher is task.teacher
    for foreign in (False, True):
        before, after = task.corpus(GENERAL, foreign), through.corpus(GENERAL, foreign)
        assert before.teacher is not None
        assert after.teacher is not None
        count, rows = len(before.annotated), len(before.frames)
        assert after.labeled.tolist() == [*before.labeled.tolist(), *(before.labeled + count).tolist()]
        assert len(after.unlabeled) == 2 * len(before.unlabeled)
        assert len(after.elsewhere) == 2 * len(before.elsewhere)
        clips = torch.arange(count)
        first, again = (after.window(clips + k * count, torch.zeros_like(clips), 6) for k in (0, 1))
        assert torch.equal(first.features, before.window(clips, torch.zeros_like(clips), 6).features)
        assert not torch.allclose(again.features, first.features, atol=0.5)  # it passes little of low frequencies
        assert torch.equal(again.targets, first.targets)
        assert torch.equal(again.known, first.known)
        assert torch.equal(again.teacher_logits, first.teacher_logits)
        assert len(after.frames) == 2 * rows
    assert torch.equal(through.validation.corpus.frames, task.validation.corpus.frames)
    run_trial(Configuration(StudentSettings(4, 2), replace(SCRATCH, steps=2), GENERAL, "response"), through)


def test_students_that_hear_otherwise(task: Task) -> None:
    """Their corpora have other features, and everything else of the same recordings is the same."""
    hearing = StudentSettings(4, 2, n_mels=24, hop=40)
    other = task.heard_by(hearing)
    assert other is task.heard_by(replace(hearing, width=8)) is other.heard_by(hearing)
    assert task.heard_by(StudentSettings(8, 2)) is task
    ours, theirs = task.corpus(GENERAL, foreign=True), other.corpus(GENERAL, foreign=True)
    assert (ours.frames.shape[1], ours.stride, theirs.frames.shape[1], theirs.stride) == (64, 4, 24, 2)
    assert torch.equal(ours.targets, theirs.targets)
    assert ours.teacher is not None
    assert theirs.teacher is not None
    assert torch.equal(ours.teacher.logits, theirs.teacher.logits)  # who teaches hears as always
    student = Student(hearing, task.events)
    split = task.validation
    assert split.heard_by(student) is split.heard_by(student)
    answers, expected = split.answers(student), other.validation.answers(student)
    for one, another in zip(answers.probabilities, expected.probabilities, strict=True):
        np.testing.assert_array_equal(one, another)
    with pytest.raises(ValueError, match="a corpus of other features than the model's"):
        Split(split.recordings, split.corpus).answers(student)
    with pytest.raises(ValueError, match="a corpus of other features"):
        probabilities(Student(StudentSettings(4, 2, hop=40), task.events), split.corpus)


def test_clips_of_other_environments_come_without_their_labels(task: Task) -> None:
    corpus = task.corpus(GENERAL, foreign=True)
    assert len(corpus.labeled) == 4
    assert len(corpus.unlabeled) == 2
    assert len(corpus.elsewhere) == 6  # hall's labelled and unlabelled ones
    assert not corpus.annotated[corpus.elsewhere].any()
    assert corpus.teacher is not None
    assert len(corpus.teacher.logits) == len(corpus.targets) == int(corpus.out_starts[-1])
    alone = task.corpus(GENERAL)
    assert alone.teacher is not None
    assert torch.equal(corpus.teacher.logits[: len(alone.targets)], alone.teacher.logits)


def test_the_adapted_teacher(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pool, "validation", Pool.training)  # which gains as long as it learns
    task = Task(task.pool, task.environment, task.events, task.teacher, task.device)
    adapted = task.adapted(task.teacher)
    assert adapted is task.adapted(task.teacher)
    assert re.fullmatch(re.escape(task.teacher.origin) + r", adapted to park in [1-9]\d* steps", adapted.origin)
    assert adapted.head is not None
    before, after = task.teacher.model.classifier, adapted.head
    moved = (after.weight - before.weight).abs().sum(1)
    labels = list(task.teacher.model.labels)
    assert moved[labels.index("mid")] < 1e-6  # nobody listened for it in the park
    assert min(moved[labels.index(label)] for label in task.events) > 1e-3

    def loss(settings: TeacherSettings) -> float:
        corpus = task.corpus(settings)
        assert corpus.teacher is not None
        rows = slice(0, int(corpus.out_starts[len(corpus.labeled)]))
        return float(
            torch.nn.functional.binary_cross_entropy_with_logits(
                corpus.teacher.logits[rows].float(), corpus.targets[rows].float()
            )
        )

    assert loss(ADAPTED) < loss(GENERAL)
    general, own = task.corpus(GENERAL).teacher, task.corpus(ADAPTED).teacher
    assert general is not None
    assert own is not None
    assert torch.equal(general.embeddings, own.embeddings)


def test_ensembles(task: Task) -> None:
    first, second = (
        task._rows(teacher, False).logits[:, [list(teacher.model.labels).index(x) for x in task.events]].float()
        for teacher in task.teachers
    )
    mean = task.corpus(TeacherSettings(ensemble="mean")).teacher
    assert mean is not None
    torch.testing.assert_close(mean.logits.float(), (first + second) / 2, atol=5e-3, rtol=5e-3)

    scores = np.array([task._class_scores(teacher, task.events) for teacher in task.teachers], dtype=float)
    shares = torch.tensor(scores / scores.sum(0)).float()
    weighted = task.corpus(TeacherSettings(ensemble="weighted")).teacher
    assert weighted is not None
    torch.testing.assert_close(weighted.logits.float(), shares[0] * first + shares[1] * second, atol=5e-3, rtol=5e-3)
    alone = Task(task.pool, task.environment, task.events, task.teacher, CPU)
    only = alone.corpus(TeacherSettings(ensemble="mean")).teacher
    assert only is not None
    torch.testing.assert_close(only.logits.float(), first)


def test_every_teacher_must_know_the_events(task: Task) -> None:
    stranger = replace(task.teacher, model=Student(StudentSettings(4, 2), ("high",)), origin="a stranger")
    with pytest.raises(UserError, match=r"the teacher \(a stranger\) does not know 'low'"):
        Task(task.pool, task.environment, task.events, task.teacher, CPU, others=(stranger,))


OWN = """
from sedkd.models.student import Student
from sedkd.models.settings import StudentSettings

def build(config):
    return Student(StudentSettings({width}, 2), tuple(config["labels"]))

def wrong(config):
    return Student(StudentSettings(4, 2), ("something else",))
"""


def test_a_teacher_of_ones_own(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "my_teacher.py"
    file.write_text(OWN.format(width=4))
    monkeypatch.syspath_prepend(str(tmp_path))
    made = module.teacher_for(task.pool, "my_teacher:build", CPU)
    assert made.kind == "my_teacher:build"
    assert set(made.model.labels) == {"high", "low", "mid"}
    assert module.teacher_for(task.pool, "my_teacher:build", CPU).key == made.key
    with pytest.raises(UserError, match=r"--teacher my_teacher:wrong: must make a .*FrameModel with the labels"):
        module.teacher_for(task.pool, "my_teacher:wrong", CPU)
    with pytest.raises(UserError, match=r"--teacher my_teacher:nobody: cannot be found"):
        module.teacher_for(task.pool, "my_teacher:nobody", CPU)

    file.write_text(OWN.format(width=8))
    monkeypatch.delitem(sys.modules, "my_teacher")
    assert module.teacher_for(task.pool, "my_teacher:build", CPU).key != made.key  # other code, another teacher


def test_what_nobody_listened_for_is_never_detected(task) -> None:
    told = [
        Recording(Path(f"{n}.wav"), f"{n}.wav", "park", 1.0, (), listened=heard)
        for n, heard in ((0, ("high",)), (1, None))
    ]
    split = Split(told, task.training.corpus)
    found = split.answers_from([np.full((3, 2), 0.9, np.float32)] * 2, ("low", "high"), 0.08)
    np.testing.assert_allclose(found.probabilities, [[[0, 0.9]] * 3, [[0.9, 0.9]] * 3], rtol=1e-6)
