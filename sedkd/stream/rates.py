"""Recordings that hold less than those on which a student was chosen: of a lower sampling rate."""

from collections.abc import Sequence
from pathlib import Path

from sedkd.data.decoding import BrokenAudio
from sedkd.data.inspection import audio_infos
from sedkd.export.reading import Bundle

LOWEST_RATE = "lowest_rate"
"""Of an export's provenance: the lowest sampling rate in Hz among the recordings that chose its thresholds."""


def needed_rate(bundle: Bundle) -> float | None:
    """The sampling rate in Hz below which a recording lacks what the student learnt to expect; None where its export
    does not tell."""
    lowest = bundle.provenance.get(LOWEST_RATE)
    return None if lowest is None else min(float(lowest), 2 * bundle.features.f_max)


def too_low(bundle: Bundle, paths: Sequence[Path]) -> list[str]:
    """A line that names the first of the recordings whose sampling rate is too low, and tells how many there are.

    Files that cannot be read are passed over.
    """
    needed = needed_rate(bundle)
    if needed is None:
        return []
    rates = {path: info.rate for path, info in audio_infos(paths).items() if not isinstance(info, BrokenAudio)}
    low = [path for path, rate in rates.items() if rate < needed]
    if not low:
        return []
    more = f", and {len(low) - 1} more are below {needed:g} Hz, too" if len(low) > 1 else ""
    return [f"{low[0]}: is sampled at {rates[low[0]]} Hz{more}; {below_words(needed)}"]


def below_words(needed: float) -> str:
    """What to say of sound at a sampling rate below `needed`."""
    return f"the student was chosen on recordings at {needed:g} Hz or more: what it tells of others may mean nothing"
