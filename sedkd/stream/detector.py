"""Samples in, events out, while they come in: front end, network and decisions one behind the other."""

import warnings
from pathlib import Path

import numpy as np

from sedkd.data.audio import read_spans
from sedkd.data.inspection import BLOCK_SECONDS, audio_info, notes_on
from sedkd.errors import SedkdWarning
from sedkd.stream.decisions import StreamDecisions, Told
from sedkd.stream.detection import Detection, Progress
from sedkd.stream.frontend import StreamFrontend
from sedkd.stream.network import StreamNetwork
from sedkd.stream.resampler import StreamResampler


class StreamDetector:
    """A causal student's export on one stream of mono audio at `rate` Hz (None: the student's own)."""

    def __init__(self, network: StreamNetwork, rate: int | None = None) -> None:
        bundle = network.bundle
        self.rate = rate or bundle.features.rate
        self._resampler = StreamResampler(self.rate, bundle.features.rate)
        self._frontend = StreamFrontend(bundle.features)
        self._network = network
        self._network.reset()
        self._decisions = StreamDecisions(bundle.labels, bundle.post, bundle.frame_seconds)
        self._samples = 0

    @property
    def delay_seconds(self) -> float:
        """How long after a sound what is decided about it is told: the network's latency and the slowest filter."""
        return self._network.facts.latency_seconds + self._decisions.delay_seconds

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._samples / self.rate

    def feed(self, samples: np.ndarray) -> list[Told]:
        """What the next samples `[n]` float32 (-1..1) tell."""
        self._samples += len(samples)
        return self._hear(self._resampler.feed(samples))

    def finish(self) -> list[Told]:
        """What was undecided at the end of the stream."""
        told = self._hear(self._resampler.finish())
        told += self._decisions.feed(self._network.feed(self._frontend.finish()))
        told += self._decisions.feed(self._network.finish())
        return told + self._decisions.finish(self.seconds)

    def _hear(self, samples: np.ndarray) -> list[Told]:
        return self._decisions.feed(self._network.feed(self._frontend.feed(samples)))


def detect_streamed(network: StreamNetwork, path: Path, progress: Progress | None = None) -> list[Detection]:
    """The events in an audio file, sorted by onset, as they would be heard in a stream of it.

    `progress(done, total)` counts blocks of some seconds.

    Raises:
        UserError: the file is missing, empty or no audio.
    """
    info = audio_info(path)
    for note in notes_on({path: info}):
        warnings.warn(note, SedkdWarning, stacklevel=2)
    detector, size, told = StreamDetector(network, info.rate), round(BLOCK_SECONDS * info.rate), []
    spans = [(start, start + size) for start in range(0, info.frames, size)]
    for done, samples in enumerate(read_spans(path, info.rate, spans), start=1):
        told += detector.feed(samples)
        if progress:
            progress(done, len(spans))
    told += detector.finish()
    return sorted(each for each in told if isinstance(each, Detection))
