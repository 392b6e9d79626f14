"""Whatever lies in the cache may be cut or overwritten: it is named in a warning and made again, the same."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
import torch

from sedkd.cost.known import known_cost
from sedkd.data.datasets.leaks import decoded_hash
from sedkd.data.pool import folder_pool
from sedkd.errors import SedkdWarning
from sedkd.models.settings import StudentSettings
from sedkd.synth import builtin
from sedkd.task.task import Task
from sedkd.teach import teacher as teaching
from sedkd.teach.teacher import teacher_for
from sedkd.train.settings import TrainSettings
from sedkd.trial import generic

SMALL = StudentSettings(4, 2)
CPU = torch.device("cpu")


@pytest.fixture
def making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[object]]:
    """Makes or reads one thing of each kind; what came out, to be compared."""
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(teaching, "CRNN", SMALL)
    monkeypatch.setattr(builtin, "COUNTS", {"train": 2, "unlabeled": 2, "validation": 2, "test": 2})
    quick = TrainSettings(steps=2, batch=2, frames=8)
    for module, name in ((teaching, "FROM_SCRATCH"), (generic, "TRAINING")):
        monkeypatch.setattr(module, name, quick)
    root = tiny.write_folder(tmp_path / "data", {"farm": ("low", "high"), "yard": ("low", "mid")}, clips=2)

    def make() -> list[object]:
        pool = folder_pool(root, {}, "farm")
        taught_by = teacher_for(pool, "crnn", CPU)
        task = Task(pool, pool.environments["farm"], ("low", "high"), taught_by, CPU)
        models = [taught_by.model, generic.generic_student(SMALL, task)]
        soundscapes = builtin.ensure(builtin.default_root(), "home", "train")
        return [
            *(float(sum(p.detach().double().abs().sum() for p in model.parameters())) for model in models),
            float(task.training.corpus.frames.double().sum()),
            float(task.teacher_answers(task.validation).probabilities[0].sum()),
            known_cost(SMALL, 2),
            decoded_hash(root / "farm" / "train" / "train0.wav"),
            sorted((path.name, path.stat().st_size) for path in soundscapes.rglob("*.*")),
        ]

    return make


def files_in(cache: Path) -> list[Path]:
    return sorted(p for p in cache.rglob("*") if p.is_file() and p.suffix != ".lock" and p.name != "README.txt")


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"\xff{no\n" * 9])
def test_each_file_of_the_cache_is_made_again(
    tmp_path: Path, making: Callable[[], list[object]], damage: Callable[[bytes], bytes]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SedkdWarning)
        first = making()
        assert making() == first
    found = files_in(tmp_path / "cache")
    kinds = {path.relative_to(tmp_path / "cache").parts[0] for path in found}
    assert kinds >= {"costs", "decoded", "features", "generic", "soundscapes", "targets", "teachers"}
    one_of_each = {(path.relative_to(tmp_path / "cache").parts[0], path.suffix): path for path in found}
    for path in one_of_each.values():
        before = path.stat().st_size
        path.write_bytes(damage(path.read_bytes()))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", SedkdWarning)
            assert making() == first
        told = [str(w.message) for w in caught if issubclass(w.category, SedkdWarning)]
        shown = path.with_suffix("") if path.suffix == ".tsv" else path.parent if path.suffix == ".wav" else path
        assert len(told) <= 1
        # An array's index, which is whole, stands for both; an empty database is a new one.
        alike = {str(shown), str(path.with_suffix(".json"))}
        assert path.name == "files.sqlite" or any(told[0].startswith(f"{name}: ") for name in alike), told
        assert all("made again" in line and "\n" not in line for line in told)
        assert path.stat().st_size == before or path.suffix == ".sqlite"
    with warnings.catch_warnings():
        warnings.simplefilter("error", SedkdWarning)
        assert making() == first
