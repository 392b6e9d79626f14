"""A teacher from published weights: a head over stored embeddings, then the whole network, each as long as it gains."""

import math
import shutil
from pathlib import Path

import pytest
import torch
from published import write_published
from tiny import write_folder

import sedkd.teach.stages as module
import sedkd.teach.targets as targets
import sedkd.teach.validation as validation
from sedkd.data.pool import Pool, folder_pool
from sedkd.features.pack import features_of
from sedkd.models.audioset import AudioSetNet, audioset_start
from sedkd.models.frame import FrameModel
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.teach.embeddings import Embeddings, HeadAlone
from sedkd.teach.model import Stage, corpus_for
from sedkd.teach.stages import fine_tune, fitting, head_over
from sedkd.teach.validation import PATIENCE, Best, Ended, Validation
from sedkd.train.fit import Checkpoint
from sedkd.train.infer import probabilities
from sedkd.train.settings import TrainSettings

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_published(tmp_path_factory.mktemp("published") / "small.pt")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("stages"), {"park": ("low", "high"), "hall": ("mid", "low")}, clips=3)


@pytest.fixture
def root(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two environments that share one label; stages of a few steps; a cache of its own."""
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "HEAD_SETTINGS", TrainSettings(steps=20, batch=6, frames=12, learning_rate=1e-2))
    monkeypatch.setattr(module, "FINE_SETTINGS", TrainSettings(steps=4, batch=2, frames=8, learning_rate=1e-3))
    monkeypatch.setattr(module, "LOOKS", 2)
    return shutil.copytree(written, tmp_path / "data")


@pytest.fixture
def pool(root: Path) -> Pool:
    return folder_pool(root, {}, "park")


def test_a_head_leaves_the_published_weights_alone(pool: Pool, published: Path) -> None:
    model, stage = head_over(published, pool, 0, CPU, None)
    start = audioset_start(published, pool.labels)
    for part in ("body", "neck"):
        expected, found = getattr(start, part).state_dict(), getattr(model, part).state_dict()
        assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert (model.head, model.labels, model.training) == ("gru", pool.labels, False)
    assert model.embedding_size == model.classifier.in_features == 128
    assert (stage.name, stage.steps) in {("head", 10), ("head", 20)}  # where it was looked at
    assert set(stage.f1) == {"hall", "park"}
    untrained = audioset_start(published, pool.labels, "gru")
    assert not torch.equal(model.classifier.weight, untrained.classifier.weight)


@pytest.mark.parametrize("head", ["none", "gru"])
def test_over_stored_embeddings_it_answers_as_the_whole_network(pool: Pool, published: Path, head: str) -> None:
    model = audioset_start(published, pool.labels, head).eval()
    recordings = pool.training("park")
    stored = Embeddings(published, model, pool, None).split(recordings)
    whole = corpus_for(model, recordings, pool, features_of(recordings, model.features))
    assert stored.corpus.frames.shape == (int(whole.out_starts[-1]), 512)
    assert torch.equal(stored.corpus.targets, whole.targets)
    for one, other in zip(probabilities(HeadAlone(model), stored.corpus), probabilities(model, whole), strict=True):
        torch.testing.assert_close(torch.from_numpy(one), torch.from_numpy(other), atol=2e-3, rtol=0)


def test_embeddings_are_computed_once(pool: Pool, published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption of what comes behind them does not lose them."""
    told: list[str] = []

    def interrupt(what: str, done: int, total: int) -> None:
        told.append(what)
        if what == "training the teacher's head":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        head_over(published, pool, 0, CPU, interrupt)
    assert "computing the teacher's embeddings" in told
    monkeypatch.setattr(targets, "write_answers", None)
    told.clear()
    head_over(published, pool, 1, CPU, lambda what, *_: told.append(what))
    assert set(told) == {"training the teacher's head"}


def test_fine_tuning_moves_the_whole_network(pool: Pool, published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = head_over(published, pool, 0, CPU, None)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    scores = iter([0.1, 0.2, 0.3])  # of the head, and after 2 and 4 steps
    monkeypatch.setattr(Validation, "mean", lambda self, model: next(scores))
    told: list[tuple[str, int, int]] = []
    stage = fine_tune(model, pool, 0, math.inf, lambda *now: told.append(now))
    assert (stage.name, stage.steps) == ("fine-tuned", 4)
    assert told[-1] == ("fine-tuning the teacher", 4, 4)
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert {"classifier.weight", "temporal.gru.weight_hh_l0", "body.0.0.weight", "neck.0.weight"} <= moved
    assert not moved & {name for name in before if "running" in name}  # the published statistics
    assert not model.training


def test_what_does_not_gain_is_thrown_away(pool: Pool, published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = head_over(published, pool, 0, CPU, None)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    scores = iter([0.5, 0.4, 0.5])
    monkeypatch.setattr(Validation, "mean", lambda self, model: next(scores))
    assert fine_tune(model, pool, 0, math.inf, None).steps == 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_no_time_is_no_step(pool: Pool, published: Path) -> None:
    model, _ = head_over(published, pool, 0, CPU, None)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    stage = fine_tune(model, pool, 0, 1e-6, None)
    assert (stage.steps, set(stage.f1)) == (0, {"hall", "park"})
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_time_that_is_up_ends_it(pool: Pool, published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where steps became slower than planned."""
    monkeypatch.setattr(module, "_step_seconds", lambda *_: 1e-9)
    monkeypatch.setattr(module, "FINE_SETTINGS", TrainSettings(steps=10**6, batch=2, frames=8))
    monkeypatch.setattr(module, "LOOKS", 10**6)
    model, _ = head_over(published, pool, 0, CPU, None)
    done: list[int] = []
    fine_tune(model, pool, 0, 0.05, lambda what, step, total: done.append(step))
    assert 0 < done[-1] < 10**6


def test_what_goes_into_the_time_by_hand() -> None:
    # A fifth of 100 s are two looks of 10 s; what they leave are 40 steps of 2 s.
    assert fitting(100, 2, 10) == (40, 2)
    assert fitting(100, 2, 0) == (50, module.LOOKS)
    assert fitting(9, 2, 10) == (0, 1)


def test_without_validation_all_steps_are_taken(root: Path, pool: Pool, published: Path) -> None:
    for name in pool.environments:
        (root / name / "validation.tsv").unlink()
    model, stage = head_over(published, pool, 0, CPU, None)
    assert (stage.steps, stage.f1) == (20, {})
    assert fine_tune(model, pool, 0, math.inf, None).steps == 4


def test_validation_is_that_of_the_environments_that_have_one(root: Path, pool: Pool, published: Path) -> None:
    (root / "hall" / "validation.tsv").unlink()
    _, stage = head_over(published, pool, 0, CPU, None)
    assert set(stage.f1) == {"park"}


class Fixed(Validation):
    """Answers scores that were given."""

    def __init__(self, scores: list[float]) -> None:
        super().__init__({})
        object.__setattr__(self, "left", iter(scores))

    def mean(self, model: FrameModel) -> float:
        return next(self.left)  # type: ignore[attr-defined]


def test_training_ends_where_it_gains_no_more() -> None:
    model = Student(StudentSettings(2, 1), ("a",))
    best = Best(model, Fixed([0.1, 0.3, *[0.2] * PATIENCE]))
    watch = best.watch(9)
    assert watch.evaluate is not None
    assert watch.report is not None

    def look(step: int) -> None:
        with torch.no_grad():
            model.classifier.bias.fill_(step)
        watch.report(Checkpoint(step, 99, 0.0, watch.evaluate(model), 0.0))  # type: ignore[misc]

    for step in range(1, PATIENCE + 2):
        look(step)
    with pytest.raises(Ended):
        look(PATIENCE + 2)
    best.restore()
    assert (best.steps, best.score, model.classifier.bias.item()) == (2, 0.3, 2)


def test_each_environment_by_the_labels_that_it_annotates(pool: Pool, published: Path) -> None:
    """A teacher that hears everything everywhere is not blamed for what nobody listened for."""
    model = audioset_start(published, pool.labels)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.fill_(9)
    splits = validation.validation_of(pool, Embeddings(published, model, pool, None).split)
    found = splits.scores(HeadAlone(model))
    for name, f1 in found.items():
        clips = pool.validation(name)
        per_label = []
        for label in pool.environments[name].events:
            seconds = [-(-clip.duration // 1) for clip in clips]
            spans = [[e for e in clip.events or () if e.event_label == label] for clip in clips]
            heard = sum(len({s for e in own for s in range(int(e.onset), int(-(-e.offset // 1)))}) for own in spans)
            per_label.append(2 * heard / (heard + sum(seconds)))
        assert f1 == pytest.approx(sum(per_label) / len(per_label))


def test_a_stage_is_plain_data() -> None:
    from dataclasses import asdict

    from sedkd.teach.model import stages_from

    stage = Stage("head", 3, 1.5, {"park": 0.5, "hall": None})
    assert stages_from({"stages": [asdict(stage)]}) == (stage,)
    assert stages_from({"kind": "crnn"}) == ()


def test_a_network_of_before_has_no_layers_over_time() -> None:
    """Its file names no head."""
    from sedkd.models.audioset import audioset_net_from

    model = audioset_net_from({"width": 0.4, "labels": ["a"]})
    assert isinstance(model, AudioSetNet)
    assert (model.head, model.embedding_size) == ("none", 512)
    assert not [name for name in model.state_dict() if name.startswith("temporal")]
