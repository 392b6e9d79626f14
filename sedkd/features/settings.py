"""How audio becomes log-mel frames, as settings: read without torch."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class FeatureSettings:
    """How audio becomes log-mel frames. Lengths are in samples, frequencies in Hz.

    `filterbank` is "htk" (torchaudio's HTK-scale triangles) or "kaldi" (Kaldi's, as EfficientAT uses them). The
    output is `(log(power + offset) + shift) / scale`.
    """

    rate: int = 16000
    n_fft: int = 512
    window: int = 512
    hop: int = 320
    n_mels: int = 64
    f_min: float = 50.0
    f_max: float = 8000.0
    filterbank: str = "htk"
    preemphasis: float = 0.0
    offset: float = 1e-6
    shift: float = 0.0
    scale: float = 1.0

    @property
    def frame_seconds(self) -> float:
        return self.hop / self.rate

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


STUDENT_FEATURES = FeatureSettings()

# Schmid et al. 2023 (EfficientAT), `AugmentMelSTFT`: 32 kHz, symmetric Hann 800, hop 320, 128 Kaldi bands to 15 kHz.
AUDIOSET_FEATURES = FeatureSettings(
    rate=32000, n_fft=1024, window=800, hop=320, n_mels=128, f_min=0.0, f_max=15000.0, filterbank="kaldi",
    preemphasis=0.97, offset=1e-5, shift=4.5, scale=5.0,
)  # fmt: skip
