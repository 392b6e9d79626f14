"""A corpus that a tiny student learns in seconds: noise in which a label is a louder band."""

from typing import Any

import torch
from torch import Tensor

from sedkd.distill.registry import build_terms
from sedkd.models.frame import FrameModel
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.train.corpus import Corpus
from sedkd.train.fit import fit
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Sizes, Term

LABELS = ("low", "high")
SIZES = Sizes(student=16, teacher=5, labels=2)
QUICK = TrainSettings(steps=10, batch=4, frames=8)


def corpus(clips: int = 6, frames: int = 24, unlabeled: int = 0) -> Corpus:
    """The last `unlabeled` of the clips are not annotated; frames are output frames of 4 feature frames."""
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


def accuracy(model: FrameModel, data: Corpus) -> float:
    """Share of frames and labels that the model gets right; about 0.6 by chance."""
    clips = torch.arange(len(data.starts) - 1)
    batch = data.window(clips, torch.zeros_like(clips), 24)
    with torch.inference_mode():
        return float(((model.eval()(batch.features).logits > 0) == (batch.targets > 0.5)).float().mean())


def distilled(
    strategy: str, data: Corpus, settings: TrainSettings = QUICK, **parameters: Any
) -> tuple[Student, list[Term]]:
    """A student trained by a strategy's name, as a trial trains it, and the terms that it learned from."""
    model = student(settings.seed)
    terms = build_terms(strategy, {strategy: parameters}, SIZES)
    fit(model, data, terms, settings)
    return model, terms


def weights(model: torch.nn.Module) -> dict[str, Tensor]:
    """A copy of all parameters and buffers."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    """Whether two `weights` agree to the last bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
