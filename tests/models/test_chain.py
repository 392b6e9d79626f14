"""A student in training, whose layers are joined, against the same layers one after the other."""

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from sedkd.models.norm import NormReLU
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student

NAMES = ("a", "b")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def one_by_one(student: Student, features: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and the lower map of what the layers make, each by itself, normalised by the batch."""
    x = ((features - student.mean) / student.std).unsqueeze(1)
    x = torch.nn.functional.pad(x, (0, 0, 0, student.delay * student.stride))
    lower, x = student.blocks(student.stem(x))
    x = x.mean(3, keepdim=True)
    x = (x if student.tcn is None else student.tcn(x)).squeeze(3).transpose(1, 2)
    x = x if student.gru is None else student.gru(x)[0]
    output = student.classifier(x)
    return (output[:, student.delay :], lower[..., : lower.shape[2] - student.delay, :])


@pytest.mark.parametrize(
    "settings",
    [
        StudentSettings(6, 3),
        StudentSettings(8, 5, "separable", "gru"),
        StudentSettings(4, 2, "conv"),
        StudentSettings(8, 3, "conv", "tcn"),
        StudentSettings(6, 4, "separable", "none", lookahead=160),
        StudentSettings(8, 5, "separable", "none", n_mels=24),  # bands are three, and one, before the last block
        StudentSettings(4, 3, "separable", "none", hop=40),
    ],
)
def test_joined_layers_make_what_they_make_one_by_one(settings: StudentSettings) -> None:
    torch.manual_seed(1)
    joined = Student(settings, NAMES).to(memory_format=torch.channels_last).train()
    apart = copy.deepcopy(joined).double()
    features = torch.randn(3, 10 * joined.stride, settings.n_mels)
    output = joined(features)
    logits, lower = one_by_one(apart, features.double())
    torch.testing.assert_close(output.logits.double(), logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(output.feature_map.double(), lower, rtol=1e-4, atol=1e-5)
    towards = torch.randn(logits.shape)
    (output.logits * towards).sum().backward()
    (logits * towards).sum().backward()
    # Some are sums of what all but cancels, such as a scale's before another normalisation: to what is largest of all.
    largest = max(float(part.grad.abs().max()) for part in apart.parameters() if part.grad is not None)
    for (name, one), other in zip(joined.named_parameters(), apart.parameters(), strict=True):
        assert one.grad is not None, name
        torch.testing.assert_close(one.grad.double(), other.grad, rtol=1e-3, atol=1e-5 * largest, msg=name)
    for (name, part), wanted in zip(joined.named_buffers(), apart.buffers(), strict=True):
        torch.testing.assert_close(part.double(), wanted.double(), rtol=1e-4, atol=1e-5, msg=name)
    norms = [module for module in joined.modules() if isinstance(module, NormReLU)]
    assert {int(norm.num_batches_tracked) for norm in norms} == {1}
