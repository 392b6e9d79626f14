"""Log-mel features: one module for every front end, used for training, for scoring and inside exported models."""

import torch
from torch import Tensor, nn

from sedkd.features.settings import FeatureSettings


class LogMel(nn.Module):
    """Waveforms `[batch, samples]` to log-mel frames `[batch, frames, n_mels]`, frames = samples // hop."""

    filters: Tensor
    hann: Tensor

    def __init__(self, settings: FeatureSettings) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("filters", mel_filters(settings), persistent=False)
        symmetric = settings.filterbank == "kaldi"
        self.register_buffer("hann", torch.hann_window(settings.window, periodic=not symmetric), persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        s = self.settings
        frames = waveform.shape[-1] // s.hop
        if s.preemphasis:
            waveform = waveform[:, 1:] - s.preemphasis * waveform[:, :-1]
        spectrum = torch.stft(
            waveform, s.n_fft, s.hop, s.window, self.hann, center=True, pad_mode="reflect", return_complex=True
        )
        power = torch.view_as_real(spectrum).square().sum(-1)
        mel = torch.matmul(power.transpose(1, 2), self.filters)
        return ((torch.log(mel + s.offset) + s.shift) / s.scale)[:, :frames]


def mel_filters(settings: FeatureSettings) -> Tensor:
    """Mel filters `[n_fft // 2 + 1, n_mels]`."""
    if settings.filterbank == "kaldi":
        from torchaudio.compliance.kaldi import get_mel_banks

        banks, _ = get_mel_banks(
            settings.n_mels, settings.n_fft, float(settings.rate), settings.f_min, settings.f_max, 100.0, -500.0, 1.0
        )
        return torch.nn.functional.pad(banks, (0, 1)).T.contiguous()
    from torchaudio.functional import melscale_fbanks

    return melscale_fbanks(
        settings.n_fft // 2 + 1,
        settings.f_min,
        settings.f_max,
        settings.n_mels,
        settings.rate,
        norm=None,
        mel_scale="htk",
    )
