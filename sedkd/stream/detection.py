"""What a student tells of a recording or a stream."""

from collections.abc import Callable
from typing import NamedTuple

from sedkd.data.events import Event

Progress = Callable[[int, int], None]


class Detection(NamedTuple):
    """An event, and the mean of its label's probability over its frames, before the median filter (0..1)."""

    event: Event
    confidence: float
