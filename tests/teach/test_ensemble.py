"""Several teachers as one, by hand."""

import pytest
import torch

from sedkd.teach.ensemble import combined, weights_from
from sedkd.train.corpus import TeacherOutputs


def outputs(logits: list[list[float]], fill: float, dtype: torch.dtype = torch.float32) -> TeacherOutputs:
    """With embeddings and attention that tell the teachers apart."""
    frames = len(logits)
    return TeacherOutputs(
        torch.tensor(logits, dtype=dtype),
        torch.full((frames, 3), fill, dtype=dtype),
        torch.full((frames, 2), 10 * fill, dtype=dtype),
    )


FIRST = outputs([[1.0, -2.0], [3.0, 0.0], [5.0, 8.0]], 1.0)
SECOND = outputs([[3.0, 2.0], [-1.0, 4.0], [5.0, 0.0]], 2.0)


def test_a_mean_by_hand() -> None:
    found = combined([FIRST, SECOND], torch.ones(2, 2))
    assert found.logits.tolist() == [[2, 0], [1, 2], [5, 4]]


def test_weights_per_class_by_hand() -> None:
    # Label 0 at 3 : 1, label 1 by the second teacher alone; weights need not sum to 1.
    found = combined([FIRST, SECOND], torch.tensor([[0.6, 0.0], [0.2, 0.7]]))
    torch.testing.assert_close(found.logits, torch.tensor([[1.5, 2.0], [2.0, 4.0], [5.0, 0.0]]))


def test_embeddings_and_attention_are_the_firsts() -> None:
    found = combined([FIRST, SECOND], torch.ones(2, 2))
    assert torch.equal(found.embeddings, FIRST.embeddings)
    assert torch.equal(found.attention, FIRST.attention)
    assert combined([TeacherOutputs(FIRST.logits, FIRST.embeddings), SECOND], torch.ones(2, 2)).attention is None


def test_one_teacher_is_itself() -> None:
    torch.testing.assert_close(combined([FIRST], torch.tensor([[0.3, 0.9]])).logits, FIRST.logits)


def test_half_precision_is_kept_and_summed_in_full() -> None:
    """30000 + 40000 is past what half precision holds; their mean is not."""
    loud = [outputs([[value, 1.0]], 1.0, torch.float16) for value in (30000.0, 40000.0)]
    found = combined(loud, torch.ones(2, 2))
    assert found.logits.dtype == torch.float16
    assert found.embeddings.dtype == torch.float16
    assert found.logits.tolist() == [[35008, 1]]  # the nearest half to 35000
    assert loud[0].logits.tolist() == [[30000, 1]]


def test_teachers_and_weights_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="zip"):
        combined([FIRST, SECOND], torch.ones(3, 2))


def test_weights_are_the_scores() -> None:
    found = weights_from([[0.8, 0.5], [0.4, 0.0]])
    torch.testing.assert_close(found, torch.tensor([[0.8, 0.5], [0.4, 0.0]]))
    assert found.dtype == torch.float32


def test_a_class_that_nobody_was_scored_on_or_heard_is_shared_evenly() -> None:
    found = weights_from([[None, 0.0, 0.2], [None, 0.0, 0.6]])
    torch.testing.assert_close(found, torch.tensor([[1.0, 1.0, 0.2], [1.0, 1.0, 0.6]]))
    mean = combined([outputs([[1.0, 2.0, 4.0]], 1.0), outputs([[3.0, 4.0, 8.0]], 2.0)], found)
    torch.testing.assert_close(mean.logits, torch.tensor([[2.0, 3.0, 7.0]]))
    assert weights_from([[None], [0.5]]).tolist() == [[1], [1]]  # no score of one is no comparison
