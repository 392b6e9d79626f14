"""Which windows of which clips a training step sees."""

import torch
from torch import Tensor

from sedkd.distill.batch import Batch
from sedkd.train.corpus import Corpus
from sedkd.train.settings import TrainSettings

MASKED_MELS = 8  # widest band of the model's input that is blanked (SpecAugment, Park et al. 2019)


class Sampler:
    """Draws windows: recordings uniformly, positions uniformly; labelled, unlabelled and foreign ones by share."""

    def __init__(self, corpus: Corpus, settings: TrainSettings, device: torch.device) -> None:
        self.corpus, self.frames, self.device = corpus, settings.frames, device
        self.generator = torch.Generator().manual_seed(settings.seed)
        shares = ((corpus.unlabeled, settings.unlabeled_share), (corpus.elsewhere, settings.foreign_share))
        others = [(pool.cpu(), int(settings.batch * share + 1e-6)) for pool, share in shares if len(pool)]
        self.parts = [(corpus.labeled.cpu(), settings.batch - sum(count for _, count in others)), *others]
        self.lengths = (corpus.out_starts[1:] - corpus.out_starts[:-1]).cpu()

    def __call__(self) -> Batch:
        drawn = [
            pool[torch.randint(len(pool), (count,), generator=self.generator)] for pool, count in self.parts if count
        ]
        recordings = torch.cat(drawn)
        room = (self.lengths[recordings] - self.frames).clamp_min(0)
        first = (torch.rand(len(recordings), generator=self.generator) * (room + 1)).long()
        return self.corpus.window(recordings.to(self.device), first.to(self.device), self.frames)

    def masked(self, features: Tensor) -> Tensor:
        """Features `[batch, frames, mels]` with one random band per window set to the window's mean."""
        return blanked(features, self.bands(len(features), features.shape[2]))

    def bands(self, count: int, mels: int) -> Tensor:
        """One random band per window, `[count, mels]`, True where it hides the features."""
        width = torch.randint(MASKED_MELS + 1, (count, 1), generator=self.generator)
        low = (torch.rand(count, 1, generator=self.generator) * (mels - width + 1)).long()
        band = torch.arange(mels)
        return ((band >= low) & (band < low + width)).to(self.device)


def blanked(features: Tensor, hidden: Tensor) -> Tensor:
    """Features `[..., frames, mels]` with the bands that `hidden` `[..., mels]` names set to their window's mean."""
    gone = hidden.to(features.dtype).unsqueeze(-2)
    return torch.addcmul(gone * features.mean(dim=(-2, -1), keepdim=True), features, 1 - gone)
