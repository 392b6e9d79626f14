"""Training: it learns, repeats itself, says when it diverges, and draws what it is told to."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from bands import LABELS, QUICK, accuracy, corpus, student
from torch import Tensor

import sedkd.train.fit as fitting
from sedkd.models.frame import FrameOutput
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.train.batch import Batch
from sedkd.train.corpus import TeacherOutputs, with_foreign
from sedkd.train.draws import Draws
from sedkd.train.fit import Checkpoint, Magnitudes, TrainingDiverged, Watch, fit
from sedkd.train.labels import Labels
from sedkd.train.packing import made_up
from sedkd.train.sampler import OneSampler
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Lesson, Term


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
        fit(student(), corpus(), [Labels(), Poison()], QUICK, Watch(evaluate))


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

    curve = fit(student(), corpus(), [Labels()], QUICK, Watch(evaluate), progress=lambda *now: told.append(now))
    assert told == [(i, 10) for i in range(1, 11)]
    assert [c.step for c in curve] == [2, 5, 8, 10]
    assert [c.score for c in curve] == [1, 2, 3, 4]
    assert modes == [False] * 4
    assert all(math.isfinite(c.loss) for c in curve)
    assert all(c.steps == 10 for c in curve)
    assert 0 < curve[0].seconds < curve[-1].seconds
    (only,) = fit(student(), corpus(), [Labels()], QUICK)
    assert only.step == 10
    assert math.isnan(only.score)


def test_it_can_be_looked_at_and_ended() -> None:
    class Enough(Exception):
        pass

    def report(point: Checkpoint) -> None:
        heard.append(point)
        if point.step == 5:
            raise Enough

    heard: list[Checkpoint] = []
    model = student()
    with pytest.raises(Enough):
        fit(model, corpus(), [Labels()], QUICK, Watch(lambda _: 0.5, report=report))
    assert [point.step for point in heard] == [2, 5]


def test_reduced_precision_trains_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a GPU does, tried on the CPU: losses see single precision, and the student learns."""
    monkeypatch.setattr(fitting, "REDUCED", ("cpu",))
    kinds = set()

    class Looks(Labels):
        def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
            kinds.add((output.logits.dtype, output.embedding.dtype))
            return super().forward(batch, output)

    torch.manual_seed(0)
    model, data = Student(StudentSettings(8, 2, head="gru"), LABELS), corpus()
    fit(model, data, [Looks()], TrainSettings(steps=120, batch=6, frames=16, learning_rate=1e-2))
    assert kinds == {(torch.float32, torch.float32)}
    assert model.classifier.weight.dtype == torch.float32
    assert accuracy(model, data) > 0.95


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


def drawn(unlabeled: int, foreign: int, settings: TrainSettings, batches: int = 30) -> list[list[int]]:
    """The recordings of each batch: 0..3 are labelled, then come the unlabelled and the foreign ones."""
    own = corpus(clips=4 + unlabeled, unlabeled=unlabeled)
    data = with_foreign(own, [corpus(clips=foreign)]) if foreign else own
    number = torch.arange(4.0 + unlabeled + foreign).repeat_interleave(24)[:, None].repeat(1, 2)
    draw = OneSampler(data.taught_by(TeacherOutputs(number, number)), settings, torch.device("cpu"))
    return [draw().batch.teacher_logits[:, 0, 0].int().tolist() for _ in range(batches)]


@pytest.mark.parametrize(
    ("unlabeled_share", "foreign_share", "counts"),
    [
        (0.0, 0.0, (8, 0, 0)),
        (0.5, 0.0, (4, 4, 0)),
        (0.0, 0.5, (4, 0, 4)),
        (0.375, 0.125, (4, 3, 1)),
        (0.25, 0.75, (0, 2, 6)),
        (0.0, 1.0, (0, 0, 8)),
        (0.3, 0.3, (4, 2, 2)),  # what makes no whole clip is drawn from the labelled ones
    ],
)
def test_shares_of_a_batch(unlabeled_share: float, foreign_share: float, counts: tuple[int, int, int]) -> None:
    settings = replace(QUICK, batch=8, unlabeled_share=unlabeled_share, foreign_share=foreign_share)
    batches = drawn(2, 3, settings)
    for batch in batches:
        assert tuple(sum(low <= r < high for r in batch) for low, high in ((0, 4), (4, 6), (6, 9))) == counts
    expected = {r for r in range(9) if counts[0 if r < 4 else 1 if r < 6 else 2]}
    assert set().union(*batches) == expected  # each of a kind has its turn


@pytest.mark.parametrize("percent", [29, 57, 58])
def test_a_share_is_not_rounded_down_by_floating_point(percent: int) -> None:
    """0.29 * 100 falls short of 29."""
    assert 100 * (percent / 100) < percent
    (batch,) = drawn(0, 3, replace(QUICK, batch=100, foreign_share=percent / 100), batches=1)
    assert sum(r >= 4 for r in batch) == percent


def test_labelled_clips_take_the_place_of_what_is_not_there() -> None:
    settings = replace(QUICK, batch=8, unlabeled_share=0.25, foreign_share=0.5)
    assert all(max(batch) < 4 and len(batch) == 8 for batch in drawn(0, 0, settings))
    assert all(sum(r >= 4 for r in batch) == 2 for batch in drawn(2, 0, settings))
    assert all(sum(r >= 4 for r in batch) == 4 for batch in drawn(0, 3, settings))


