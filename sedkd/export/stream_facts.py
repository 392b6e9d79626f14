"""What a program must know of a step's graph to run it: names, shapes, and how answers wait."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

STREAM = "stream.onnx"  # in an export
INPUT, OUTPUT = "frames", "probabilities"


def state_name(number: int) -> str:
    return f"state_{number}"


def new_state_name(number: int) -> str:
    return f"new_state_{number}"


@dataclass(frozen=True)
class StreamFacts:
    """`frames`: log-mel frames of a step, a multiple of `stride`, the frames of one answer. `delay`: how many first
    answers are about what was before the beginning. `states`: the shapes of the states, which begin with zeros.
    `padding`: the frame `[n_mels]` with which a stream's last answers are asked for. `latency_seconds`: how long an
    answer waits for sound. `max_difference`: from torch's answers for whole recordings, when it was exported."""

    frames: int
    stride: int
    delay: int
    states: tuple[tuple[int, ...], ...]
    padding: tuple[float, ...]
    latency_seconds: float
    max_difference: float | None = None
    memory: bool | None = None

    @property
    def remembers(self) -> bool:
        """Whether it knows more of the past than a window's context, as `memory` says; exports of earlier versions do
        not, and are taken to where a GRU's state, with three axes, is among the states, or one with one band, as a
        TCN's."""
        if self.memory is not None:
            return self.memory
        return any(len(shape) == 3 or shape[3] == 1 for shape in self.states)

    def as_dict(self) -> dict[str, Any]:
        """For student.json."""
        states = [
            {"input": state_name(number), "output": new_state_name(number), "shape": list(shape)}
            for number, shape in enumerate(self.states)
        ]
        return {**asdict(self), "input": INPUT, "output": OUTPUT, "states": states, "padding": list(self.padding)}


def stream_facts_from(found: Mapping[str, Any]) -> StreamFacts:
    """Of `StreamFacts.as_dict`. Raises KeyError, TypeError or ValueError where it is broken."""
    if int(found["delay"]) < 0 or int(found["stride"]) < 1 or int(found["frames"]) % int(found["stride"]):
        raise ValueError("a stream's delay is 0 at least, and its frames a multiple of its stride")
    return StreamFacts(
        int(found["frames"]),
        int(found["stride"]),
        int(found["delay"]),
        tuple(tuple(int(size) for size in state["shape"]) for state in found["states"]),
        tuple(float(value) for value in found["padding"]),
        float(found["latency_seconds"]),
        float(found["max_difference"]),
        found.get("memory"),
    )
