"""Which windows of which clips a training step sees, of one student or of several at once."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from sedkd.train.batch import Batch
from sedkd.train.corpus import Corpus
from sedkd.train.draws import BLOCK, Drawn, Draws
from sedkd.train.mixture import added
from sedkd.train.settings import TrainSettings


class Heard(NamedTuple):
    """A step's windows with all that is known of them, and what the student hears: a band of each is blanked."""

    batch: Batch
    features: Tensor


class Sampler:
    """Windows for K students, each by its own settings, from corpora that are resident on `device`.

    Members with one corpus stand side by side. scale: the features are `log(power) / scale` (`FeatureSettings`).
    """

    def __init__(
        self, corpora: Sequence[Corpus], settings: Sequence[TrainSettings], device: torch.device, scale: float = 1.0
    ) -> None:
        runs = [list(same) for _, same in groupby(corpora, key=id)]
        self.groups = [(run[0], len(run)) for run in runs]
        self.draws = [Draws(corpus, own) for corpus, own in zip(corpora, settings, strict=True)]
        self.frames, self.scale, self.device = settings[0].frames, scale, device
        self.mixes = any(own.mixture > 0 for own in settings)
        self.band = torch.arange(corpora[0].frames.shape[1], device=device)
        self.block: Drawn | None = None
        self.place = torch.zeros(1, dtype=torch.long, device=device)
        self.used = BLOCK

    def prepare(self) -> None:
        """Before every step: see that the block holds it. This part runs on the host, the rest on the device."""
        if self.used == BLOCK:
            drawn = [torch.stack(parts, dim=1) for parts in zip(*(draws.block() for draws in self.draws), strict=True)]
            if self.block is None:
                self.block = Drawn(*(part.to(self.device) for part in drawn))
            else:
                for there, part in zip(self.block, drawn, strict=True):
                    there.copy_(part)  # where a captured graph looks
            self.place.zero_()
            self.used = 0
        self.used += 1

    def skip(self, steps: int) -> None:
        """Before the first step: pass over so many, of which only chance is drawn."""
        for _ in range(steps):
            self.prepare()
        self.place.fill_(self.used % BLOCK)

    def __call__(self) -> Heard:
        """The step that was prepared; every tensor has a first axis K."""
        assert self.block is not None
        drawn = Drawn(*(part.index_select(0, self.place)[0] for part in self.block))
        self.place.add_(1)
        batch = self._windows(drawn.recordings, drawn.first)
        if self.mixes:
            batch = added(batch, self._windows(drawn.others, drawn.others_first), drawn.louder, self.scale)
        low, end = drawn.low[..., None], (drawn.low + drawn.width)[..., None]
        return Heard(batch, blanked(batch.features, (self.band >= low) & (self.band < end)))

    def _windows(self, recordings: Tensor, first: Tensor) -> Batch:
        found, start = [], 0
        for corpus, count in self.groups:
            mine = slice(start, start + count)
            windows = corpus.window(recordings[mine].flatten(), first[mine].flatten(), self.frames)
            found.append(_mapped([windows], partial(_apart, count)))
            start += count
        return found[0] if len(found) == 1 else _mapped(found, torch.cat)


class OneSampler:
    """The windows of a single student, without the axis of students."""

    def __init__(self, corpus: Corpus, settings: TrainSettings, device: torch.device, scale: float = 1.0) -> None:
        self.several = Sampler([corpus], [settings], device, scale)

    def skip(self, steps: int) -> None:
        """See `Sampler.skip`."""
        self.several.skip(steps)

    def __call__(self) -> Heard:
        self.several.prepare()
        batch, features = self.several()
        return Heard(_mapped([batch], lambda parts: parts[0][0]), features[0])


def _apart(count: int, parts: list[Tensor]) -> Tensor:
    return parts[0].unflatten(0, (count, -1))


def _mapped(batches: Sequence[Batch], function: Callable[[list[Tensor]], Tensor]) -> Batch:
    """What `function` makes of each field of the batches; None of one that any of them lacks."""
    parts = {field.name: [getattr(batch, field.name) for batch in batches] for field in fields(Batch)}
    made = {name: None if any(p is None for p in own) else function(own) for name, own in parts.items()}
    return Batch(**made)  # type: ignore[arg-type]


def blanked(features: Tensor, hidden: Tensor) -> Tensor:
    """Features `[..., frames, mels]` with the bands that `hidden` `[..., mels]` names set to their window's mean."""
    gone = hidden.to(features.dtype).unsqueeze(-2)
    return torch.addcmul(gone * features.mean(dim=(-2, -1), keepdim=True), features, 1 - gone)
