"""A teacher's outputs on the student's grid: what the teacher answers, and found again."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import write_folder

import sedkd.teach.targets as module
import sedkd.train.infer as infer
from sedkd.data.pool import Pool, folder_pool
from sedkd.errors import UserError
from sedkd.features.pack import features_of
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.models.audioset import AudioSetNet
from sedkd.models.frame import FrameModel
from sedkd.models.settings import STRIDE, StudentSettings
from sedkd.models.student import Student
from sedkd.teach.targets import for_labels, teacher_outputs
from sedkd.teach.teacher import Teacher
from sedkd.train.corpus import Corpus, TeacherOutputs, corpus_from
from sedkd.train.split import FRAME_SECONDS

LABELS = ("low", "high")


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return folder_pool(write_folder(tmp_path_factory.mktemp("targets"), {"park": LABELS}, clips=3), {}, "park")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "targets"


def teacher(model: FrameModel | None = None, key: str = "one") -> Teacher:
    torch.manual_seed(0)
    return Teacher((model or Student(StudentSettings(4, 2, head="gru"), LABELS)).eval(), key, "crnn", "a test")


def grid(pool: Pool) -> Corpus:
    recordings = pool.training("park")
    return corpus_from(recordings, features_of(recordings, STUDENT_FEATURES), STRIDE, FRAME_SECONDS, LABELS,
                       pool.annotated)  # fmt: skip


def outputs(pool: Pool, of: Teacher) -> TeacherOutputs:
    return teacher_outputs(of, pool.training("park"), pool, grid(pool), FRAME_SECONDS)


def test_the_teachers_own_answers(pool: Pool) -> None:
    one, corpus = teacher(), grid(pool)
    found = outputs(pool, one)
    assert found.logits.dtype == found.embeddings.dtype == torch.float16
    assert found.logits.shape == (int(corpus.out_starts[-1]), 2)
    assert found.embeddings.shape == (int(corpus.out_starts[-1]), one.model.embedding_size)
    for i in range(3):
        start, end = corpus.out_starts[i : i + 2].tolist()
        with torch.inference_mode():
            direct = one.model(corpus.window(torch.tensor([i]), torch.tensor([0]), end - start).features)
        torch.testing.assert_close(found.logits[start:end].float(), direct.logits[0], atol=2e-3, rtol=2e-3)
        torch.testing.assert_close(found.embeddings[start:end].float(), direct.embedding[0], atol=2e-3, rtol=2e-3)


def test_computed_once(pool: Pool, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = outputs(pool, teacher())
    assert len(list(own_cache.iterdir())) == 1
    monkeypatch.setattr(module, "write_answers", None)
    second = outputs(pool, teacher())
    assert torch.equal(first.logits, second.logits)
    assert torch.equal(first.embeddings, second.embeddings)


def test_keyed_by_the_teacher(pool: Pool, own_cache: Path) -> None:
    outputs(pool, teacher())
    other = teacher(Student(StudentSettings(4, 2, head="gru"), LABELS), key="two")
    with torch.no_grad():
        other.model.classifier.bias.add_(5)
    found = outputs(pool, other)
    assert len(list(own_cache.iterdir())) == 2
    assert float((found.logits - outputs(pool, teacher()).logits).mean()) > 4


def test_an_interruption_leaves_nothing_that_counts(
    pool: Pool, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered before it is not asked again."""
    expected = outputs(pool, teacher())
    for file in own_cache.iterdir():
        file.unlink()
    monkeypatch.setitem(infer.BATCH_SECONDS, "cpu", 0.1)  # every window by itself

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        teacher_outputs(teacher(), pool.training("park"), pool, grid(pool), FRAME_SECONDS, stop)
    assert not list(own_cache.iterdir())
    asked: list[int] = []
    answered = infer._answered
    monkeypatch.setattr(infer, "_answered", lambda *given: asked.append(1) or answered(*given))
    found = outputs(pool, teacher())
    assert len(asked) == 1  # of three
    torch.testing.assert_close(found.logits.float(), expected.logits.float(), atol=2e-3, rtol=2e-3)
    assert not [path for path in (own_cache.parent / "unfinished").iterdir() if path.is_dir()]


