"""Soundscapes with exact truth: events at random times over a background, heard through a place.

The one engine of sedkd's built-in environments and of soundscapes from isolated recordings. The method follows
Scaper (Salamon et al., WASPAA 2017), SNR per event and random onsets, with a polyphony limit and distractors.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sedkd.data.events import Event
from sedkd.synth.acoustics import Room, impulse_response, reverberate

Rng = np.random.Generator
Source = Callable[[str, Rng, int], tuple[np.ndarray, str]]
"""(label, rng, rate) -> (mono float32 [n], the name of what was drawn)"""
Background = Callable[[Rng, int, float], np.ndarray]
"""(rng, rate, seconds) -> mono float32 [seconds * rate]"""

GAP_SECONDS = 0.2  # at least, between two events of one class
MIN_SECONDS = 0.25  # of an event that the clip's end cuts
AUDIBLE_DB = 20.0  # an event lasts while it is within this of its loudest 20 ms
_FRAME_SECONDS = 0.02
_TRIES = 12
_SILENCE = 1e-4  # RMS that stands in for a background of digital silence


@dataclass(frozen=True)
class Recipe:
    """What an environment's soundscapes are made of; SNRs in dB relative to the background during the event."""

    events: tuple[str, ...]
    distractors: tuple[str, ...] = ()
    clip_seconds: float = 10.0
    events_per_clip: tuple[int, int] = (1, 6)
    max_polyphony: int = 3  # labelled events at once; distractors come on top
    snr_db: tuple[float, float] = (-5.0, 12.0)
    distractors_per_clip: float = 2.0  # mean of a Poisson distribution
    distractor_snr_db: tuple[float, float] = (-5.0, 10.0)
    room: Room | None = None  # None: dry
    weights: tuple[float, ...] = ()  # of the events; empty: equal
    empty_share: float = 0.08  # of the clips, without any labelled event
    background_dbfs: tuple[float, float] = (-42.0, -30.0)

    def __post_init__(self) -> None:
        if not self.events or len(set(self.events)) != len(self.events):
            raise ValueError(f"events {self.events} must name each class once, and at least one")
        if self.weights and len(self.weights) != len(self.events):
            raise ValueError(f"{len(self.weights)} weights for {len(self.events)} events")
        if not 0 < self.events_per_clip[0] <= self.events_per_clip[1] or self.max_polyphony < 1:
            raise ValueError(f"events_per_clip {self.events_per_clip}, max_polyphony {self.max_polyphony}: at least 1")
        if self.clip_seconds < 1:
            raise ValueError(f"clip_seconds {self.clip_seconds} must be at least 1")


@dataclass(frozen=True)
class Soundscape:
    """A clip: audio float32 [samples], its events in order of onset, and the names of the sources in it."""

    audio: np.ndarray
    events: list[Event]
    sources: list[str]


def mix(recipe: Recipe, source: Source, background: Background, rng: Rng, rate: int) -> Soundscape:
    """One clip. All randomness comes from `rng`, so the same state gives the same clip."""
    count = round(recipe.clip_seconds * rate)
    bed = _levelled(background(rng, rate, recipe.clip_seconds), recipe.background_dbfs, rng)
    if len(bed) != count:
        raise ValueError(f"the background has {len(bed)} samples, the clip {count}")
    audio = bed.copy()
    events: list[Event] = []
    sources: list[str] = []

    wanted = 0 if rng.random() < recipe.empty_share else rng.integers(*recipe.events_per_clip, endpoint=True)
    chance = np.array(recipe.weights or (1.0,) * len(recipe.events))
    for choice in rng.choice(len(recipe.events), wanted, p=chance / chance.sum()):
        label = recipe.events[choice]
        sound, name = _heard(label, source, recipe.room, rng, rate)
        found = _find_place(sound, label, events, recipe, rng, rate)
        if found is None:
            continue
        start, piece = found
        _add(audio, bed, start, piece, rng.uniform(*recipe.snr_db))
        events.append(Event(start / rate, (start + len(piece)) / rate, label))
        sources.append(name)

    for _ in range(rng.poisson(recipe.distractors_per_clip) if recipe.distractors else 0):
        label = recipe.distractors[rng.integers(len(recipe.distractors))]
        sound, name = _heard(label, source, recipe.room, rng, rate)
        found = _cut(sound, int(rng.integers(count)), count, rate)
        if found is not None:
            start, piece = found
            _add(audio, bed, start, piece, rng.uniform(*recipe.distractor_snr_db))
            sources.append(name)

    peak = float(np.abs(audio).max())
    return Soundscape(audio * np.float32(min(1.0, 0.95 / max(peak, 1e-9))), sorted(events), sources)