def test_nothing_is_known_of_a_foreign_clip() -> None:
    """It has labels where it comes from."""
    heard = Heard()
    data = with_foreign(corpus(), [corpus(clips=3)])
    fit(student(), data, [Labels(), heard], replace(QUICK, foreign_share=0.5))
    assert heard.counts == [2] * 10


@pytest.mark.parametrize(("unlabeled", "foreign"), [(0.6, 0.5), (1.1, 0.0), (0.0, 1.1), (-0.1, 0.5), (0.5, -0.1)])
def test_shares_that_make_no_batch(unlabeled: float, foreign: float) -> None:
    with pytest.raises(ValueError, match=rf"unlabeled_share {unlabeled} and train\.foreign_share {foreign} must not"):
        TrainSettings(unlabeled_share=unlabeled, foreign_share=foreign)


def test_shares_that_fill_a_batch() -> None:
    for percent in range(101):  # whatever floating point makes of their sum
        TrainSettings(unlabeled_share=percent / 100, foreign_share=(100 - percent) / 100)


class Noted(Term):
    """Notes when it was called, and what it was shown at the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.weights: list[Tensor] = []

    def begin(self, lesson: Lesson) -> None:
        self.calls.append("begin")
        self.lesson, self.made = lesson, torch.nn.Parameter(torch.ones(()))
        self.model = (lesson.model,)
        self.weights.append(lesson.model.classifier.weight.detach().clone())

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        self.calls.append("forward")
        return (self.made * output.logits).square().mean()

    def after_step(self) -> None:
        self.calls.append("after")
        self.weights.append(self.model[0].classifier.weight.detach().clone())


def test_a_term_is_told_of_the_beginning_and_of_each_step() -> None:
    noted, model, data = Noted(), student(), corpus()
    settings = replace(QUICK, steps=3)
    fit(model, data, [Labels(), noted], settings)
    assert noted.calls == ["begin", *["forward", "after"] * 3]
    assert noted.lesson == Lesson(model, data, settings)
    assert torch.equal(noted.weights[0], student().classifier.weight)  # before the first step
    assert all(not torch.equal(a, b) for a, b in pairwise(noted.weights))  # and after each
    assert noted.made.item() != 1  # what it made at the beginning is trained along


def test_positions_cover_a_recording_and_never_leave_it() -> None:
    data = corpus(clips=1, frames=12)
    logits = torch.arange(12.0)[:, None].repeat(1, 2)
    draw = OneSampler(data.taught_by(TeacherOutputs(logits, logits)), replace(QUICK, batch=200), torch.device("cpu"))
    batch = draw().batch
    assert batch.valid.all()
    assert batch.teacher_logits[:, 0, 0].unique().tolist() == [0, 1, 2, 3, 4]
    longer = OneSampler(data, replace(QUICK, frames=20), torch.device("cpu"))().batch
    assert longer.valid.sum(1).tolist() == [12] * 4


def test_masking_hides_one_narrow_band() -> None:
    batch, masked = OneSampler(corpus(), replace(QUICK, batch=60), torch.device("cpu"))()
    features = batch.features
    hidden = (masked != features).any(dim=1)
    assert set(hidden.sum(1).tolist()) <= set(range(9))
    assert hidden.sum(1).max() >= 6
    for clip, band in enumerate(hidden):
        where = band.nonzero()[:, 0]
        assert len(where) == 0 or int(where[-1] - where[0]) + 1 == len(where)
        values = masked[clip, :, band]
        torch.testing.assert_close(values, features[clip].mean().expand_as(values))


def test_terms_are_brought_to_the_first_ones_scale() -> None:
    magnitudes = Magnitudes()
    losses = torch.tensor([2.0, 500.0])
    for _ in range(3):
        torch.testing.assert_close(magnitudes.scales(losses) * losses, torch.tensor([2.0, 2.0]))
    assert magnitudes.scales(torch.tensor([2.0, 0.0]))[1] > 2 / 500


def test_without_any_label_the_other_terms_still_count() -> None:
    """With only unlabelled clips the label term is 0, and no other may be brought to that."""
    magnitudes = Magnitudes()
    assert magnitudes.scales(torch.tensor([0.0, 500.0]))[1] * 500 == pytest.approx(1, rel=1e-5)


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


@pytest.mark.parametrize("bands", [64, 16, 8])
def test_as_large_a_share_of_few_bands_is_blanked_as_of_many(bands: int) -> None:
    drawn = Draws(made_up(StudentSettings(n_mels=bands), 2), QUICK).block()
    assert drawn.width.max() == bands // 8
    assert drawn.width.float().mean() / bands == pytest.approx(1 / 16, abs=0.02)


@pytest.mark.parametrize("ended", [False, True])
def test_whoever_ends_a_training_has_the_average(ended: bool) -> None:
    """As one of as many steps has; gradients are taken elsewhere."""

    def stop(step: int, _: int) -> None:
        if step == 20:
            raise StopIteration

    found, settings = student(), replace(QUICK, steps=20, warmup=4)
    if ended:
        with pytest.raises(StopIteration):
            fit(found, corpus(), [Labels()], replace(settings, steps=50), progress=stop)
    else:
        fit(found, corpus(), [Labels()], settings)
    expected = student()
    fit(expected, corpus(), [Labels()], settings)
    for one, other in zip(found.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    assert not found.training
