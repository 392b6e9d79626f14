"""How an exported network is opened and fed, without torch."""

from pathlib import Path
from typing import Any

from sedkd.features.settings import FeatureSettings

INPUT, OUTPUT = "audio", "probabilities"


def minimum_samples(settings: FeatureSettings) -> int:
    """Samples below which audio must be padded with zeros: one hop, and enough for the spectrum's reflection."""
    return max(settings.hop, settings.n_fft)


def open_session(path: Path) -> Any:
    """An onnxruntime session on one CPU thread: a small model gains nothing from more, and leaves the others free."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
