"""The step of an export on a stream: log-mel frames in, as many as there are, and answers as soon as can be."""

from pathlib import Path

from sedkd.errors import UserError
from sedkd.export.reading import read_bundle
from sedkd.export.step_graph import StepGraph
from sedkd.export.stream_facts import STREAM


class StreamNetwork(StepGraph):
    """The step's graph of an export.

    Raises:
        UserError: the export is broken, or its student hears whole recordings.
    """

    def __init__(self, folder: Path) -> None:
        self.bundle = read_bundle(folder)
        if self.bundle.stream is None:
            raise UserError(
                f"{folder}: this student hears whole recordings; search with --lookahead for one that runs on a stream"
            )
        super().__init__(folder / STREAM, self.bundle.stream)
