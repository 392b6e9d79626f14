"""Training: it learns, repeats itself, says when it diverges, and draws what it is told to."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from sedkd.distill.batch import Batch
from sedkd.distill.labels import Labels
from sedkd.distill.term import Term
from sedkd.models.frame import FrameOutput
from sedkd.models.student import Student, StudentSettings
from sedkd.train.corpus import Corpus, TeacherOutputs
from sedkd.train.fit import TrainingDiverged, TrainSettings, _Magnitudes, _rate, _Sampler, fit

LABELS = ("low", "high")
QUICK = TrainSettings(steps=10, batch=4, frames=8)


def corpus(clips: int = 6, frames: int = 24, unlabeled: int = 0) -> Corpus:
    """Noise in which a label is a louder band; frames are output frames of 4 feature frames."""
    generator = torch.Generator().manual_seed(0)
    on = (torch.rand(clips * frames // 4, 2, generator=generator) < 0.4).repeat_interleave(4, 0)
    features = torch.randn(clips * frames, 4, 64, generator=generator) * 0.3
    features[:, :, 5:15] += 3 * on[:, None, :1]
    features[:, :, 40:50] += 3 * on[:, None, 1:]
    starts = torch.arange(clips + 1) * frames
    annotated = torch.ones(clips, 2, dtype=torch.bool)
    annotated[clips - unlabeled :] = False
    return Corpus(features.flatten(0, 1).half(), starts * 4, starts, on.half(), annotated, 4)


def student(seed: int = 0) -> Student:
    torch.manual_seed(seed)
    return Student(StudentSettings(8, 2), LABELS)


def accuracy(model: Student, data: Corpus) -> float:
    clips = torch.arange(len(data.starts) - 1)
    batch = data.window(clips, torch.zeros_like(clips), 24)
    with torch.inference_mode():
        return float(((model.eval()(batch.features).logits > 0) == (batch.targets > 0.5)).float().mean())


def test_a_student_overfits() -> None:
    model, data = student(), corpus()
    before = accuracy(model, data)
    curve = fit(model, data, [Labels()], TrainSettings(steps=120, batch=6, frames=16, learning_rate=1e-2))
    assert before < 0.8
    assert accuracy(model, data) > 0.95
    assert curve[-1].loss < 0.4
    assert not model.training


def test_the_same_seed_gives_the_same_weights() -> None:
    def trained(seed: int) -> dict[str, Tensor]:
        model = student()
        fit(model, corpus(), [Labels()], replace(QUICK, seed=seed))
        return model.state_dict()

    first, again, other = trained(1), trained(1), trained(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["classifier.weight"], other["classifier.weight"])


class Poison(Term):
    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        return output.logits.mean() * math.nan


@pytest.mark.parametrize("evaluate", [None, lambda model: 0.0])
def test_a_loss_that_is_no_number(evaluate) -> None:
    with pytest.raises(TrainingDiverged, match="the loss became nan before step"):
        fit(student(), corpus(), [Labels(), Poison()], QUICK, evaluate)


def test_features_that_are_no_numbers() -> None:
    data = corpus()
    data.frames[:] = math.inf
    with pytest.raises(TrainingDiverged):
        fit(student(), data, [Labels()], QUICK)


def test_checkpoints_and_progress() -> None:
    told, modes = [], []

    def evaluate(model: Student) -> float:
        modes.append(model.training)
        return float(len(modes))

    curve = fit(student(), corpus(), [Labels()], QUICK, evaluate, progress=lambda *now: told.append(now))
    assert told == [(i, 10) for i in range(1, 11)]
    assert [c.step for c in curve] == [2, 5, 8, 10]
    assert [c.score for c in curve] == [1, 2, 3, 4]
    assert modes == [False] * 4
    assert all(math.isfinite(c.loss) for c in curve)
    (only,) = fit(student(), corpus(), [Labels()], QUICK)
    assert only.step == 10
    assert math.isnan(only.score)


class Heard(Term):
    """Notes how many of each batch are labelled."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: list[int] = []
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        self.counts.append(int(batch.known.amax((1, 2)).sum()))
        return (self.scale * output.logits).square().mean()


@pytest.mark.parametrize(("share", "labeled"), [(0.0, 4), (0.25, 3), (0.5, 2), (1.0, 0)])
def test_unlabeled_share(share: float, labeled: int) -> None:
    heard = Heard()
    fit(student(), corpus(unlabeled=3), [Labels(), heard], replace(QUICK, unlabeled_share=share))
    assert heard.counts == [labeled] * 10
    assert heard.scale.item() != 1  # a term's own parameters are trained along


def test_without_unlabelled_clips_the_share_is_nothing() -> None:
    heard = Heard()
    fit(student(), corpus(), [Labels(), heard], replace(QUICK, unlabeled_share=0.5))
    assert heard.counts == [4] * 10


def test_positions_cover_a_recording_and_never_leave_it() -> None:
    data = corpus(clips=1, frames=12)
    logits = torch.arange(12.0)[:, None].repeat(1, 2)
    draw = _Sampler(data.taught_by(TeacherOutputs(logits, logits)), replace(QUICK, batch=200), torch.device("cpu"))
    batch = draw()
    assert batch.valid.all()
    assert batch.teacher_logits[:, 0, 0].unique().tolist() == [0, 1, 2, 3, 4]
    longer = _Sampler(data, replace(QUICK, frames=20), torch.device("cpu"))()
    assert longer.valid.sum(1).tolist() == [12] * 4


def test_masking_hides_one_narrow_band() -> None:
    draw = _Sampler(corpus(), replace(QUICK, batch=60), torch.device("cpu"))
    features = torch.randn(60, 32, 64)
    masked = draw.masked(features)
    hidden = (masked != features).any(dim=1)
    assert set(hidden.sum(1).tolist()) <= set(range(9))
    assert hidden.sum(1).max() >= 6
    for clip, band in enumerate(hidden):
        where = band.nonzero()[:, 0]
        assert len(where) == 0 or int(where[-1] - where[0]) + 1 == len(where)
        values = masked[clip, :, band]
        torch.testing.assert_close(values, features[clip].mean().expand_as(values))


def test_terms_are_brought_to_the_first_ones_scale() -> None:
    magnitudes = _Magnitudes(2, torch.device("cpu"))
    losses = torch.tensor([2.0, 500.0])
    for _ in range(3):
        torch.testing.assert_close(magnitudes.scales(losses) * losses, torch.tensor([2.0, 2.0]))
    assert magnitudes.scales(torch.tensor([2.0, 0.0]))[1] > 2 / 500


def test_without_any_label_the_other_terms_still_count() -> None:
    """With only unlabelled clips the label term is 0, and no other may be brought to that."""
    magnitudes = _Magnitudes(2, torch.device("cpu"))
    assert magnitudes.scales(torch.tensor([0.0, 500.0]))[1] * 500 == pytest.approx(1)


class Loud(Term):
    """The labels again, thousandfold."""

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        return 1000 * Labels()(batch, output)


def test_a_loud_term_counts_no_more_than_a_soft_one() -> None:
    def weights(*terms: Term) -> Tensor:
        model = student()
        fit(model, corpus(), terms, QUICK)
        return model.classifier.weight

    torch.testing.assert_close(weights(Labels(), Loud()), weights(Labels(), Labels()), atol=1e-4, rtol=1e-3)


def test_the_rate_rises_and_falls() -> None:
    rates = [_rate(step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[10] == pytest.approx(1)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01
    assert _rate(0, 1) <= 1