def audible(sound: np.ndarray, rate: int) -> np.ndarray:
    """The part from the first to the last frame within AUDIBLE_DB of the loudest, a view [m] of [n]."""
    frame = max(1, int(_FRAME_SECONDS * rate))
    whole = len(sound) // frame
    if whole < 2:
        return sound
    energy = np.square(sound[: whole * frame]).reshape(whole, frame).sum(axis=1)
    loud = np.flatnonzero(energy >= energy.max() * 10 ** (-AUDIBLE_DB / 10))
    return sound[loud[0] * frame : (loud[-1] + 1) * frame]


def _heard(label: str, source: Source, room: Room | None, rng: Rng, rate: int) -> tuple[np.ndarray, str]:
    sound, name = source(label, rng, rate)
    if room is not None:
        sound = reverberate(sound, impulse_response(room, rng, rate))
    return audible(sound, rate), name


def _find_place(
    sound: np.ndarray, label: str, events: list[Event], recipe: Recipe, rng: Rng, rate: int
) -> tuple[int, np.ndarray] | None:
    """A start, and what is heard from there, that keeps polyphony and the gap within a class; None if none."""
    count = round(recipe.clip_seconds * rate)
    for start in rng.integers(0, count, _TRIES):
        found = _cut(sound, int(start), count, rate)
        if found is None:
            continue
        onset, offset = start / rate, (start + len(found[1])) / rate
        near = [e for e in events if e.onset < offset + GAP_SECONDS and e.offset > onset - GAP_SECONDS]
        if label in {event.event_label for event in near}:
            continue
        if _polyphony(near, onset, offset) < recipe.max_polyphony:
            return found
    return None


def _cut(sound: np.ndarray, start: int, count: int, rate: int) -> tuple[int, np.ndarray] | None:
    """The sound from `start` in a clip of `count` samples, with short fades; None if too little of it remains."""
    piece = audible(sound[: count - start], rate)
    if len(piece) < min(len(sound), int(MIN_SECONDS * rate)):
        return None
    fade = np.ones(len(piece), dtype=np.float32)
    edge = min(int(0.005 * rate), len(piece) // 4)
    fade[:edge] = np.linspace(0, 1, edge)
    fade[len(piece) - edge :] = np.linspace(1, 0, edge)
    return start, piece * fade


def _polyphony(events: list[Event], onset: float, offset: float) -> int:
    """The largest number of events at once between onset and offset; it is reached at one of the onsets."""
    moments = [onset, *(event.onset for event in events if onset < event.onset < offset)]
    return max(sum(event.onset <= moment < event.offset for event in events) for moment in moments)


def _add(audio: np.ndarray, bed: np.ndarray, start: int, piece: np.ndarray, snr_db: float) -> None:
    """Add the piece so that its RMS lies `snr_db` above that of the bed during it."""
    span = slice(start, start + len(piece))
    gain = max(_rms(bed[span]), _SILENCE) / max(_rms(piece), 1e-9) * 10 ** (snr_db / 20)
    audio[span] += np.float32(gain) * piece


def _levelled(bed: np.ndarray, dbfs: tuple[float, float], rng: Rng) -> np.ndarray:
    return (bed * (10 ** (rng.uniform(*dbfs) / 20) / max(_rms(bed), 1e-9))).astype(np.float32)


def _rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))
