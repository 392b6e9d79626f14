"""A teacher's attention on the frequencies that a student hears."""

import math

import torch
from torch import Tensor

from sedkd.features.settings import STUDENT_FEATURES, FeatureSettings

BANDS = 16  # of a student's own feature map of 64 mel bands (`sedkd.models.bodies.MAP_AFTER`)


def on_student_bands(energy: Tensor, heard: FeatureSettings) -> Tensor:
    """Energy `[frames, bands]` of a feature map of what is `heard`, `[frames, BANDS]` on a student's frequencies.

    Where both hear the same range, band k is of the same frequencies already, and it stays as it is. Else each of the
    student's bands gets the mean over its width, on the mel scale, of the teacher's bands that lie there; what the
    student cannot hear is left out, and what the teacher cannot gets its nearest band.
    """
    if (heard.f_min, heard.f_max) == (STUDENT_FEATURES.f_min, STUDENT_FEATURES.f_max):
        return energy
    theirs, own = band_edges(heard, energy.shape[1]), band_edges(STUDENT_FEATURES, BANDS)
    low, high = (edges.clamp(theirs[0], theirs[-1]) for edges in (own[:-1], own[1:]))
    shared = (torch.minimum(high[:, None], theirs[1:]) - torch.maximum(low[:, None], theirs[:-1])).clamp(min=0)
    beyond = shared.sum(1) == 0
    nearest = torch.where(own[:-1] < theirs[0], 0, energy.shape[1] - 1)
    shared[beyond, nearest[beyond]] = 1.0
    return energy @ (shared / shared.sum(1, keepdim=True)).T.to(energy)


def band_edges(heard: FeatureSettings, bands: int) -> Tensor:
    """Where the bands of a feature map begin and end, `[bands + 1]` in mel, float64: each is as many mel bands wide as
    the others, and a mel band ends half-way between its filter's centre and the next one's.

    HTK's mel scale, which is Kaldi's as well: 2595 log10(1 + f / 700 Hz).
    """
    lowest, highest = (2595.0 * math.log10(1.0 + f / 700.0) for f in (heard.f_min, heard.f_max))
    step = (highest - lowest) / (heard.n_mels + 1)
    return lowest + step * (0.5 + torch.linspace(0, heard.n_mels, bands + 1, dtype=torch.float64))
