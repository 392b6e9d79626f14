"""Which candidates a person is asked about."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sedkd.review.candidates import Candidate

EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)  # of the bands of confidence
BANDS = len(EDGES) - 1
USUAL_THRESHOLD = 0.5  # of a detector that does not tell its own
CLIPPED = 1e-3  # logits of 0 and 1 are those of this and of 1 minus this


def band_of(score: float) -> int:
    """The band that a score lies in; an edge belongs to the upper one."""
    return int(np.searchsorted(EDGES[1:-1], score, side="right"))


def band_words(band: int) -> str:
    return f"{EDGES[band]:g} to {EDGES[band + 1]:g}"


def logit(score: float) -> float:
    clipped = min(max(score, CLIPPED), 1 - CLIPPED)
    return math.log(clipped / (1 - clipped))


def drawn(
    candidates: Sequence[Candidate], count: int, by: str, thresholds: Mapping[str, float], seed: int
) -> list[Candidate]:
    """At most `count` candidates, as many of each label as there are, in random order.

    `by`: "uncertain", the nearest to their label's threshold by logit; "confident", the surest; "spread", the same
    number of every band of confidence; "random".
    """
    rng = np.random.default_rng(seed)
    queues = {}
    for label in sorted({candidate.label for candidate in candidates}):
        own = sorted(candidate for candidate in candidates if candidate.label == label)
        mixed = [own[place] for place in rng.permutation(len(own))]
        queues[label] = ORDERS[by](mixed, thresholds.get(label, USUAL_THRESHOLD))
    found = interleaved(list(queues.values()))[:count]
    return [found[place] for place in rng.permutation(len(found))]


def interleaved(queues: Sequence[Sequence[Candidate]]) -> list[Candidate]:
    """The first of each, then the second of each, as long as there are any."""
    longest = max(map(len, queues), default=0)
    return [queue[place] for place in range(longest) for queue in queues if place < len(queue)]


def _uncertain(candidates: Sequence[Candidate], threshold: float) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: abs(logit(candidate.score) - logit(threshold)))


def _confident(candidates: Sequence[Candidate], _: float) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _spread(candidates: Sequence[Candidate], _: float) -> list[Candidate]:
    return interleaved([[c for c in candidates if band_of(c.score) == band] for band in reversed(range(BANDS))])


def _random(candidates: Sequence[Candidate], _: float) -> list[Candidate]:
    return list(candidates)


ORDERS: Mapping[str, Callable[[Sequence[Candidate], float], list[Candidate]]] = {
    "uncertain": _uncertain,
    "confident": _confident,
    "spread": _spread,
    "random": _random,
}
