"""The sound of events, kept as WAV files while a stream goes on, up to a number of bytes."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from sedkd.data.clips import names_of
from sedkd.disk.wav_file import write_wav
from sedkd.errors import UserError
from sedkd.stream.detection import Detection

MAX_SECONDS = 60.0  # held; of a longer event its end is kept
AROUND_SECONDS = 1.0  # kept before an event, and behind it as far as it was heard
HEADER = 44  # bytes
FULL_SCALE = 32768


class Clips:
    """`folder/20240131_054500-0012.480-rain.wav`: when listening began, the event's onset in seconds and its label,
    one of `labels`.

    WAV files that lie in the folder already count towards `limit` bytes, so that a program that is started again and
    again does not fill a disk.

    Raises:
        UserError: the folder cannot be made.
    """

    def __init__(self, folder: Path, rate: int, limit: int, labels: Sequence[str]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._left = limit - sum(path.stat().st_size for path in folder.glob("*.wav"))
        except OSError as error:
            raise UserError(f"--clips {folder}: cannot be used ({error.strerror}); name another folder") from error
        self.folder, self.rate, self._names = folder, rate, names_of(labels)
        self._stamp = datetime.now().strftime("%Y%m%d_%H%M%S")
        self._held: deque[np.ndarray] = deque()
        self._first = self._end = 0  # of the samples held
        self.full = False

    def feed(self, samples: np.ndarray) -> None:
        """Hold the next samples `[n]` float32 (-1..1), and let go of old ones."""
        self._held.append(np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16))
        self._end += len(samples)
        while self._end - self._first - len(self._held[0]) >= (MAX_SECONDS + AROUND_SECONDS) * self.rate:
            self._first += len(self._held.popleft())

    def write(self, detection: Detection) -> bool:
        """Write an event's clip; whether there was room for it.

        Raises:
            UserError: it cannot be written.
        """
        event = detection.event
        stop = min(round((event.offset + AROUND_SECONDS) * self.rate), self._end)
        start = max(round((event.onset - AROUND_SECONDS) * self.rate), self._first, 0)
        start = max(start, stop - round((MAX_SECONDS + AROUND_SECONDS) * self.rate))
        size = HEADER + 2 * (stop - start)
        if size > self._left:
            self.full = True
            return False
        label = self._names[event.event_label]
        path = self.folder / f"{self._stamp}-{event.onset:08.3f}-{label}.wav"
        sound = np.concatenate(self._held)[start - self._first : stop - self._first]
        try:
            write_wav(path, sound, self.rate, "PCM_16")
        except OSError as error:
            why = f"cannot be written ({error.strerror})"
            raise UserError(f"{path}: {why}; name another folder with --clips") from error
        self._left -= size
        return True
