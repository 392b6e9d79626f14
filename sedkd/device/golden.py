"""A short clip with the features and probabilities that belong to it, as C: does a device answer alike?"""

import numpy as np

from sedkd.device.literals import array
from sedkd.device.tables import FULL_SCALE
from sedkd.export.step_graph import StepGraph
from sedkd.features.settings import FeatureSettings
from sedkd.stream.frontend import StreamFrontend

SECONDS = 1.28


def golden_header(audio: np.ndarray, features: FeatureSettings, graph: StepGraph) -> str:
    """The text of golden.h, of the loudest SECONDS of a waveform `[samples]` (-1..1)."""
    samples = pcm(_loudest(audio, round(SECONDS * features.rate)))
    frontend = StreamFrontend(features)
    heard = samples.astype(np.float32) / FULL_SCALE
    frames = np.concatenate([frontend.feed(heard), frontend.finish()])
    answers = np.concatenate([graph.feed(frames), graph.finish()])
    sizes = {"SAMPLES": len(samples), "FRAMES": len(frames), "ANSWERS": len(answers)}
    return "\n".join(
        [
            "#include <stdint.h>\n",
            *(f"#define GOLDEN_{name} {size}" for name, size in sizes.items()),
            "",
            "static " + array("int16_t", "golden_samples", samples),
            "static " + array("float", "golden_features", frames),
            "static " + array("float", "golden_probabilities", answers),
        ]
    )


def pcm(samples: np.ndarray) -> np.ndarray:
    """Samples from -1 to 1 as 16-bit numbers."""
    return np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def _loudest(audio: np.ndarray, count: int) -> np.ndarray:
    """The `count` samples, from a whole number of tenths of them on, with most energy; zeros where it is shorter."""
    padded = np.pad(audio, (0, max(count - len(audio), 0)))
    starts = range(0, len(padded) - count + 1, max(count // 10, 1))
    best = max(starts, key=lambda start: float(np.square(padded[start : start + count]).sum()))
    return padded[best : best + count]
