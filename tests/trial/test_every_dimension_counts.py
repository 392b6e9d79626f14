"""Every dimension of the default space makes another student of it: one that does not is drawn for nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import clip, random_events, write_folder

import sedkd.teach.teacher as teacher
import sedkd.trial.generic as generic
from search.setup.setting import DEFAULT, spaces_folder
from search.space.dimensions import STRATEGY, Choice
from search.space.reading import space_from
from sedkd.data.pool import folder_pool
from sedkd.disk.yaml_file import read_yaml
from sedkd.models.settings import StudentSettings
from sedkd.task.task import Task
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat
from sedkd.trial.running import run_trial

PATH = spaces_folder() / f"{DEFAULT}.yaml"
SPACE = space_from(read_yaml(PATH), PATH)
STEPS = TrainSettings(steps=8, batch=8, frames=12)
SMALL = {"student_width": 4, "student_depth": 2, "student_head": "none"}
LEARNT = [d for d in SPACE.dimensions if d.name != STRATEGY and not d.name.startswith("student.")]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory):
    """Park beside hall, weak labels, and two tiny teachers that know both."""
    import soundfile

    root = write_folder(
        tmp_path_factory.mktemp("counts"), {"park": ("low", "high"), "hall": ("mid", "low")}, clips=6, seconds=2.0
    )
    (root / "park" / "weak").mkdir()
    soundfile.write(
        root / "park" / "weak" / "w.wav", clip(2.0, random_events(["low"], 2.0, np.random.default_rng(9))), 16000
    )
    (root / "park" / "weak.tsv").write_text("filename\tevent_labels\nw.wav\tlow\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEDKD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(teacher, "CRNN", StudentSettings(8, 3, "conv", "gru"))
        patch.setattr(teacher, "FROM_SCRATCH", TrainSettings(steps=40, batch=6, frames=16, learning_rate=1e-2))
        patch.setattr(generic, "TRAINING", replace(STEPS, steps=5))
        pool, cpu = folder_pool(root, {}, "park"), torch.device("cpu")
        park = pool.environments["park"]
        first, second = (teacher.teacher_for(pool, "crnn", cpu, seed) for seed in (0, 1))
        yield Task(pool, park, park.events, first, cpu, None, (second,))


@pytest.mark.parametrize("dimension", LEARNT, ids=lambda dimension: dimension.name)
def test_it_makes_another_student(task: Task, dimension) -> None:
    strategies = [name for name in SPACE.choices(STRATEGY) if dimension.name in SPACE.defaults(strategy=name)]
    assert strategies
    values = dimension.choices if isinstance(dimension, Choice) else dimension.extremes()
    first, *others = (_trained(task, strategies[0], dimension.name, value) for value in values)
    assert all(not torch.equal(first, other) for other in others)


def _trained(task: Task, strategy: str, name: str, value: object) -> torch.Tensor:
    """The weights of a small student of this strategy, whose other values are the space's defaults."""
    ensemble = {"teacher_ensemble": "mean"} if "teacher.ensemble" in SPACE.defaults(strategy=strategy) else {}
    pinned = {**SMALL, STRATEGY: strategy, **ensemble, name.replace(".", "_"): value}
    result = run_trial(from_flat(SPACE.defaults(**pinned), STEPS), task)
    return torch.cat([part.flatten() for part in result.student.parameters()])
