"""No tensor of the CPU meets one of the GPU, whatever a trial draws: shown on a device that is only pretended.

`tests/helpers/pretend.py` holds the numbers on the CPU, and refuses what a GPU would refuse.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
import torch
from pretend import Pretend, second_device
from tiny import tone, write_folder

import sedkd.cost.latency as latency
import sedkd.cost.summary as summary
import sedkd.distill
import sedkd.teach.teacher as teacher
import sedkd.trial.generic as generic
from sedkd.compare.arms import Arm, ArmSettings, arms
from sedkd.compare.result import on_test
from sedkd.compare.training import train_all
from sedkd.data.pool import folder_pool
from sedkd.distill.registry import needs_teacher
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.task.task import Task
from sedkd.teach.choice import TeacherSettings
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import run_trial

QUICK = TrainSettings(steps=2, batch=8, frames=8)
SHARES = replace(QUICK, unlabeled_share=0.25, foreign_share=0.25)
SMALL = Configuration(StudentSettings(4, 2, "separable", "gru"), SHARES)
STRATEGIES = {
    file.stem for file in Path(sedkd.distill.__path__[0]).glob("*.py") if "class Strategy" in file.read_text()
}
TAUGHT = {name for name in STRATEGIES if needs_teacher(name)}  # a trial of many terms is as quick as one of one


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Task]:
    """Two environments, weak labels, two teachers; everything there is on the pretended GPU."""
    labels = {"park": ("low", "high"), "hall": ("mid", "low")}
    root = write_folder(tmp_path_factory.mktemp("devices"), labels, clips=3)
    (root / "park" / "weak").mkdir()
    soundfile.write(root / "park" / "weak" / "w.wav", tone(1.5), 16000)
    (root / "park" / "weak.tsv").write_text("filename\tevent_labels\nw.wav\tlow\n")
    with pytest.MonkeyPatch.context() as patch, second_device() as cuda:
        patch.setenv("SEDKD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(teacher, "CRNN", StudentSettings(4, 2, "conv", "gru"))
        for module, name in ((teacher, "FROM_SCRATCH"), (generic, "TRAINING")):
            patch.setattr(module, name, QUICK)
        patch.setattr(latency, "RUNS", 1)
        patch.setattr(summary, "macs_per_second", lambda _: 1.0)  # traced, on the CPU: no trace survives the pretence
        pool = folder_pool(root, {}, "park")
        first, second = (teacher.teacher_for(pool, "crnn", cuda, seed) for seed in (0, 1))
        park = pool.environments["park"]
        yield Task(pool, park, park.events, first, cuda, others=(second,))


def trained(task: Task, configuration: Configuration) -> Student:
    """The student of a whole trial with everything on the pretended GPU."""
    with second_device():
        student = run_trial(configuration, task).student
    assert not any(isinstance(tensor, Pretend) for tensor in student.state_dict().values())
    assert all(bool(tensor.isfinite().all()) for tensor in student.state_dict().values())
    return student


def test_the_pretence_refuses_what_a_gpu_would() -> None:
    with second_device() as cuda:
        there, here = torch.arange(6.0).reshape(2, 3).to(cuda), torch.ones(2, 3)
        index = torch.tensor([1])
        allowed = (
            there + 1,
            there * torch.tensor(2.0),
            there[index],
            there[index.to(cuda)],
            here[index],
            there.mean(0),
        )
        assert [tuple(found.shape) for found in allowed] == [(2, 3), (2, 3), (1, 3), (1, 3), (1, 3), (3,)]
        assert torch.equal(there[index].cpu(), torch.tensor([[3.0, 4.0, 5.0]]))
        assert there[:, [2, 0]].tolist() == [[2.0, 0.0], [5.0, 3.0]]
        assert there.new_tensor(7.0).tolist() == 7.0
        assert here.copy_(there).device.type == "cpu"
        assert there.device.type == torch.zeros(2, device=cuda).device.type == there.new_zeros(2).device.type == "cuda"
        for refused in (
            lambda: there + here,
            lambda: torch.stack([there, here]),
            lambda: here[index.to(cuda)],
            lambda: torch.where(there > 0, there, here),
            lambda: torch.nn.Linear(3, 1)(there),
            lambda: there.__setitem__(index, here[index]),
            lambda: torch.nn.functional.binary_cross_entropy_with_logits(there, here),
        ):
            with pytest.raises(RuntimeError, match="device"):
                refused()
        with pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
            there.numpy()


def test_it_learns_what_the_cpu_learns(task: Task) -> None:
    """The pretence changes no number but for the order of sums."""
    near = Task(task.pool, task.environment, task.events, replace(task.teacher, model=_here(task)), torch.device("cpu"))
    here = run_trial(replace(SMALL, strategy="response"), near).student.state_dict()
    there = trained(task, replace(SMALL, strategy="response")).state_dict()
    for name, tensor in here.items():
        torch.testing.assert_close(there[name], tensor, atol=1e-3, rtol=1e-2)


def _here(task: Task) -> Student:
    with second_device():
        model = task.teacher.model
        twin = Student(model.settings, model.labels)
        twin.load_state_dict({name: tensor.cpu() for name, tensor in model.state_dict().items()})
        return twin.eval()


def test_what_is_begun_from_may_lie_elsewhere() -> None:
    with second_device() as cuda:
        for here, there in ((torch.device("cpu"), cuda), (cuda, torch.device("cpu")), (cuda, cuda)):
            student, learned = Student(SMALL.student, ("b", "c")).to(here), Student(SMALL.student, ("a", "b")).to(there)
            generic.start_from(student, learned)
            assert {tensor.device.type for tensor in student.state_dict().values()} == {here.type}
            assert torch.equal(student.classifier.weight[0].cpu(), learned.classifier.weight[1].cpu())


@pytest.mark.parametrize("strategy", ["none", "+".join(sorted(TAUGHT)), "+".join(sorted(STRATEGIES - TAUGHT))])
def test_every_strategy(task: Task, strategy: str) -> None:
    trained(task, replace(SMALL, strategy=strategy))


@pytest.mark.parametrize(
    ("start", "targets"),
    [("random", "all"), ("generic", "own"), ("generic", "all"), ("slice", "all")],
)
def test_every_start(task: Task, start: str, targets: str) -> None:
    trained(task, replace(SMALL, strategy="response", initialisation=start, teacher=TeacherSettings(targets)))


@pytest.mark.parametrize(
    ("targets", "adaptation", "ensemble"),
    [
        ("own", "adapted", "first"),
        ("own", "general", "mean"),
        ("all", "adapted", "mean"),
        ("all", "general", "weighted"),
        ("own", "adapted", "weighted"),
    ],
)
def test_every_teacher(task: Task, targets: str, adaptation: str, ensemble: str) -> None:
    settings = TeacherSettings(targets, adaptation, ensemble)
    trained(task, replace(SMALL, strategy="response+attention+hint", teacher=settings))


@pytest.mark.parametrize("block", ["mobilenet", "timm:mobilenetv3_small_050"])
def test_every_block(task: Task, block: str) -> None:
    trained(task, replace(SMALL, student=StudentSettings(4, 2, block), strategy="response"))


@pytest.mark.slow
@pytest.mark.parametrize("together", [1, 2])
def test_a_comparison(task: Task, tmp_path: Path, together: int) -> None:
    student = StudentSettings(4, 2)
    asked = [Arm(arm.name, arm.tries[:1]) for arm in arms(ArmSettings(student, QUICK, "response", {}, 2, True))]
    with second_device(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sedkd.train.packing.best_size", lambda *_: together)
        found = train_all(asked, task, 1, tmp_path, "f1_segment", lambda *_: lambda *_: None)
        result = on_test(task, found, 1, "f1_segment", tmp_path / "decisions.json")
    assert [arm["name"] for arm in result["arms"]] == [arm.name for arm in asked]
