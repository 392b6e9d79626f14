"""A training step as one CUDA graph: a small student's step is hundreds of launches, each of which costs more than the
work that it launches."""

import warnings
from collections.abc import Callable

import torch

from sedkd.errors import SedkdWarning

WARM = 3  # steps in the usual way first: libraries choose their algorithms and allocate


class Repeated:
    """`step`, called again and again: on a GPU it is captured once and replayed, elsewhere called as it is.

    A step that can be captured reads and writes the same tensors each time, asks the GPU for no value, and lets no
    Python number change from step to step. One that cannot, such as with a strategy of one's own that asks for values,
    goes on as it is, with a warning.
    """

    def __init__(self, step: Callable[[], None], device: torch.device) -> None:
        self.step, self.device = step, device
        able = device.type == "cuda" and torch.cuda.is_available()
        self.stream = torch.cuda.Stream(device) if able else None
        self.graph: torch.cuda.CUDAGraph | None = None
        self.calls = 0

    def __call__(self) -> None:
        if self.stream is None:
            self.step()
        elif self.graph is not None:
            self.graph.replay()
        else:
            with torch.cuda.device(self.device):
                self._first(self.stream)

    def _first(self, stream: torch.cuda.Stream) -> None:
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            self.step()
        torch.cuda.current_stream().wait_stream(stream)
        self.calls += 1
        if self.calls == WARM:
            self.graph = self._captured(stream)

    def _captured(self, stream: torch.cuda.Stream) -> torch.cuda.CUDAGraph | None:
        """Recording a step computes nothing and changes no tensor, so that one that fails half-way has done no harm."""
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, stream=stream):
                self.step()
        except RuntimeError as error:
            (reason, *_) = str(error).splitlines() or [type(error).__name__]
            warnings.warn(
                f"a training step cannot be captured as a CUDA graph and is launched piece by piece, which is slower: "
                f"{reason}",
                SedkdWarning,
                stacklevel=2,
            )
            return None
        return graph
