"""What `--labels` hides is hidden from the teacher and from the students."""

from pathlib import Path

import pytest
import torch
from tiny import write_folder

import sedkd.teach.teacher as module
from sedkd.data.fewer import with_labels
from sedkd.data.folders import audio_below
from sedkd.data.pool import Pool, folder_pool
from sedkd.models.settings import StudentSettings
from sedkd.task.task import Task
from sedkd.teach.teacher import corpus_for
from sedkd.train.settings import TrainSettings

CPU = torch.device("cpu")


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "CRNN", StudentSettings(4, 2))
    monkeypatch.setattr(module, "FROM_SCRATCH", TrainSettings(steps=2, batch=4, frames=8))
    root = write_folder(tmp_path / "data", {"park": ("low", "high"), "hall": ("mid", "low")}, clips=4)
    return folder_pool(root, {}, "park")


def task_of(pool: Pool) -> Task:
    park = pool.environments["park"]
    return Task(pool, park, park.events, module.teacher_for(pool, "crnn", CPU), CPU)


def test_the_students(pool: Pool) -> None:
    whole, fewer = task_of(pool), task_of(with_labels(pool, "park", 1, 0))
    assert len(whole.training.corpus.labeled) == 4
    assert len(fewer.training.corpus.labeled) == 1
    assert len(fewer.training.corpus.unlabeled) == len(whole.training.corpus.unlabeled) + 3
    assert fewer.training.corpus.known_frames().sum() < whole.training.corpus.known_frames().sum()
    assert len(audio_below(pool.root / "park" / "train")) == 4  # nothing on disk has changed


def test_the_teacher(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def counted(model, recordings, *rest):
        seen.append(sum(found.environment == "park" for found in recordings))
        return corpus_for(model, recordings, *rest)

    monkeypatch.setattr(module, "corpus_for", counted)
    whole, fewer = task_of(pool), task_of(with_labels(pool, "park", 1, 0))
    assert seen == [4, 1]
    assert whole.teacher.key != fewer.teacher.key
    # The teacher that is adapted to the site knows no more.
    assert whole.adapted(whole.teacher).head is not None
    assert not torch.equal(whole.adapted(whole.teacher).head.weight, fewer.adapted(fewer.teacher).head.weight)
