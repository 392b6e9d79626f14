"""What a model card says of the step that runs on a stream."""

from collections.abc import Mapping
from typing import Any


def streaming_text(stream: Mapping[str, Any], labels: int) -> str:
    """Of `StreamFacts.as_dict` with its file, how to run it: names, shapes, and which answer belongs where."""
    states = ", ".join(f"`{state['input']}` {state['shape']}" for state in stream["states"])
    mels, frames, stride, delay = len(stream["padding"]), stream["frames"], stream["stride"], stream["delay"]
    sentences = [
        f"`{stream['file']}` is one step: log-mel `{stream['input']}` `[1, {frames}, {mels}]` and states",
        f"({states}) in,",
        f"`{stream['output']}` `[1, {frames // stride}, {labels}]` and new states (`new_state_0`, ...)",
        "out, all float32.",
        "States begin with zeros, and each step is given the new states of the one before.",
        f"The first {delay} answers are about what was before the beginning:",
        f"answer k belongs to output frame k - {delay},"
        f" which is feature frames {stride} (k - {delay}) to {stride} (k - {delay}) + {stride - 1}.",
        f"At the end of a recording, the last feature frame is repeated until there are a multiple of {stride},",
        f"and the last {delay} answers are asked for with the frame `padding`.",
        "`student.json` says all of this for programs, and `sedkd.stream.network.StreamNetwork` does it.",
        "What comes out is what `model.onnx` answers",
        f"(largest difference {stream['max_difference']:.1g} in probability).",
    ]
    return " ".join(sentences)
