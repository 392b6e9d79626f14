"""How long an answer has to wait for sound, however fast the machine."""

from sedkd.models.frame import FrameModel
from sedkd.models.student import Student


def algorithmic_latency(model: FrameModel) -> float | None:
    """Seconds from the beginning of an output frame to when its answer can be computed: the frame itself, the network's
    look-ahead (exactly: the output frames by which its answers wait), and what the window of the last spectrum, which
    is centred at the beginning of its hop, reaches beyond that. None for a network that hears whole recordings."""
    if not isinstance(model, Student) or not model.settings.causal:
        return None
    features = model.features
    beyond = max(features.window / 2 - features.hop, 0)
    return ((1 + model.delay) * model.stride * features.hop + beyond) / features.rate
