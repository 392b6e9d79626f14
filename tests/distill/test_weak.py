"""Weak labels: both poolings by hand, and a student that learns from clip-level labels alone."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from sedkd.distill.registry import build_terms, needs_teacher, parameters_of
from sedkd.distill.weak import Strategy, attention_pool, clip_loss, linear_softmax
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.train.corpus import Corpus, TeacherOutputs
from sedkd.train.fit import fit
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Lesson, Sizes
from sedkd.train.trunk import Resume, Trunk

LABELS = ("low", "high")
QUICK = TrainSettings(steps=3, batch=8, frames=16, unlabeled_share=1.0)
LONG = TrainSettings(steps=150, batch=32, frames=3, unlabeled_share=1.0, learning_rate=2e-2)
# Two clips of one label, the second one frame shorter than the first.
P = torch.tensor([[[0.2], [0.6], [0.8]], [[0.5], [0.1], [0.9]]])
VALID = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])


def test_linear_softmax_by_hand() -> None:
    found = linear_softmax(P, VALID)[:, 0].tolist()
    assert found == pytest.approx([(0.04 + 0.36 + 0.64) / 1.6, (0.25 + 0.01) / 0.6])


def test_attention_by_hand() -> None:
    scores = torch.log(torch.tensor([[[1.0], [2.0], [1.0]], [[3.0], [1.0], [100.0]]]))
    found = attention_pool(P, scores, VALID)[:, 0].tolist()
    assert found == pytest.approx([0.25 * 0.2 + 0.5 * 0.6 + 0.25 * 0.8, 0.75 * 0.5 + 0.25 * 0.1])


def test_labels_are_pooled_apart() -> None:
    torch.manual_seed(0)
    p, scores = torch.rand(2, 3, 4), torch.randn(2, 3, 4)
    for label in range(4):
        one = slice(label, label + 1)
        torch.testing.assert_close(linear_softmax(p, VALID)[:, one], linear_softmax(p[..., one], VALID))
        alone = attention_pool(p[..., one], scores[..., one], VALID)
        torch.testing.assert_close(attention_pool(p, scores, VALID)[:, one], alone)


def test_loss_by_hand() -> None:
    pooled, tags = torch.tensor([[0.9, 0.2], [0.4, 0.7]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    entries = [-math.log(0.9), -math.log(0.8), -math.log(0.6), -math.log(0.7)]
    assert float(clip_loss(pooled, tags, torch.ones(2, 2))) == pytest.approx(sum(entries) / 4)
    # What nobody listened for is unknown, not absent.
    known = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    assert float(clip_loss(pooled, tags, known)) == pytest.approx(sum(entries[:3]) / 3)


def test_a_sum_that_rounding_carried_to_one() -> None:
    """Not a gradient of 1e12, which would be all that clipping leaves of a step."""
    pooled = torch.tensor([[1.0, 1.0000001, 0.0]], requires_grad=True)
    loss = clip_loss(pooled, torch.tensor([[0.0, 0.0, 0.0]]), torch.ones(1, 3))
    loss.backward()
    assert loss.isfinite()
    assert pooled.grad.abs().max() < 1e8


@pytest.mark.parametrize("pooling", ["linear_softmax", "attention"])
@pytest.mark.parametrize("tag", [0.0, 1.0])
@pytest.mark.parametrize("logit", [-200.0, -17.0, 0.0, 17.0, 200.0])
def test_extreme_answers_stay_finite(pooling: str, tag: float, logit: float) -> None:
    logits = torch.full((1, 7, 1), logit, requires_grad=True)
    scores = torch.full((1, 7, 1), 300.0, requires_grad=True)
    p, valid = torch.sigmoid(logits), torch.tensor([[1.0] * 5 + [0.0] * 2])
    pooled = linear_softmax(p, valid) if pooling == "linear_softmax" else attention_pool(p, scores, valid)
    loss = clip_loss(pooled, torch.tensor([[tag]]), torch.ones(1, 1))
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.abs().sum() <= 1.1
    assert not logits.grad[:, 5:].any()


def corpus(clips: int = 40, seed: int = 0, longest: int = 12) -> Corpus:
    """Noise in which an event is a louder band for a third of a clip. Nothing but `tags` tells which clips hold one."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(longest // 2, longest + 1, (clips,), generator=generator).tolist()
    tags = (torch.rand(clips, 2, generator=generator) < 0.5).float()
    features = []
    for length, tag in zip(lengths, tags, strict=True):
        clip = 0.3 * torch.randn(length * 4, 64, generator=generator)
        for band, present in zip((slice(5, 15), slice(40, 50)), tag, strict=True):
            first = int(torch.randint(length * 3, (1,), generator=generator))
            clip[first : first + length * 4 // 3, band] += 3 * present
        features.append(clip)
    starts = torch.tensor([0, *lengths]).cumsum(0)
    nothing = torch.zeros(clips, 2, dtype=torch.bool)
    return Corpus(
        torch.cat(features).half(), starts * 4, starts, torch.zeros(int(starts[-1]), 2).half(), nothing, 4,
        tags=tags, tagged=~nothing,
    )  # fmt: skip


def student(seed: int = 0) -> Student:
    torch.manual_seed(seed)
    return Student(StudentSettings(8, 2), LABELS)


def answers(model: Student, data: Corpus) -> list[Tensor]:
    """Per clip, the probability of each label in each frame."""
    clips = torch.arange(len(data.starts) - 1)
    with torch.inference_mode():
        p = model.eval()(data.window(clips, torch.zeros_like(clips), 12).features).logits.sigmoid()
    return [clip[: b - a] for clip, (a, b) in zip(p, pairwise(data.out_starts.tolist()), strict=True)]


def separation(model: Student, data: Corpus) -> float:
    """Share of right answers to: does any frame of the clip hold the label, by a threshold of one half?"""
    said = torch.stack([p.amax(0) > 0.5 for p in answers(model, data)])
    return float((said == data.tags.bool()).float().mean())


@pytest.mark.parametrize("pooling", ["linear_softmax", "attention"])
def test_clip_level_labels_alone_teach_a_student(pooling: str) -> None:
    model, unseen = student(), corpus(seed=1)
    terms = build_terms("weak", {"weak": {"pooling": pooling}}, Sizes(model.embedding_size, 1, 2))
    before = separation(model, unseen)
    fit(model, corpus(), terms, LONG)
    assert before < 0.75
    assert separation(model, unseen) > 0.9


def test_beside_a_teacher_that_never_hears_the_label() -> None:
    """Every label is quiet to the teacher: what tells the clips apart are the tags."""
    data, unseen = corpus(), corpus(seed=1)
    quiet = torch.full((len(data.targets), 2), -2.0)
    taught = data.taught_by(TeacherOutputs(quiet, quiet))
    gaps = []
    for strategy in ("response", "response+weak"):
        model = student()
        terms = build_terms(strategy, {"weak": {"weight": 10.0}}, Sizes(model.embedding_size, 2, 2))
        fit(model, taught, terms, replace(LONG, steps=75))
        loudest = torch.stack([p.amax(0) for p in answers(model, unseen)])
        gaps.append(float(loudest[unseen.tags > 0].mean() - loudest[unseen.tags == 0].mean()))
    assert abs(gaps[0]) < 0.05
    assert gaps[1] > 0.2


def begun(data: Corpus, settings: TrainSettings = QUICK, **parameters: str) -> tuple[Strategy, Student]:
    model = student()
    term = Strategy(Sizes(model.embedding_size, 1, 2), **parameters)
    term.begin(Lesson(model, data, settings))
    return term, model


def one_loss(term: Strategy, model: Student, data: Corpus) -> Tensor:
    batch = data.window(torch.tensor([0]), torch.tensor([0]), 8)
    return term(batch, model(batch.features))


def test_the_loss_is_that_of_the_drawn_clips() -> None:
    """Every clip is the same one: what is drawn is known, and the answer worked out frame by frame."""
    data = corpus(clips=1)
    data = replace(data, tags=torch.tensor([[1.0, 0.0]]))
    term, model = begun(data)
    model.eval()
    (p,) = answers(model, data)
    pooled = (p**2).sum(0) / p.sum(0)
    expected = -(torch.log(pooled[0]) + torch.log(1 - pooled[1])) / 2
    torch.testing.assert_close(one_loss(term, model, data).detach(), expected, rtol=1e-4, atol=1e-5)


def test_clips_on_top_of_one_another_hold_the_events_of_both() -> None:
    data = corpus(clips=2)
    data = replace(
        data, tags=torch.tensor([[1.0, 0.0], [0.0, 1.0]]), tagged=torch.tensor([[True, True], [True, False]])
    )
    term, _ = begun(data, replace(QUICK, mixture=1.0))
    clips = torch.tensor([0, 1])
    heard = data.window(clips, torch.zeros_like(clips), 6)
    mixed, tags, tagged = term._mixed(heard, data.tags[clips], data.tagged[clips].float())
    assert (mixed.features.exp() >= heard.features.exp()).all()
    assert tags.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert tagged.tolist() == [[1.0, 0.0], [1.0, 0.0]]  # of the second event nobody knows in one of the two
    alone, tags, _ = begun(data)[0]._mixed(heard, data.tags[clips], data.tagged[clips].float())
    assert alone is heard
    assert torch.equal(tags, data.tags)


@pytest.mark.parametrize(("pooling", "own"), [("linear_softmax", 0), ("attention", 2)])
def test_the_gradient_reaches_the_student_which_is_no_part_of_the_term(pooling: str, own: int) -> None:
    data = corpus()
    term, model = begun(data, pooling=pooling)
    assert len(list(term.parameters())) == len(term.state_dict()) == own
    one_loss(term, model, data).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in [*model.parameters(), *term.parameters()])


