"""Teachers: trained once, found again, trained anew when what they learned from has changed."""

import math
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from published import write_published
from tiny import write_folder

import sedkd.teach.stages as stages
import sedkd.teach.teacher as module
from sedkd.data.pool import Pool, folder_pool
from sedkd.data.recordings import digest_of
from sedkd.errors import UserError
from sedkd.features.pack import features_of
from sedkd.models.audioset import AudioSetNet
from sedkd.models.checkpoint import read_header, save_model
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.task.task import Task
from sedkd.teach.adapt import lack
from sedkd.teach.choice import TeacherSettings
from sedkd.teach.teacher import Teacher, corpus_for, teacher_for, teachers_folder
from sedkd.teach.validation import Validation
from sedkd.train.settings import TrainSettings

CPU = torch.device("cpu")
LABELS = ("low", "high")
HEAD_SETTINGS = TrainSettings(steps=3, batch=2, frames=8)
FINE_SETTINGS = TrainSettings(steps=1, batch=2, frames=8)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("teach"), {"park": ("low", "high"), "hall": ("mid", "low")}, clips=3)


@pytest.fixture
def root(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two environments that share one label; teachers of a few steps; a cache of its own."""
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "CRNN", StudentSettings(width=4, depth=2, block="conv", head="gru"))
    monkeypatch.setattr(module, "FROM_SCRATCH", TrainSettings(steps=3, batch=2, frames=8))
    for name, settings in (("HEAD_SETTINGS", HEAD_SETTINGS), ("FINE_SETTINGS", FINE_SETTINGS)):
        monkeypatch.setattr(module, name, settings)
        monkeypatch.setattr(stages, name, settings)
    monkeypatch.setattr(stages, "LOOKS", 1)
    return shutil.copytree(written, tmp_path / "data")


@pytest.fixture
def pool(root: Path) -> Pool:
    return folder_pool(root, {}, "park")


def weights(teacher: Teacher) -> torch.Tensor:
    return teacher.model.state_dict()["classifier.weight"]


def trainings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    train = module._train
    monkeypatch.setattr(module, "_train", lambda kind, *rest: seen.append(kind) or train(kind, *rest))
    return seen


def test_trained_once_and_found_again(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = trainings(monkeypatch)
    told: list[str] = []
    first = teacher_for(pool, "crnn", CPU, progress=lambda what, *_: told.append(what))
    assert "training the teacher" in told
    second = teacher_for(pool, "crnn", CPU)
    assert trained == ["crnn"]
    assert first.key == second.key
    assert torch.equal(weights(first), weights(second))
    assert first.model.labels == pool.labels == ("low", "mid", "high")
    assert not first.model.training
    assert first.origin == "crnn: random weights, trained on the labelled clips of hall, park"
    (path,) = teachers_folder().glob("*.safetensors")
    assert path.stem == first.key
    assert '"environments": ["hall", "park"]' in read_header(path)["notes"]


def test_one_machines_serves_another(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = trainings(monkeypatch)
    (tmp_path / "remote").mkdir()
    monkeypatch.setenv("SEDKD_CACHE_REMOTE", (tmp_path / "remote").as_uri())
    first = teacher_for(pool, "crnn", CPU)
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "another"))
    second = teacher_for(pool, "crnn", CPU)
    assert trained == ["crnn"]
    assert torch.equal(weights(first), weights(second))
    assert first.origin == second.origin


def test_of_two_at_once_one_trains_and_the_other_waits(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    train, begun, waiting = module._train, threading.Event(), threading.Event()
    trained: list[str] = []

    def slowly(kind: str, *rest: object) -> object:
        trained.append(kind)
        begun.set()
        assert waiting.wait(60)
        return train(kind, *rest)

    monkeypatch.setattr(module, "_train", slowly)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(teacher_for, pool, "crnn", CPU, 3)
        assert begun.wait(60)
        told = lambda what, *_: waiting.set() if what.startswith("waiting for the teacher") else None  # noqa: E731
        second = teacher_for(pool, "crnn", CPU, 3, told)
        assert torch.equal(weights(first.result()), weights(second))
    assert trained == ["crnn"]


def test_what_changes_a_teacher(root: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [teacher_for(pool, "crnn", CPU).key, teacher_for(pool, "crnn", CPU, seed=1).key]
    narrower = replace(pool, environments={"park": pool.environments["park"]})
    keys.append(teacher_for(narrower, "crnn", CPU).key)
    monkeypatch.setattr(module, "FROM_SCRATCH", TrainSettings(steps=2, batch=2, frames=8))
    keys.append(teacher_for(pool, "crnn", CPU).key)
    monkeypatch.setattr(module, "CRNN", StudentSettings(width=6, depth=2))
    keys.append(teacher_for(pool, "crnn", CPU).key)
    assert len(set(keys)) == 5
    shutil.copy(root / "park" / "train" / "train0.wav", root / "park" / "train" / "train1.wav")
    assert teacher_for(pool, "crnn", CPU).key not in keys


def test_a_corrected_annotation_trains_anew(root: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = trainings(monkeypatch)
    first = teacher_for(pool, "crnn", CPU)
    table = root / "park" / "train.tsv"
    lines = table.read_text().splitlines()
    name, _, offset, label = lines[1].split("\t")
    table.write_text("\n".join([lines[0], f"{name}\t0.001\t{offset}\t{label}", *lines[2:]]) + "\n")
    second = teacher_for(pool, "crnn", CPU)
    assert first.key != second.key
    assert len(trained) == 2
    names = [f"train{i}.wav" for i in range(3)]  # all of them, so that three small batches meet the change
    table.write_text("\n".join([lines[0], *(f"{name}\t0\t1.5\t{label}" for name in names for label in LABELS)]) + "\n")
    assert not torch.equal(weights(first), weights(teacher_for(pool, "crnn", CPU)))


def test_the_other_splits_do_not_matter(root: Path, pool: Pool) -> None:
    """Neither validation nor test reach a teacher from scratch."""
    key = teacher_for(pool, "crnn", CPU).key
    for split in ("validation", "test"):
        (root / "park" / f"{split}.tsv").unlink()
        shutil.rmtree(root / "park" / split)
    assert teacher_for(pool, "crnn", CPU).key == key


def test_a_class_that_an_environment_does_not_annotate_is_masked(pool: Pool) -> None:
    model = Student(StudentSettings(4, 2), pool.labels)
    recordings = [r for name in pool.environments for r in pool.training(name)]
    corpus = corpus_for(model, recordings, pool, features_of(recordings, model.features))
    known = {"hall": [True, True, False], "park": [True, False, True]}  # of low, mid, high
    assert corpus.annotated.tolist() == [known[r.environment] for r in recordings]
    park = torch.tensor([i for i, r in enumerate(recordings) if r.environment == "park"])
    batch = corpus.window(park, torch.zeros_like(park), 8)
    assert batch.known[..., 1].sum() == 0
    assert batch.known[..., [0, 2]].all()


def test_a_timm_teacher(pool: Pool) -> None:
    teacher = teacher_for(pool, "timm:mobilenetv3_small_050", CPU)
    assert teacher.model.config()["backbone"] == "mobilenetv3_small_050"
    assert teacher.model.state_dict()["mean"].abs().sum() > 0  # standardised by the training clips


def heads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    train = stages.head_over
    monkeypatch.setattr(module, "head_over", lambda file, *rest: seen.append(file.name) or train(file, *rest))
    return seen


def gains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at validation finds a better teacher than the one before."""
    scores = iter(range(1, 1000))
    monkeypatch.setattr(Validation, "mean", lambda self, model: float(next(scores)))


def test_an_audioset_teacher(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its head first, which is kept, and from there the whole network."""
    gains(monkeypatch)
    trained, path = heads(monkeypatch), write_published(tmp_path / "small.pt")
    head = teacher_for(pool, str(path), CPU)
    words = f"{path}: AudioSet weights, trained on the labelled clips of hall, park"
    assert head.origin == f"{words} (head 3 steps)"
    published = torch.load(path, weights_only=True)["features.0.0.weight"]
    assert torch.equal(head.model.state_dict()["body.0.0.weight"], published)
    tuned = teacher_for(pool, str(path), CPU, minutes=math.inf)
    assert trained == ["small.pt"]
    assert tuned.origin == f"{words} (head 3 steps and fine-tuned 1 steps)"
    assert (tuned.model.kind, tuned.key != head.key) == ("audioset", True)
    assert [stage.name for stage in tuned.stages] == ["head", "fine-tuned"]
    assert tuned.stages[0] == head.stages[0]
    found = tuned.model.state_dict()["body.0.0.weight"]
    assert 0 < float((found - published).abs().max()) < 0.01  # one small step from there
    again = teacher_for(pool, str(path), CPU, minutes=math.inf)
    assert trained == ["small.pt"]
    assert (again.origin, again.stages, again.key) == (tuned.origin, tuned.stages, tuned.key)
    assert torch.equal(weights(again), weights(tuned))


def test_a_fine_tuning_that_is_interrupted_keeps_the_head(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained, path = heads(monkeypatch), write_published(tmp_path / "small.pt")

    def interrupt(what: str, done: int, total: int) -> None:
        if what == "fine-tuning the teacher":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        teacher_for(pool, str(path), CPU, progress=interrupt, minutes=math.inf)
    assert len(list(teachers_folder().glob("*.safetensors"))) == 1
    teacher_for(pool, str(path), CPU, minutes=math.inf)
    assert trained == ["small.pt"]
    assert len(list(teachers_folder().glob("*.safetensors"))) == 2


def test_what_changes_an_audioset_teacher(root: Path, pool: Pool, tmp_path: Path) -> None:
    """The minutes that were asked for, not the steps that went into them; and where it was stopped."""
    path = str(write_published(tmp_path / "small.pt"))
    keys = [teacher_for(pool, path, CPU, minutes=minutes).key for minutes in (math.inf, 0, 1, 2)]
    assert len(set(keys)) == 4
    assert teacher_for(pool, path, CPU, minutes=0.0).key == keys[1]
    table = root / "hall" / "validation.tsv"
    table.write_text("\n".join(table.read_text().splitlines()[:-1]) + "\n")
    assert teacher_for(pool, path, CPU, minutes=0).key not in keys


def test_an_audioset_teacher_can_be_adapted(pool: Pool, tmp_path: Path) -> None:
    """What its last layer reads is its embedding, behind the layers over time."""
    head = teacher_for(pool, str(write_published(tmp_path / "small.pt")), CPU, minutes=0)
    assert lack(head, head.model.embedding_size) is None
    park = pool.environments["park"]
    task = Task(pool, park, park.events, head, CPU)
    adapted = task.corpus(TeacherSettings(adaptation="adapted")).teacher
    assert adapted is not None
    assert adapted.attention is not None
    assert not torch.equal(adapted.logits, task.targets.logits)


def test_a_teacher_of_before_is_used_as_it_is(pool: Pool, tmp_path: Path) -> None:
    """Its file tells neither of a head nor of stages."""
    model = AudioSetNet(0.4, pool.labels)
    model.config = lambda: {"width": 0.4, "labels": list(pool.labels)}  # type: ignore[method-assign]
    save_model(model, tmp_path / "before.safetensors", {"origin": "of before"})
    teacher = teacher_for(pool, str(tmp_path / "before.safetensors"), CPU)
    assert torch.equal(weights(teacher), model.classifier.weight)
    assert teacher.stages == ()


@pytest.mark.parametrize("kind", ["cnn", "", "timm", "mn05_as", "crnn:", "own:", ":", ":own", "timm:"])
def test_an_unknown_kind(pool: Pool, kind: str) -> None:
    with pytest.raises(
        UserError, match=f"^--teacher {kind}: expected crnn, timm:NAME, mn04_as, mn10_as, an Effic"
    ) as e:
        teacher_for(pool, kind, CPU)
    assert "\n" not in str(e.value)


OWN = """
import math
import own_parts
from sedkd.models.frame import FrameOutput

class Wrong(own_parts.Plain):
    def forward(self, features):
        output = super().forward(features)
        return {change}

def build(config):
    return Wrong(tuple(config["labels"]))
"""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("FrameOutput(output.logits[:, ::2], output.embedding[:, ::2])", "answered [2, 4, 3], expected [2, 8, 3]"),
        ("FrameOutput(output.logits[..., :2], output.embedding)", "answered [2, 8, 2], expected [2, 8, 3]"),
        ("FrameOutput(output.logits, output.embedding[:, 0])", "embeddings [2, 6], expected [2, 8, channels]"),
        (
            "FrameOutput(output.logits, output.embedding, features[:, None])",
            "answered a feature map [2, 1, 32, 64], expected [2, channels, 8, bands], or None",
        ),
        ("FrameOutput(output.logits * math.nan, output.embedding)", "answered logits that are no finite numbers"),
        ("output.logits", "answered a Tensor, expected a sedkd.models.frame.FrameOutput"),
        ("output.nothing", "cannot answer features [2, 32, 64]: AttributeError: 'FrameOutput' object has no attribute"),
    ],
)
def test_a_teacher_of_ones_own_is_tried_before_it_is_trained(
    change: str, message: str, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_own(change, tmp_path, monkeypatch)
    trained = trainings(monkeypatch)
    with pytest.raises(UserError) as caught:
        teacher_for(pool, "wrong_teacher:build", CPU)
    assert str(caught.value).startswith("--teacher wrong_teacher:build: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert trained == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("FrameOutput(output.logits * (math.nan if self.training else 1), output.embedding)", "its training div"),
        ("FrameOutput(output.logits * (math.nan if self.out.weight.grad is not None and not self.training else 1), "
         "output.embedding)", "answered logits that are no finite numbers"),
    ],
)  # fmt: skip
def test_a_teacher_of_ones_own_that_learns_nonsense_is_one_line(
    change: str, message: str, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_own(change, tmp_path, monkeypatch)
    with pytest.raises(UserError, match=f"^--teacher wrong_teacher:build: {message}"):
        teacher_for(pool, "wrong_teacher:build", CPU)
    assert not list(teachers_folder().glob("*.safetensors"))


def test_a_teacher_of_ones_own_that_cannot_be_built_is_one_line(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_own("output", tmp_path, monkeypatch)
    (tmp_path / "wrong_teacher.py").write_text("def build(config):\n    return config['label']\n")
    with pytest.raises(
        UserError, match=r"^--teacher wrong_teacher:build: cannot be built: KeyError: 'label' \(.*line 2"
    ):
        teacher_for(pool, "wrong_teacher:build", CPU)


def test_a_partial_makes_a_teacher_as_well(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write_own("output", tmp_path, monkeypatch)
    with (tmp_path / "wrong_teacher.py").open("a") as file:
        file.write("\nimport functools\nmade = functools.partial(build)\n")
    assert teacher_for(pool, "wrong_teacher:made", CPU).model.labels == pool.labels


def _write_own(change: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "wrong_teacher.py").write_text(OWN.format(change=change))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "wrong_teacher", raising=False)


def test_kinds_whose_files_are_not_there(pool: Pool, tmp_path: Path) -> None:
    for kind, message in [
        ("mn04_as", "run `sedkd teacher fetch mn04_as`"),
        (str(tmp_path / "gone.pt"), r"gone\.pt"),
        (str(tmp_path / "gone.safetensors"), r"gone\.safetensors: no such file"),
        ("timm:nosuch", "timm has no model 'nosuch'"),
    ]:
        with pytest.raises(UserError, match=message):
            teacher_for(pool, kind, CPU)


def test_a_given_teacher_is_used_as_it_is(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = trainings(monkeypatch)
    model = Student(StudentSettings(4, 2), ("siren", "high"))
    save_model(model, tmp_path / "mine.safetensors")
    teacher = teacher_for(pool, str(tmp_path / "mine.safetensors"), CPU)
    assert trained == []
    assert torch.equal(weights(teacher), model.classifier.weight)
    assert teacher.origin == "mine.safetensors, used as it is"
    save_model(Student(StudentSettings(4, 2), ("siren", "high")), tmp_path / "other.safetensors")
    assert teacher_for(pool, str(tmp_path / "other.safetensors"), CPU).key != teacher.key


def test_a_given_teacher_goes_to_the_device(pool: Pool, tmp_path: Path) -> None:
    save_model(Student(StudentSettings(4, 2), ("high",)), tmp_path / "mine.safetensors")
    teacher = teacher_for(pool, str(tmp_path / "mine.safetensors"), torch.device("meta"))
    assert weights(teacher).device.type == "meta"


def test_a_given_teacher_that_knows_nothing_of_it(pool: Pool, tmp_path: Path) -> None:
    save_model(Student(StudentSettings(4, 2), ("siren", "horn")), tmp_path / "mine.safetensors")
    with pytest.raises(UserError, match=r"mine\.safetensors: this teacher knows none .*; it knows: siren, horn"):
        teacher_for(pool, str(tmp_path / "mine.safetensors"), CPU)


def test_the_digest_of_recordings_is_part_of_it(pool: Pool) -> None:
    recordings = pool.training("park")
    bare = [replace(r, events=()) for r in recordings]
    unheard = [replace(r, events=None) for r in recordings]
    assert len({digest_of(recordings), digest_of(bare), digest_of(unheard)}) == 3
