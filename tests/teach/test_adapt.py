"""A teacher's last layer moves towards an environment as long as clips that it does not learn from gain by it."""

import pytest
import torch
from torch import nn

from sedkd.models.frame import FrameModel
from sedkd.teach.adapt import STEPS, Labelled, adapted
from sedkd.teach.teacher import Teacher


class Heard(FrameModel):
    labels = ("bell", "hum")

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Linear(3, 2)


@pytest.fixture
def teacher() -> Teacher:
    torch.manual_seed(0)
    return Teacher(Heard(), "key", "own", "a test")


def clips(turned: bool = False, frames: int = 200) -> Labelled:
    """The first channel tells of a bell, the second of a hum; `turned`: each of its absence."""
    embeddings = torch.randn(frames, 3, generator=torch.Generator().manual_seed(1))
    targets = (embeddings[:, :2] > 0).float()
    return Labelled(embeddings, 1 - targets if turned else targets, torch.ones(frames, 2))


def steps_of(found: Teacher) -> int:
    return int(found.origin.split(" in ")[1].split()[0])


def test_it_learns_all_the_way_where_the_held_out_clips_gain(teacher: Teacher) -> None:
    found = adapted(teacher, clips(), clips(), "park")
    assert found.origin == f"a test, adapted to park in {STEPS} steps"
    assert found.head is not None
    assert not found.head.weight.requires_grad
    assert (found.head.weight - teacher.model.classifier.weight).abs().max() > 0.05


def test_it_stays_as_it_is_where_they_lose(teacher: Teacher) -> None:
    with torch.no_grad():
        teacher.model.classifier.weight.zero_()  # it knows nothing, and every step teaches it the wrong thing
        teacher.model.classifier.bias.zero_()
    found = adapted(teacher, clips(), clips(turned=True), "park")
    assert steps_of(found) == 0
    assert found.head is not None
    assert torch.equal(found.head.weight, teacher.model.classifier.weight)


def test_it_stops_where_they_begin_to_lose(teacher: Teacher) -> None:
    """Half of the held-out clips agree with what is learned up to a point, and its certainty hurts behind it."""
    noisy = clips()
    flipped = torch.rand(200, 2, generator=torch.Generator().manual_seed(2)) < 0.4
    held_out = noisy._replace(targets=torch.where(flipped, 1 - noisy.targets, noisy.targets))
    with torch.no_grad():
        teacher.model.classifier.weight.zero_()
        teacher.model.classifier.bias.zero_()
    loud = noisy._replace(embeddings=noisy.embeddings * 30)
    found = adapted(teacher, loud, held_out._replace(embeddings=held_out.embeddings * 30), "park")
    assert 0 < steps_of(found) < STEPS


def test_without_held_out_clips_it_learns_all_the_way(teacher: Teacher) -> None:
    nothing = Labelled(torch.zeros(0, 3), torch.zeros(0, 2), torch.zeros(0, 2))
    assert steps_of(adapted(teacher, clips(), nothing, "park")) == STEPS
