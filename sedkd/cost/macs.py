"""Multiply-accumulates (MACs) per second of audio, counted by fvcore with what it misses registered.

fvcore calls one MAC a flop; elsewhere a MAC is two FLOPs. Out of the box it counts GRU and LSTM as nothing, drops
convolutions with padding "same", and counts batch normalisation, which is folded into the convolution before it when
a model runs; here the first two are added and the last is taken out.
"""

from typing import Any

import torch
from torch import nn

from sedkd.features.logmel import mel_filters
from sedkd.features.settings import FeatureSettings
from sedkd.models.frame import FrameModel

COUNTED_SECONDS = 10.0


def macs_per_second(model: FrameModel) -> float:
    """MACs of the network alone per second of audio, features not included (see `feature_macs_per_second`), nor what a
    network with a look-ahead computes once behind the end."""
    frames = round(COUNTED_SECONDS / model.frame_seconds)
    example = torch.zeros(1, frames * model.stride, model.features.n_mels)
    return count_macs(model, example) / ((frames + model.delay) * model.frame_seconds)


def count_macs(model: nn.Module, example: torch.Tensor) -> float:
    """MACs of one forward pass on `example`, on the CPU and in evaluation mode."""
    from fvcore.nn import FlopCountAnalysis

    training, device = model.training, next(model.parameters()).device
    handles = {
        "aten::gru": _recurrent_macs,
        "aten::lstm": _recurrent_macs,
        "aten::_convolution_mode": _same_conv_macs,
        "aten::batch_norm": _nothing,
        "aten::adaptive_avg_pool2d": _nothing,
    }
    try:
        analysis = FlopCountAnalysis(model.eval().cpu(), example.cpu()).set_op_handle(**handles)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        return float(analysis.total())
    finally:
        model.train(training).to(device)


def feature_macs_per_second(settings: FeatureSettings) -> float:
    """Estimate for the log-mel front end: of each frame a window, a real FFT of N points as (N / 2) log2 N
    multiplications, power, and the mel filters where they are not 0. (The plain FFT of `sedkd.device` takes more, all
    in all 1.7 times as many multiplications; as a dense matrix, which is what ONNX and torch multiply, the 64 filters
    of a student take 0.8 M MACs per second more.)"""
    import math

    weights = int(mel_filters(settings).count_nonzero())
    bins = settings.n_fft // 2 + 1
    per_frame = settings.window + settings.n_fft / 2 * math.log2(settings.n_fft) + 2 * bins + weights
    return per_frame * settings.rate / settings.hop


def parameter_count(model: nn.Module) -> int:
    """Number of trained parameters."""
    return sum(p.numel() for p in model.parameters())


def weight_bytes(model: nn.Module) -> int:
    """Bytes of weights and buffers as they are stored (float32)."""
    return sum(t.numel() * t.element_size() for t in model.state_dict().values())


def _recurrent_macs(inputs: list[Any], outputs: list[Any]) -> float:
    """GRU and LSTM: every weight is used once per time step and batch entry (biases are additions)."""
    steps_and_batch = inputs[0].type().sizes()[:2]
    weights = (
        inputs[2].node().inputs() if inputs[2].node().kind() == "prim::ListConstruct" else inputs[3].node().inputs()
    )
    used = sum(_product(w.type().sizes()) for w in weights if len(w.type().sizes()) == 2)
    return float(used * _product(steps_and_batch))


def _same_conv_macs(inputs: list[Any], outputs: list[Any]) -> float:
    """Convolution whose padding is given by name: output positions times kernel size times channels per group."""
    weight, output = inputs[1].type().sizes(), outputs[0].type().sizes()
    return float(_product(output) * _product(weight[1:]))


def _nothing(inputs: list[Any], outputs: list[Any]) -> float:
    return 0.0


def _product(sizes: Any) -> int:
    result = 1
    for size in sizes:
        result *= size
    return result
