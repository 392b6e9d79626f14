"""How long an answer has to wait for sound, however fast the machine."""

from sedkd.models.frame import FrameModel
from sedkd.models.student import Student


def algorithmic_latency(model: FrameModel) -> float | None:
    """Seconds from the beginning of an output frame to the end of what its answer is computed from: the frame itself,
    the network's look-ahead (exactly: the output frames by which its answers wait), and half of the window of the
    last spectrum. None for a network that hears whole recordings."""
    if not isinstance(model, Student) or not model.settings.causal:
        return None
    features = model.features
    return ((1 + model.delay) * model.stride * features.hop + features.window / 2) / features.rate
