"""A review: the clips that a person is asked about, and all that is needed to make something of the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sedkd.data.audio import content_hash
from sedkd.data.inspection import audio_info
from sedkd.disk.json_file import digest
from sedkd.review.candidates import Candidate, Scored
from sedkd.review.drawing import BANDS, band_of, drawn

FORMAT, VERSION = "sedkd review", 1
AROUND_SECONDS = 1.5  # played before a span and behind it
MIN_SECONDS = 4.0  # of what is played


@dataclass(frozen=True)
class Clip:
    """A question: is `label` heard in `file` from `onset` to `offset`? `start` to `stop` is played; all in seconds.

    `content` is `content_hash` of the file, `score` the detector's confidence.
    """

    file: str
    content: str
    label: str
    onset: float
    offset: float
    start: float
    stop: float
    score: float

    @property
    def band(self) -> int:
        return band_of(self.score)


@dataclass(frozen=True)
class Review:
    """`found` counts all candidates in `hours` of recordings, by label and band: what the clips stand for.

    `measure`: "peak" where scores are peaks of a student's filtered probabilities, of which `detect --threshold` is
    a bound; "confidence" where they are of somebody's table. `labels` are offered as answers besides yes and no.
    """

    clips: tuple[Clip, ...]
    labels: tuple[str, ...]
    found: Mapping[str, Sequence[int]]
    hours: float
    measure: str
    by: str

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {"format": FORMAT, "version": VERSION, **asdict(self)}

    @cached_property
    def digest(self) -> str:
        """Names the review: answers to another one are not answers to this."""
        return digest(self.facts(), 8, sort_keys=True)


def review_of(scored: Scored, labels: Sequence[str], count: int, by: str, seed: int, measure: str) -> Review:
    """Draw a review of `count` clips; see `drawn`."""
    found = {label: [0] * BANDS for label in dict.fromkeys(candidate.label for candidate in scored.candidates)}
    for candidate in scored.candidates:
        found[candidate.label][band_of(candidate.score)] += 1
    contents: dict[Path, str] = {}
    clips = []
    for each in drawn(scored.candidates, count, by, scored.thresholds, seed):
        if each.path not in contents:
            contents[each.path] = content_hash(each.path)
        clips.append(_clip(each, contents[each.path]))
    return Review(tuple(clips), tuple(labels), found, scored.hours, measure, by)


def _clip(candidate: Candidate, content: str) -> Clip:
    duration = audio_info(candidate.path).duration
    onset, offset = candidate.onset, min(candidate.offset, duration)
    around = max(AROUND_SECONDS, (MIN_SECONDS - (offset - onset)) / 2)
    start, stop = max(onset - around, 0.0), min(offset + around, duration)
    onset, offset, start, stop = (round(time, 3) for time in (onset, offset, start, stop))
    file = str(candidate.path.resolve())
    return Clip(file, content, candidate.label, onset, offset, start, stop, candidate.score)


def review_from(facts: Mapping[str, Any]) -> Review:
    """The review whose `facts` these are. ValueError, KeyError or TypeError where they are none."""
    if facts["format"] != FORMAT or facts["version"] != VERSION:
        raise ValueError(f"of the format {facts['format']!r}, version {facts['version']!r}")
    clips = tuple(Clip(**clip) for clip in facts["clips"])
    return Review(clips, tuple(facts["labels"]), facts["found"], facts["hours"], facts["measure"], facts["by"])
