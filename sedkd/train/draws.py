"""What chance decides of a student's training: drawn on the CPU from the student's own seed, for many steps at a time.

So a student sees the same windows on every device and in any company, and a step on a GPU waits for nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sedkd.train.corpus import Corpus
from sedkd.train.settings import TrainSettings

BLOCK = 64  # steps that are drawn at once
MASKED_SHARE = 1 / 8  # of the bands: the widest part that is blanked (SpecAugment, Park et al. 2019)
MIXED_DB = 6.0  # a second window is added at most so much louder or softer
MIXING = 2**32  # from a seed to that of what is added
REVIEWED_SHARE = 0.25  # of a batch at most: little is known of such a clip, and it takes a labelled one's place
NEPERS = 0.1 * 2.302585093  # of power, in a dB


class Drawn(NamedTuple):
    """Per window, `[..., batch]`: its recording and first output frame; the lowest of the bands that are blanked, and
    how many; a second window, and by how much it is louder, in nepers of power (-inf: none is added)."""

    recordings: Tensor
    first: Tensor
    low: Tensor
    width: Tensor
    others: Tensor
    others_first: Tensor
    louder: Tensor


class Draws:
    """Recordings are drawn uniformly, positions uniformly; labelled, reviewed, unlabelled and foreign ones by share."""

    def __init__(self, corpus: Corpus, settings: TrainSettings) -> None:
        self.settings, self.mels = settings, corpus.frames.shape[1]
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.mixing = torch.Generator().manual_seed(settings.seed + MIXING)  # the same windows with mixtures as without
        reviewed = len(corpus.reviewed) / max(len(corpus.reviewed) + len(corpus.labeled), 1)
        shares = (
            (corpus.unlabeled, settings.unlabeled_share),
            (corpus.elsewhere, settings.foreign_share),
            (corpus.reviewed, min(reviewed, REVIEWED_SHARE) * (1 - settings.unlabeled_share - settings.foreign_share)),
        )
        others = [(pool.cpu(), int(settings.batch * share + 1e-6)) for pool, share in shares if len(pool)]
        parts = [(corpus.labeled.cpu(), settings.batch - sum(count for _, count in others)), *others]
        self.parts = [(pool, count) for pool, count in parts if count]
        self.room = ((corpus.out_starts[1:] - corpus.out_starts[:-1]).cpu() - settings.frames).clamp_min(0)

    def block(self) -> Drawn:
        """The next `BLOCK` steps, `[BLOCK, batch]`."""
        recordings, first = self._windows(self.generator)
        width = torch.randint(int(self.mels * MASKED_SHARE) + 1, recordings.shape, generator=self.generator)
        low = (self._random(self.generator) * (self.mels - width + 1)).long()
        if self.settings.mixture == 0:
            return Drawn(recordings, first, low, width, recordings, first, torch.full(first.shape, -torch.inf))
        louder = loudness(self.settings.mixture, first.shape, self.mixing)
        return Drawn(recordings, first, low, width, *self._windows(self.mixing), louder)

    def _windows(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        drawn = [torch.randint(len(pool), (BLOCK, count), generator=generator) for pool, count in self.parts]
        recordings = torch.cat([pool[places] for (pool, _), places in zip(self.parts, drawn, strict=True)], dim=1)
        return recordings, (self._random(generator) * (self.room[recordings] + 1)).long()

    def _random(self, generator: torch.Generator) -> Tensor:
        return torch.rand(BLOCK, self.settings.batch, generator=generator)


def loudness(share: float, shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """By how much what is added is louder, in nepers of power, within `MIXED_DB`; to a `share` of all, else -inf."""
    mixed = torch.rand(shape, generator=generator) < share
    louder = (2 * torch.rand(shape, generator=generator) - 1) * MIXED_DB * NEPERS
    return louder.where(mixed, torch.tensor(-torch.inf))
