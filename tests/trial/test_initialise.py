"""Every initialisation brings the weights it promises, and a mistake is one line."""

import shutil
from pathlib import Path

import huggingface_hub
import pytest
import timm
import torch
from safetensors.torch import save_file
from tiny import write_folder
from torch import Tensor

import sedkd.trial.generic as generic
from sedkd.data.pool import folder_pool
from sedkd.errors import UserError
from sedkd.models.audioset import audioset_start
from sedkd.models.settings import StudentSettings
from sedkd.models.slicing import sliced
from sedkd.models.student import Student
from sedkd.task.task import Task
from sedkd.teach.teacher import Teacher
from sedkd.train.settings import TrainSettings
from sedkd.trial.generic import generic_student
from sedkd.trial.initialise import initialised
from sedkd.trial.starts import check_start

LABELS = ("high", "low")
MOBILENET = StudentSettings(8, 4, "mobilenet", "gru")
NAME = "mobilenetv3_small_050"
TIMM = StudentSettings(16, 3, f"timm:{NAME}", "gru")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory):
    root = write_folder(tmp_path_factory.mktemp("start"), {"park": ("low", "high"), "hall": ("mid", "low")}, clips=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEDKD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(generic, "TRAINING", TrainSettings(steps=3, batch=2, frames=8))
        pool = folder_pool(root, {}, "park")
        teacher = Teacher(Student(StudentSettings(4, 2), ("high", "mid", "low")).eval(), "t", "crnn", "a test")
        yield Task(pool, pool.environments["park"], LABELS, teacher, torch.device("cpu"))


@pytest.fixture
def empty_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub that nothing answers, and its cache."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    return tmp_path / "hub"


def whole(seed: int = 1, **options) -> torch.nn.Module:
    """A whole timm model with weights of its own, as one is published."""
    torch.manual_seed(seed)
    model = timm.create_model(NAME, **options)
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.normal_() if tensor.is_floating_point() else tensor.fill_(7)
    return model


def weights_of(student: Student) -> dict[str, Tensor]:
    return {name.removeprefix("blocks.network."): tensor for name, tensor in student.state_dict().items()}


def is_standardised(student: Student, task: Task) -> bool:
    mean, std = task.training.corpus.statistics()
    return torch.equal(student.mean, mean) and torch.equal(student.std, std) and bool(mean.abs().sum() > 0)


def test_random(task: Task) -> None:
    settings = StudentSettings(4, 2, "conv")
    first, again = (initialised(settings, LABELS, "random", task, seed=3) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    other = initialised(settings, LABELS, "random", task, seed=4)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)
    assert is_standardised(first, task)


@pytest.mark.parametrize("block", ["separable", "mobilenet"])
def test_generic(task: Task, block: str) -> None:
    settings = StudentSettings(4, 2, block)
    told: list[str] = []
    student = initialised(settings, LABELS, "generic", task, progress=lambda what, *_: told.append(what))
    found = generic_student(settings, task)
    expected = found.state_dict()
    assert all(torch.equal(t, expected[n]) for n, t in student.state_dict().items() if "classifier" not in n)
    assert torch.equal(student.classifier.bias, found.classifier.bias[[found.labels.index(label) for label in LABELS]])
    assert set(told) == {"training the generic student"}


@pytest.mark.parametrize(("block", "head"), [("conv", "none"), ("separable", "gru")])
def test_slice(task: Task, block: str, head: str) -> None:
    settings = StudentSettings(4, 2, block, head)
    student = initialised(settings, LABELS, "slice", task)
    wide = generic_student(StudentSettings(32, 2, block, head), task)
    narrow = sliced(wide, settings)
    expected = narrow.state_dict()
    assert (student.settings, student.labels) == (settings, LABELS)
    assert all(torch.equal(t, expected[n]) for n, t in student.state_dict().items() if "classifier" not in n)
    rows = [wide.labels.index(label) for label in LABELS]
    assert torch.equal(student.classifier.weight, narrow.classifier.weight[rows])
    assert set(student.stem[0].weight.flatten().tolist()) <= set(wide.stem[0].weight.flatten().tolist())


@pytest.mark.parametrize("depth", [1, 5])
def test_audioset(task: Task, shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, depth: int) -> None:
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path))
    (tmp_path / "weights").mkdir()
    shutil.copy(shared / "data" / "weights" / "mn04_as_mAP_432.pt", tmp_path / "weights")
    settings = StudentSettings(8, depth, "mobilenet", "gru")
    student = initialised(settings, LABELS, "audioset", task)
    published = audioset_start(shared / "data" / "weights" / "mn04_as_mAP_432.pt", LABELS).body.state_dict()
    ours = student.blocks.network.state_dict()
    assert len(ours) > 5
    assert all(torch.equal(tensor, published[name]) for name, tensor in ours.items())
    assert is_standardised(student, task)
    bare = initialised(settings, LABELS, "random", task)
    assert torch.equal(student.classifier.weight, bare.classifier.weight)
    assert not torch.equal(student.blocks.network[0][0].weight, bare.blocks.network[0][0].weight)