def test_another_front_end(pool: Pool) -> None:
    """A teacher with features of its own answers on the student's frames."""
    corpus = grid(pool)
    found = outputs(pool, teacher(AudioSetNet(0.4, LABELS)))
    assert found.logits.shape == (int(corpus.out_starts[-1]), 2)
    assert found.logits.isfinite().all()


def test_for_labels_picks_columns() -> None:
    given = TeacherOutputs(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[9.0]]))
    found = for_labels(given, ("a", "b", "c"), ("c", "a"))
    assert found.logits.tolist() == [[3, 1]]
    assert found.embeddings.tolist() == [[9]]


def resampled(frames: list[float], count: int, teacher_seconds: float, student_seconds: float) -> list[float]:
    column = np.array(frames, dtype=np.float16)[:, None]
    return module._resampled(column, count, teacher_seconds, student_seconds)[:, 0].tolist()


def test_a_faster_teacher_by_hand() -> None:
    # Teacher's centres at 0.02, 0.06, 0.10, 0.14; the student's at 0.04 and 0.12: half-way between two.
    assert resampled([0, 1, 4, 9], 2, 0.04, 0.08) == [0.5, 6.5]


def test_a_slower_teacher_by_hand() -> None:
    # Teacher's centres at 0.08, 0.24; the student's at 0.04, 0.12, 0.20, 0.28; past the centres the ends hold.
    assert resampled([0, 8], 4, 0.16, 0.08) == [0, 2, 6, 8]


def test_another_count_at_the_same_rate_by_hand() -> None:
    assert resampled([1, 2, 3], 3, 0.08, 0.08) == [1, 2, 3]
    assert resampled([1, 2, 3], 4, 0.08, 0.08) == [1, 2, 3, 3]
    assert resampled([1, 2, 3], 2, 0.08, 0.08) == [1, 2]
    assert resampled([7], 3, 0.16, 0.08) == [7, 7, 7]


def test_a_straight_line_stays_one() -> None:
    """Between the first and the last centre, whatever the two rates."""
    for teacher_seconds in (0.02, 0.05, 0.1, 0.16):
        frames = int(4 / teacher_seconds)
        line = [(i + 0.5) * teacher_seconds for i in range(frames)]
        found = np.array(resampled(line, 50, teacher_seconds, 0.08))
        expected = ((np.arange(50) + 0.5) * 0.08).clip(line[0], line[-1])
        np.testing.assert_allclose(found, expected, atol=4e-3)


def test_outputs_of_one_machine_serve_another(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "remote").mkdir()
    monkeypatch.setenv("SEDKD_CACHE_REMOTE", (tmp_path / "remote").as_uri())
    first = outputs(pool, teacher())
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "another"))
    monkeypatch.setattr(module, "write_answers", None)  # nothing is computed any more
    second = outputs(pool, teacher())
    assert torch.equal(first.logits, second.logits)
    assert torch.equal(first.embeddings, second.embeddings)
    assert not [path for path in (tmp_path / "another" / "unfinished").iterdir() if path.is_dir()]
    with pytest.raises(TypeError):
        outputs(pool, teacher(key="two"))


@pytest.mark.parametrize("value", [1e6, float("nan")])
def test_answers_beyond_half_precision_are_told(pool: Pool, value: float) -> None:
    """They are kept in it; infinity in a teacher's answers is no number in every distilled student's loss."""
    loud = teacher()
    with torch.no_grad():
        loud.model.classifier.bias.fill_(value)
    with pytest.raises(UserError, match=r"the teacher's logits reach (1e\+06|nan), which half precision .* scale what"):
        outputs(pool, loud)
