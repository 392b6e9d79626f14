"""A student as one ONNX file: raw audio in, probabilities out, so that nothing but an ONNX runtime is needed.

The batch and the length of the audio stay free. onnxruntime's answers are compared with torch's on real audio before
an export is trusted.
"""

import copy
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sedkd.export.session import INPUT, OUTPUT, minimum_samples, open_session
from sedkd.features.logmel import LogMel
from sedkd.models.student import Student

MAX_DIFFERENCE = 1e-4
OPSET = 18  # the exporter's own; older runtimes read it too


class Detector(nn.Module):
    """Mono audio `[batch, samples]` at the features' rate to probabilities `[batch, frames, labels]`.

    frames = ceil((samples // hop) / stride): as in training, the last feature frame is repeated to fill the last
    output frame. At least `minimum_samples` are needed. The features are computed in double precision: in single,
    spectra by different libraries part where a quiet band lies beside a loud one, by up to 1e-4 in probability.
    """

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.logmel = LogMel(student.features).double()
        self.student = student

    def forward(self, audio: Tensor) -> Tensor:
        rows = frames_of(audio.shape[1] // self.student.features.hop, self.student.stride)
        features = self.logmel(audio.double()).float()
        return torch.sigmoid(self.student(features[:, rows]).logits)


def frames_of(count: int, stride: int) -> Tensor:
    """Indices of `count` feature frames, the last one repeated to fill the last output frame."""
    # Rounded up by an addition: ONNX divides towards zero, so that the usual -(-a // b) rounds down there.
    padded = (count + stride - 1) // stride * stride
    return torch.arange(padded).clamp(max=count - 1)


def export_onnx(student: Student, path: Path) -> None:
    """Write the student's `Detector` to `path`: one file, weights inside, batch and samples free. Takes about 10 s."""
    model = Detector(copy.deepcopy(student).cpu()).eval()
    if model.student.gru is not None:
        model.student.gru = OnnxGru(model.student.gru)  # type: ignore[assignment]
    # Traced with two clips: torch takes a batch of one for a constant.
    example = torch.zeros(2, 10 * student.features.rate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the exporter itself
        program = torch.onnx.export(
            model,
            (example,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes={INPUT: {0: "batch", 1: "samples"}},
        )
    assert program is not None  # with dynamo=True it is always there
    program.save(str(path), external_data=False)


def checked_difference(path: Path, student: Student, audio: Sequence[np.ndarray]) -> float:
    """Largest absolute difference of onnxruntime's and torch's probabilities on `audio`, waveforms `[samples]`.

    Raises:
        ValueError: there is no audio to check with.
        RuntimeError: the difference is above MAX_DIFFERENCE, or the shapes differ.
    """
    if not audio:
        raise ValueError("an export is checked on real audio: give at least one waveform")
    session = open_session(path)
    model = Detector(copy.deepcopy(student).cpu()).eval()
    shortest, worst = minimum_samples(student.features), 0.0
    for samples in audio:
        batch = np.pad(samples.astype(np.float32), (0, max(shortest - len(samples), 0)))[None]
        exported = session.run([OUTPUT], {INPUT: batch})[0]
        with torch.inference_mode():
            expected = model(torch.from_numpy(batch)).numpy()
        if exported.shape != expected.shape:
            raise RuntimeError(f"{path}: onnxruntime answers {exported.shape} where torch answers {expected.shape}")
        worst = float(np.maximum(worst, np.abs(exported - expected).max()))  # NaN stays NaN, unlike with max()
    if not worst <= MAX_DIFFERENCE:  # NaN fails too
        raise RuntimeError(f"{path}: onnxruntime and torch differ by {worst:.2g}, allowed are {MAX_DIFFERENCE:g}")
    return worst


class OnnxGru(nn.Module):
    """Stands for a batch-first `nn.GRU` of one layer while exporting, as ONNX's own operator.

    torch 2.11 unrolls a GRU over the traced length, which fixes the length and fails for a free one. Outside of an
    export this module answers zeros.
    """

    input_weights: Tensor
    state_weights: Tensor
    biases: Tensor

    def __init__(self, gru: nn.GRU) -> None:
        super().__init__()
        self.hidden = gru.hidden_size
        self.direction = "bidirectional" if gru.bidirectional else "forward"
        directions = ("", "_reverse") if gru.bidirectional else ("",)
        self.register_buffer("input_weights", self._gates(gru, "weight_ih_l0", directions))
        self.register_buffer("state_weights", self._gates(gru, "weight_hh_l0", directions))
        biases = [self._gates(gru, name, directions) for name in ("bias_ih_l0", "bias_hh_l0")]
        self.register_buffer("biases", torch.cat(biases, dim=1))

    @staticmethod
    def _gates(gru: nn.GRU, name: str, directions: Sequence[str]) -> Tensor:
        """Parameters `[directions, 3 * hidden, ...]` in ONNX's order (update, reset, new); torch has reset first."""
        parts = [getattr(gru, name + direction).detach().chunk(3) for direction in directions]
        return torch.stack([torch.cat([update, reset, new]) for reset, update, new in parts])

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        batch, frames, _ = x.shape
        directions = len(self.input_weights)
        begun = (None, state) if state is not None else ()  # in the place before it: the lengths of sequences
        # linear_before_reset: torch applies the reset gate after the recurrent product (Cho et al. 2014, revised).
        y = torch.onnx.ops.symbolic(
            "GRU",
            (x.transpose(0, 1), self.input_weights, self.state_weights, self.biases, *begun),
            {"hidden_size": self.hidden, "direction": self.direction, "linear_before_reset": 1},
            dtype=x.dtype,
            shape=(frames, directions, batch, self.hidden),
        )
        # The last state is right for the forward direction, the only one of which it is asked for.
        return y.permute(2, 0, 1, 3).reshape(batch, frames, directions * self.hidden), y[-1]
