"""A causal student as one ONNX file that does one step of a stream: frames and states in, answers and states out.

Shapes are fixed, normalisations are folded into the convolutions before them, and the features stay outside: a
logarithm inside of the graph quantises badly, and a device has a front end of its own.
"""

import copy
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from sedkd.cost.algorithmic import algorithmic_latency
from sedkd.export.onnx_model import MAX_DIFFERENCE, OPSET, OnnxGru, frames_of
from sedkd.export.session import minimum_samples
from sedkd.export.step_graph import StepGraph
from sedkd.export.stream_facts import INPUT, OUTPUT, StreamFacts, new_state_name, state_name
from sedkd.features.logmel import LogMel
from sedkd.models.step import StreamStep
from sedkd.models.student import Student


def export_stream(student: Student, path: Path, count: int = 1) -> StreamFacts:
    """Write one step of a causal student to `path`, with `count` answers, and return what is to be known of it."""
    step = StreamStep(copy.deepcopy(student).cpu(), count)
    states = step.beginning()
    facts = StreamFacts(
        step.frames,
        step.stride,
        student.delay,
        tuple(tuple(state.shape) for state in states),
        tuple(step.mean.tolist()),
        algorithmic_latency(student) or 0.0,
        memory=student.settings.remembers,
    )
    if step.gru is not None:
        step.gru = OnnxGru(step.gru)  # type: ignore[assignment]
    numbers = range(len(states))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the exporter itself
        program = torch.onnx.export(
            step,
            (torch.zeros(1, step.frames, len(step.mean)), *states),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=[INPUT, *map(state_name, numbers)],
            output_names=[OUTPUT, *map(new_state_name, numbers)],
        )
    assert program is not None  # with dynamo=True it is always there
    program.save(str(path), external_data=False)
    _bare(path)
    return facts


def _bare(path: Path) -> None:
    """Take out what the exporter notes of each node for itself: a traceback, many times the size of the weights."""
    import onnx

    model = onnx.load(path)
    noted = [model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer]
    for part in (*noted, *model.graph.input, *model.graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    onnx.save(model, path)


def checked_stream(path: Path, facts: StreamFacts, student: Student, audio: Sequence[np.ndarray]) -> StreamFacts:
    """The facts with the largest difference of the probabilities, step by step in onnxruntime, from torch's for whole
    recordings; `audio` are waveforms `[samples]`.

    Raises:
        ValueError: there is no audio to check with.
        RuntimeError: the difference is above MAX_DIFFERENCE, or the shapes differ.
    """
    if not audio:
        raise ValueError("an export is checked on real audio: give at least one waveform")
    model, graph, worst = copy.deepcopy(student).cpu().eval(), StepGraph(path, facts), 0.0
    for samples in audio:
        missing = max(minimum_samples(student.features) - len(samples), 0)
        waveform = torch.from_numpy(np.pad(samples.astype(np.float32), (0, missing)))[None]
        with torch.inference_mode():
            features = LogMel(student.features)(waveform)
            expected = torch.sigmoid(model(features[:, frames_of(features.shape[1], student.stride)]).logits)[0].numpy()
        found = np.concatenate([graph.feed(features[0].numpy()), graph.finish()])
        if found.shape != expected.shape:
            raise RuntimeError(f"{path}: step by step there are {found.shape} answers, at once {expected.shape}")
        worst = float(np.maximum(worst, np.abs(found - expected).max()))  # NaN stays NaN, unlike with max()
    if not worst <= MAX_DIFFERENCE:  # NaN fails too
        raise RuntimeError(f"{path}: step by step and at once differ by {worst:.2g}, allowed are {MAX_DIFFERENCE:g}")
    return replace(facts, max_difference=worst)