def test_audioset_weights_that_are_not_there(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path))
    with pytest.raises(UserError, match="mn04_as is not in the cache: run `sedkd teacher fetch mn04_as`"):
        initialised(MOBILENET, LABELS, "audioset", task)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt", ".bin"])
@pytest.mark.parametrize("channels", [3, 1])
def test_a_timm_file(task: Task, tmp_path: Path, suffix: str, channels: int, caplog) -> None:
    model, path = whole(in_chans=channels, num_classes=10), tmp_path / f"weights{suffix}"
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    student = initialised(TIMM, LABELS, f"timm:{path}", task)
    ours = {name.removeprefix("model."): t for name, t in student.blocks.network.backbone.state_dict().items()}
    assert len(ours) > 20
    torch.testing.assert_close(ours.pop("conv_stem.weight"), state["conv_stem.weight"].sum(1, keepdim=True))
    assert all(torch.equal(tensor, state[name]) for name, tensor in ours.items())
    assert is_standardised(student, task)
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_timm_from_the_hub(task: Task, empty_hub: Path) -> None:
    """What was fetched once is found without a network."""
    state = whole().state_dict()
    repository = empty_hub / f"models--timm--{NAME}.lamb_in1k"
    (repository / "snapshots" / "abc").mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    save_file(state, repository / "snapshots" / "abc" / "model.safetensors")
    student = initialised(TIMM, LABELS, "timm", task)
    assert torch.equal(student.blocks.network.backbone.state_dict()["model.bn1.weight"], state["bn1.weight"])


def test_the_hub_cannot_be_reached(task: Task, empty_hub: Path, caplog) -> None:
    with pytest.raises(UserError) as caught:
        initialised(TIMM, LABELS, "timm", task)
    assert f"cannot fetch the weights of timm model '{NAME}' ([Errno" in str(caught.value)
    assert f"download model.safetensors of http://127.0.0.1:9/timm/{NAME}.lamb_in1k" in str(caught.value)
    assert "write initialisation: timm:PATH/model.safetensors" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not caplog.records


class Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_timm_files_that_do_not_fit(task: Task, tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("no checkpoint")
    (tmp_path / "text.safetensors").write_text("no checkpoint")
    torch.save({"conv_stem.weight": Trap(tmp_path / "touched")}, tmp_path / "trap.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save(timm.create_model("resnet10t").state_dict(), tmp_path / "other.pth")
    torch.save(timm.create_model("mobilenetv3_small_075").state_dict(), tmp_path / "wider.pth")
    for name, message in {
        "gone.pth": "no such file",
        "text.pth": "not a checkpoint that loads with weights_only=True",
        "text.safetensors": "not a checkpoint that loads with weights_only=True",
        "trap.pt": "not a checkpoint that loads with weights_only=True",
        "list.pt": "not a checkpoint that loads with weights_only=True",
        "other.pth": f"not the weights of timm model '{NAME}': it has no blocks.0.0.bn1.bias",
        "wider.pth": f"not the weights of timm model '{NAME}': size mismatch for",
    }.items():
        with pytest.raises(UserError) as caught:
            initialised(TIMM, LABELS, f"timm:{tmp_path / name}", task)
        assert str(caught.value).startswith(f"{tmp_path / name}: {message}")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    ("initialisation", "student", "message"),
    [
        ("zero", StudentSettings(), "must be one of random, generic, slice, audioset, timm, timm:FILE"),
        ("random:x.pt", StudentSettings(), "initialisation must be one of .*, not random:x.pt"),
        ("slice", MOBILENET, "initialisation slice needs student.block conv or separable, not mobilenet"),
        ("slice", StudentSettings(33), "initialisation slice needs student.width up to 32, not 33"),
        ("audioset", StudentSettings(8), "initialisation audioset needs student.block mobilenet, not separable"),
        (
            "audioset",
            StudentSettings(16, 3, "mobilenet"),
            r"initialisation audioset needs student.width 8 \(mn04_as\) or 20 \(mn10_as\), not 16",
        ),
        ("timm", MOBILENET, "initialisation timm needs student.block timm:NAME, not mobilenet"),
        ("timm:a.pth", StudentSettings(), "initialisation timm:a.pth needs student.block timm:NAME, not separable"),
        ("timm:a.npz", TIMM, "initialisation timm:a.npz: expected a file .safetensors, .pth, .pt, .bin"),
        ("timm:", TIMM, "initialisation timm:: expected a file"),
    ],
)
def test_what_an_architecture_does_not_allow(initialisation: str, student: StudentSettings, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_start(initialisation, student)
