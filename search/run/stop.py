"""How Ctrl-C is heard."""

import signal
from types import FrameType


class Stop:
    """Ctrl-C and SIGTERM are heard at the next step of what reports progress, never in mid-write; twice: at once."""

    def __init__(self) -> None:
        self.asked = False

    @classmethod
    def installed(cls) -> "Stop":
        """One that listens from now on."""
        stop = cls()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        return stop

    def __call__(self, number: int, frame: FrameType | None) -> None:
        again, self.asked = self.asked, True
        if again:
            raise KeyboardInterrupt
