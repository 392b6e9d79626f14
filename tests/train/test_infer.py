"""Answers for whole recordings: windows change nothing that has its context."""

import numpy as np
import pytest
import torch

from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.train import infer
from sedkd.train.corpus import Corpus
from sedkd.train.infer import batches_of, outputs_of, probabilities

LABELS = ("a", "b")


def corpus(*lengths: int, ragged: int = 0) -> Corpus:
    """Recordings of so many output frames; `ragged` feature frames are missing from each one's last."""
    generator = torch.Generator().manual_seed(0)
    starts = torch.tensor([0, *np.cumsum([4 * n - ragged for n in lengths])])
    out = torch.tensor([0, *np.cumsum(lengths)])
    features = torch.randn(int(starts[-1]), 64, generator=generator).half()
    known = torch.ones(len(lengths), 2, dtype=torch.bool)
    return Corpus(features, starts, out, torch.zeros(int(out[-1]), 2).half(), known, 4)


@pytest.fixture(scope="module")
def student() -> Student:
    """Without a GRU, so that it hears little more than its own frame (see test_student)."""
    torch.manual_seed(0)
    model = Student(StudentSettings(8, 3, "conv"), LABELS)
    model(torch.randn(8, 400, 64))
    with torch.no_grad():
        model.classifier.weight.mul_(30)
    return model.eval()


def whole(model: Student, data: Corpus, index: int, frames: int) -> np.ndarray:
    features = data.window(torch.tensor([index]), torch.tensor([0]), frames).features
    with torch.inference_mode():
        return torch.sigmoid(model(features).logits[0]).numpy()


def test_windowed_answers_are_the_whole_files(student: Student) -> None:
    lengths = (1, 17, 125, 126, 250, 411)
    data = corpus(*lengths, ragged=1)
    found = probabilities(student, data)
    assert [len(f) for f in found] == list(lengths)
    assert found[-1].std() > 0.05
    for index, length in enumerate(lengths):
        assert found[index].dtype == np.float32
        np.testing.assert_allclose(found[index], whole(student, data, index, length), atol=1e-5)


def test_a_long_recording(student: Student) -> None:
    """Five minutes, and a short one beside it."""
    data = corpus(3750, 30)
    found = probabilities(student, data)
    np.testing.assert_allclose(found[0], whole(student, data, 0, 3750), atol=1e-5)
    np.testing.assert_allclose(found[1], whole(student, data, 1, 30), atol=1e-5)


def test_no_window_is_longer_than_ten_seconds(student: Student) -> None:
    data = corpus(300, 40)
    seen = []
    batches = batches_of(student, data)
    for batch, outputs in zip(batches, outputs_of(student, data, batches), strict=True):
        for (recording, window), output in zip(batch, outputs, strict=True):
            assert output.logits.shape[0] == window.stop - window.start <= 125
            assert output.embedding.shape == (output.logits.shape[0], student.embedding_size)
            seen.append(recording)
    assert set(seen) == {0, 1}


def test_a_training_models_mode_does_not_matter(student: Student) -> None:
    data = corpus(40)
    expected = probabilities(student, data)[0]
    student.train()
    np.testing.assert_array_equal(probabilities(student, data)[0], expected)
    assert not student.training


def test_several_batches_at_once_are_what_each_is_alone(student: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(infer.BATCH_SECONDS, "cpu", 20.0)
    data, before = corpus(*range(30, 300, 9)), torch.get_num_threads()
    found = []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append(probabilities(student, data))
            assert torch.get_num_threads() == threads
            first = next(outputs_of(student, data, batches_of(student, data)))  # nobody asks any further
            assert len(first[0].logits) > 0
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    for alone, together in zip(*found, strict=True):
        np.testing.assert_array_equal(alone, together)
