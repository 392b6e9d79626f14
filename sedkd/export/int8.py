"""The step of a stream with weights and activations of eight bits, for devices that compute in integers.

Weights are quantised per channel, because one scale for all channels ruins depthwise convolutions, and activations by
the ranges that training clips of the site show. Log-mel and states come and go as float32, the logits stay float32.
"""

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sedkd.data.sealed import require_sealed
from sedkd.export.step_graph import StepGraph
from sedkd.export.stream_facts import StreamFacts

QUANTISED = ("Conv", "Relu", "AveragePool", "Concat", "Slice", "Squeeze", "Transpose", "MatMul")
STRETCH = 25  # steps, 2 s: of a long clip
MAX_STEPS = 4000  # of training clips, by which ranges are found
NO_GRU = "its GRU is not quantised: onnxruntime has no GRU in integers"
NO_CLIPS = "the study's clips are not known here"


@dataclass(frozen=True)
class SiteClips:
    """Log-mel `[frames, n_mels]` of recordings of the site: `training` ones show the ranges, and `score` turns the
    probabilities `[answers, labels]` of each of `validation` into F1 by name."""

    training: Sequence[np.ndarray]
    validation: Sequence[np.ndarray]
    score: Callable[[list[np.ndarray]], Mapping[str, float | None]]


def export_int8(stream: Path, target: Path, facts: StreamFacts, clips: SiteClips) -> dict[str, Any]:
    """Write the quantised twin of the graph at `stream` (see `quantise`), and return what is to be known of it: bytes,
    steps that it was calibrated by, and by name the score of both on validation."""
    steps = quantise(stream, target, facts, clips.training)
    found, plain = (clips.score(answered(StepGraph(path, facts), clips.validation)) for path in (target, stream))
    return {
        "file": target.name,
        "bytes": target.stat().st_size,
        "calibration_steps": steps,
        "scores": {name: {"int8": found[name], "float": plain[name]} for name in found},
    }


def quantise(stream: Path, target: Path, facts: StreamFacts, training: Sequence[np.ndarray]) -> int:
    """Write the quantised twin of the graph at `stream`, with the same inputs and outputs; by how many steps of the
    log-mel of `training` it was calibrated."""
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    require_sealed("calibrating eight bits")
    reader = _Reader(stream, facts, training)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(stream, prepared, skip_optimization=True, skip_symbolic_shape=True)
        level = logging.root.level
        logging.root.setLevel(logging.ERROR)  # its warnings are about preprocessing, which is done
        try:
            quantize_static(
                prepared,
                target,
                reader,
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(QUANTISED),
                per_channel=True,
                activation_type=QuantType.QInt8,
                weight_type=QuantType.QInt8,
            )
        finally:
            logging.root.setLevel(level)
    return reader.steps


def answered(graph: StepGraph, recordings: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The probabilities `[answers, labels]` for each recording's log-mel, step by step."""
    return [np.concatenate([graph.feed(frames), graph.finish()]) for frames in recordings]


def int8_words(found: Mapping[str, Any], kind: str = "", own: bool = False) -> str:
    """In a sentence: how well the quantised step does beside the float one, or why there is none. `own`: thresholds
    were chosen by its answers."""
    if "lack" in found:
        return f"no int8.onnx: {found['lack']}"
    whose = "its own thresholds" if own else "the thresholds of the float one"
    told = [
        f"{name} {score_digits(score['int8'])} (float {score_digits(score['float'])})"
        for name, score in found["scores"].items()
    ]
    return f"{found['file']}: {', '.join(told)} on {kind}validation, with {whose}"


class _Reader:
    """onnxruntime's CalibrationDataReader: what the float graph is given, step by step, of one clip after the other,
    each as far as its share of `MAX_STEPS` goes; of a longer one, evenly spaced stretches."""

    def __init__(self, stream: Path, facts: StreamFacts, clips: Sequence[np.ndarray]) -> None:
        self.steps = 0
        self.inputs = self._inputs(StepGraph(stream, facts), facts.frames, clips)

    def _inputs(self, graph: StepGraph, size: int, clips: Sequence[np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
        for stretch in _stretches(clips, size):
            graph.reset()
            for first in range(0, len(stretch) - size + 1, size):
                self.steps += 1
                piece = stretch[first : first + size]
                yield graph.inputs(piece)
                graph.feed(piece)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.inputs, None)


def _stretches(clips: Sequence[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Clips `[frames, n_mels]`, of those that have more than their share of the steps of `size` frames stretches of
    `STRETCH` steps from all over them."""
    share = MAX_STEPS // max(len(clips), 1) * size
    for clip in clips:
        count = max(share // (STRETCH * size), 1)
        if len(clip) <= share:
            yield clip
        else:
            length = share // count
            for first in np.linspace(0, len(clip) - length, count).round().astype(int).tolist():
                yield clip[first : first + length]


def score_digits(value: float | None) -> str:
    """A score to three digits; "-" where there is none."""
    return "-" if value is None else f"{value:.3f}"
