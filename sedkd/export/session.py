"""How an exported network is opened and fed, without torch."""

from pathlib import Path
from typing import Any

from sedkd.features.settings import FeatureSettings

INPUT, OUTPUT = "audio", "probabilities"
PRECISE = ("session.x64quantprecision", "1")
"""Where an x86 processor has no VNNI, onnxruntime's products of eight bits saturate at sixteen, and answers are wrong
(onnxruntime issue 14642); with this entry they do not. It changes nothing elsewhere, nor for floats."""


def minimum_samples(settings: FeatureSettings) -> int:
    """Samples below which audio must be padded with zeros: one hop, and enough for the spectrum's reflection."""
    return max(settings.hop, settings.n_fft)


def open_session(path: Path) -> Any:
    """An onnxruntime session on one CPU thread: a small model gains nothing from more, and leaves the others free."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    options.add_session_config_entry(*PRECISE)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
