"""A training step as one CUDA graph: a small student's step is hundreds of launches, each of which costs more than the
work that it launches."""

from collections.abc import Callable

import torch

WARM = 3  # steps in the usual way first: libraries choose their algorithms and allocate


class Repeated:
    """`step`, called again and again: on a GPU it is captured once and replayed, elsewhere called as it is.

    A step that can be captured reads and writes the same tensors each time, asks the GPU for no value, and lets no
    Python number change from step to step.
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
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, stream=stream):
                self.step()
            self.graph = graph
