"""A trained student as it is heard in eight bits: its answers for recordings, its bytes, its time."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sedkd.cost.latency import SECONDS, median_seconds
from sedkd.data.recordings import Recording
from sedkd.export.int8 import answered, quantise
from sedkd.export.step_graph import StepGraph
from sedkd.export.stream_model import export_stream
from sedkd.features.pack import features_of
from sedkd.models.student import Student
from sedkd.score.postprocess import Answers
from sedkd.train.split import Split, answers_of

CALIBRATING = 40  # training clips, evenly spaced

Hearing = Callable[[Split], Answers]
"""What a trained student answers for a split."""


class Int8Student:
    """A student's step in eight bits, its ranges from training clips.

    Raises:
        ValueError: it hears whole recordings, or has a GRU.
    """

    def __init__(self, student: Student, training: Sequence[Recording]) -> None:
        if not student.settings.quantises:
            raise ValueError(f"{student.settings}: has no step of eight bits")
        self.student = student
        with tempfile.TemporaryDirectory() as folder:
            stream, target = Path(folder) / "stream.onnx", Path(folder) / "int8.onnx"
            facts = export_stream(student, stream)
            quantise(stream, target, facts, self._heard(calibrating(training)))
            self.bytes = target.stat().st_size
            self._graph = StepGraph(target, facts)

    def answers(self, split: Split) -> Answers:
        """Step by step, as `Split.answers` gives those of the student itself."""
        found = answered(self._graph, self._heard(split.recordings))
        return answers_of(found, split.recordings, self.student.labels, self.student.frame_seconds)

    def latency_ms_per_second(self) -> float:
        """Median milliseconds per second of audio, step by step in onnxruntime, network only, one CPU thread."""
        answers = round(SECONDS / self.student.frame_seconds)
        silence = np.zeros((answers * self.student.stride, self.student.features.n_mels), np.float32)
        run = (answers + self._graph.facts.delay) * self.student.frame_seconds  # the last answers wait for what follows
        return 1000 * median_seconds(lambda: answered(self._graph, [silence])) / run

    def _heard(self, recordings: Sequence[Recording]) -> list[np.ndarray]:
        pack = features_of(recordings, self.student.features)
        return [pack.of(number) for number in range(len(pack))]


def calibrating(training: Sequence[Recording]) -> list[Recording]:
    """The training clips, with and without labels, that show the ranges of a student's eight bits."""
    return list(training[:: max(len(training) // CALIBRATING, 1)])


def hearing(student: Student, training: Sequence[Recording], int8: bool) -> Hearing:
    """How a trained student is heard: as it is, or as its step in eight bits, calibrated on `training`."""
    return Int8Student(student, training).answers if int8 else lambda split: split.answers(student)
