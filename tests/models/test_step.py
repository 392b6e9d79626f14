"""Step by step a student answers as it does for the whole recording."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from exported import LABELS, moving_student, noise

from sedkd.export.step_graph import StepGraph
from sedkd.export.stream_model import checked_stream, export_stream
from sedkd.models.settings import CAUSAL_BLOCKS, HEADS, MAX_DEPTH, STRIDE, StudentSettings
from sedkd.models.step import StreamStep
from sedkd.models.student import Student
from sedkd.train.corpus import Corpus
from sedkd.train.infer import batches_of, outputs_of, probabilities
from sedkd.train.streamed import TOGETHER, _alike, streamed

KINDS = [(block, head) for block in CAUSAL_BLOCKS for head in HEADS]


def drawn(seed: int, **fixed: object) -> Student:
    """Any student for streams, whose answers go up and down."""
    draw = random.Random(seed)
    settings = {
        "width": draw.randint(2, 9),
        "depth": draw.randint(1, MAX_DEPTH),
        "block": draw.choice(CAUSAL_BLOCKS),
        "head": draw.choice(HEADS),
        "lookahead": draw.choice([0, 80, 160, 480, 960]),
    }
    return moving_student(StudentSettings(**{**settings, **fixed}), seed)  # type: ignore[arg-type]


def features_of(frames: int, seed: int) -> torch.Tensor:
    return torch.randn(1, frames, 64, generator=torch.Generator().manual_seed(seed)) * 2 - 4


def whole(student: Student, features: torch.Tensor) -> np.ndarray:
    """Its answers for a recording whose last feature frame is repeated to fill the last output frame."""
    missing = -features.shape[1] % STRIDE
    with torch.inference_mode():
        return torch.sigmoid(student(torch.cat([features, features[:, -1:].repeat(1, missing, 1)], 1)).logits)[
            0
        ].numpy()


@pytest.mark.parametrize("seed", range(12))
def test_any_student_in_steps_of_any_size(seed: int) -> None:
    student, draw = drawn(seed), random.Random(seed)
    features = features_of(STRIDE * draw.randint(1, 60), seed)
    padded = torch.cat([features, student.mean.expand(1, student.delay * STRIDE, -1)], dim=1)
    step = StreamStep(student)
    states, found = step.beginning(), list[torch.Tensor]()
    with torch.inference_mode():
        while padded.shape[1]:
            size = STRIDE * draw.randint(1, 9)
            answer, *states = step(padded[:, :size], *states)
            padded = padded[:, size:]
            found.append(answer)
    answers = torch.cat(found, dim=1)[0, student.delay :].numpy()
    np.testing.assert_allclose(answers, whole(student, features), atol=1e-5)
    assert np.ptp(answers, axis=0).max() > 0.1 or len(answers) < 5


@pytest.fixture(scope="module", params=[(1, "none"), (1, "gru"), (3, "none")], ids=str)
def graph(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Student, StepGraph]:
    count, head = request.param
    student = drawn(count, head=head, lookahead=160, depth=3)
    path = tmp_path_factory.mktemp("stream") / "stream.onnx"
    return student, StepGraph(path, export_stream(student, path, count))


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 4, 5, 9, 11, 12, 13, 50, 203])
def test_the_exported_step_fed_with_frames_as_they_come(graph: tuple[Student, StepGraph], frames: int) -> None:
    student, step = graph
    draw, features = random.Random(frames), features_of(frames, frames)
    left, found = features[0].numpy(), [np.zeros((0, len(LABELS)), np.float32)]
    while len(left):
        size = draw.choice([1, 1, 2, 7, 40])
        found.append(step.feed(left[:size]))
        left = left[size:]
    known = sum(map(len, found))
    assert known == max(frames // step.facts.frames * (step.facts.frames // STRIDE) - student.delay, 0)
    answers = np.concatenate([*found, step.finish()])
    assert answers.shape == (-(-frames // STRIDE), len(LABELS))
    if frames:
        np.testing.assert_allclose(answers, whole(student, features), atol=1e-5)
    assert not len(step.finish())  # it has begun anew


def test_nothing_of_an_earlier_recording_is_left(graph: tuple[Student, StepGraph]) -> None:
    _, step = graph
    features = features_of(50, 1)[0].numpy()
    first = np.concatenate([step.feed(features), step.finish()])
    step.feed(features_of(33, 2)[0].numpy())
    step.reset()
    np.testing.assert_array_equal(np.concatenate([step.feed(features), step.finish()]), first)


def test_one_that_hears_whole_recordings_has_no_steps() -> None:
    with pytest.raises(ValueError, match="whole recordings"):
        StreamStep(Student(StudentSettings(4, 2), LABELS))


def corpus_of(lengths: list[int]) -> Corpus:
    """Recordings of so many output frames; of the last of each, two feature frames are missing."""
    features = [features_of(STRIDE * length - 2, length)[0] for length in lengths]
    starts, out_starts = (torch.tensor([0, *np.cumsum(sizes)]) for sizes in ([len(f) for f in features], lengths))
    targets = torch.zeros(sum(lengths), len(LABELS)).half()
    known = torch.ones(len(lengths), len(LABELS), dtype=torch.bool)
    return Corpus(torch.cat(features).half(), starts, out_starts, targets, known, STRIDE)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("depth", [1, MAX_DEPTH])
@pytest.mark.parametrize("lookahead", [0, 960])
def test_recordings_are_scored_as_a_stream_is(head: str, depth: int, lookahead: int) -> None:
    """Also those that are longer than a window."""
    student = drawn(0, head=head, depth=depth, lookahead=lookahead)
    corpus = corpus_of([130, 3, 300, 131, 40])
    expected = [
        whole(student, corpus.frames[start:end][None].float())
        for start, end in zip(corpus.starts.tolist(), corpus.starts.tolist()[1:], strict=False)
    ]
    for found in (probabilities(student, corpus), streamed(student, corpus)):
        for answers, wanted in zip(found, expected, strict=True):
            np.testing.assert_allclose(answers, wanted, atol=1e-5)
    ((output,),) = outputs_of(student, corpus_of([20]), batches_of(student, corpus_of([20])))
    assert len(output.logits) == 20


def test_short_recordings_are_not_heard_for_as_long_as_a_long_one() -> None:
    lengths = [7500, *range(1, 80)]
    groups = list(_alike(sorted(range(80), key=lambda recording: lengths[recording]), lengths))
    assert sorted(recording for group in groups for recording in group) == list(range(80))
    assert groups[-1] == [0]
    assert [len(group) for group in groups[:2]] == [TOGETHER, TOGETHER]  # a piece is heard of each anyway


def test_the_export_is_checked_against_whole_recordings(tmp_path: Path) -> None:
    student = drawn(4, lookahead=160, depth=3)
    facts = export_stream(student, tmp_path / "stream.onnx")
    audio = [noise(2.1)[:, 0], noise(0.01)[:, 0]]
    found = checked_stream(tmp_path / "stream.onnx", facts, student, audio).max_difference
    assert found is not None
    assert found < 1e-5
    with pytest.raises(ValueError, match="at least one waveform"):
        checked_stream(tmp_path / "stream.onnx", facts, student, [])
    with torch.no_grad():
        student.classifier.bias.add_(0.1)
    with pytest.raises(RuntimeError, match="differ by"):
        checked_stream(tmp_path / "stream.onnx", facts, student, audio)