def drawn_sizes(data: Corpus, settings: TrainSettings, steps: int = 40) -> list[tuple[int, int]]:
    """Clips and frames that the student hears per step."""
    term, model = begun(data, settings)
    heard: list[tuple[int, int]] = []
    model.register_forward_pre_hook(lambda module, given: heard.append((len(given[0]), given[0].shape[1] // 4)))
    batch = data.window(torch.tensor([0]), torch.tensor([0]), 8)
    output = model(batch.features)
    heard.clear()
    with torch.no_grad():
        for _ in range(steps):
            term(batch, output)
    return heard


def test_a_quarter_of_the_batch_in_no_more_frames_than_the_batch() -> None:
    roomy = drawn_sizes(corpus(), replace(QUICK, batch=16, frames=12))
    assert {clips for clips, _ in roomy} == {4}
    assert {frames for _, frames in roomy} <= set(range(6, 13))
    narrow = drawn_sizes(corpus(), replace(QUICK, batch=16, frames=2))
    assert all(clips * frames <= 32 for clips, frames in narrow)
    assert {clips for clips, _ in narrow} >= {2, 3}
    assert {clips for clips, _ in drawn_sizes(corpus(), replace(QUICK, batch=1, frames=2))} == {1}


def test_clips_are_drawn_by_the_seed() -> None:
    first, again, other = (drawn_sizes(corpus(), replace(QUICK, seed=seed), 10) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("pooling", ["linear_softmax", "attention"])
def test_training_goes_on_to_the_last_bit(pooling: str) -> None:
    def trained(steps: int, resume: Resume) -> dict[str, Tensor]:
        model = student()
        terms = build_terms("weak", {"weak": {"pooling": pooling}}, Sizes(model.embedding_size, 1, 2))
        fit(model, corpus(), terms, replace(QUICK, steps=steps, warmup=1, mixture=0.5), resume=resume)
        return model.state_dict()

    kept: list[Trunk] = []
    trained(4, Resume(keep=kept.append))
    on, whole = trained(12, Resume(kept[0])), trained(12, Resume())
    assert all(torch.equal(on[name], whole[name]) for name in whole)


def test_only_tagged_clips_are_drawn() -> None:
    data = corpus()
    data.tagged[:39] = False
    data.tags[:39] = math.nan
    term, model = begun(data)
    assert one_loss(term, model, data).isfinite()


def test_long_clips_are_left_out() -> None:
    minute = 750  # frames of 80 ms
    short = corpus(clips=3)
    starts = torch.cat([short.out_starts, short.out_starts[-1:] + torch.tensor([minute, 2 * minute + 40])])
    data = replace(
        short, frames=torch.zeros(int(starts[-1]) * 4, 64).half(), starts=starts * 4, out_starts=starts,
        targets=torch.zeros(int(starts[-1]), 2).half(), annotated=torch.zeros(5, 2, dtype=torch.bool),
        tags=torch.zeros(5, 2), tagged=torch.ones(5, 2, dtype=torch.bool),
    )  # fmt: skip
    with pytest.warns(UserWarning, match="1 of 5 clips of weak.tsv are longer than 60 s and are left out"):
        heard = drawn_sizes(data, QUICK, 30)
    assert max(heard, key=lambda size: size[1]) == (1, minute)
    data.tagged[:4] = False
    with pytest.raises(UserError, match=r"no clip of weak\.tsv is as short as 60 s") as caught:
        begun(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tagged", [None, torch.zeros(40, 2, dtype=torch.bool)])
def test_without_clip_level_labels(tagged: Tensor | None) -> None:
    model = student()
    with pytest.raises(UserError, match=r"strategy weak: no clip has clip-level labels: add weak\.tsv") as caught:
        fit(model, replace(corpus(), tagged=tagged), [Strategy(Sizes(model.embedding_size, 1, 2))], QUICK)
    assert "\n" not in str(caught.value)


def test_parameters() -> None:
    assert parameters_of("weak") == ("pooling", "weight")
    assert not needs_teacher("weak")
    assert needs_teacher("response+weak")
    with pytest.raises(ValueError, match=r"weak\.pooling must be one of linear_softmax, attention, not max"):
        Strategy(Sizes(8, 1, 2), pooling="max")
    assert Strategy(Sizes(8, 1, 2), weight=0.3).weight == 0.3


def test_a_short_clip_under_a_long_one_is_heard_as_far_as_the_long_one() -> None:
    """Its tag says what sounds behind the short one's end."""
    lengths, stride = (10, 100), 4
    starts = torch.tensor([0, lengths[0], sum(lengths)])
    frames = torch.full((sum(lengths) * stride, 64), -10.0)
    frames[(lengths[0] + 80) * stride : (lengths[0] + 90) * stride] = 5.0
    tags, tagged = torch.tensor([[0.0], [1.0]]), torch.ones(2, 1, dtype=torch.bool)
    nothing = torch.zeros(sum(lengths), 1).half(), torch.zeros(2, 1, dtype=torch.bool)
    corpus = Corpus(frames.half(), starts * stride, starts, *nothing, stride, tags=tags, tagged=tagged)
    student = Student(StudentSettings(4, 2), ("e",))
    strategy = Strategy(Sizes(student.embedding_size, 4, 1))
    strategy.begin(Lesson(student, corpus, TrainSettings(mixture=1.0)))
    clips = torch.tensor([0, 1])
    heard = corpus.window(clips, torch.zeros_like(clips), lengths[1])
    mixed, labels, _ = strategy._mixed(heard, tags, tagged.float())
    assert labels.tolist() == [[1.0], [1.0]]
    assert mixed.valid.sum(1).tolist() == [100, 100]
    assert mixed.features[0].unflatten(0, (lengths[1], stride))[mixed.valid[0] > 0].max() > 0
