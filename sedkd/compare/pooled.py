"""Comparisons of several environments together: is one way of training better than another on average over them?

Environments share neither recordings nor trained students, so that their differences are taken as independent, and
each weighs the same. (Students of one seed begin from the same weights, and teachers have heard all environments: what
that correlates is neglected.) The verdict is about these environments; of others it says nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import hypot
from typing import Any

from sedkd.compare.bootstrap import Difference
from sedkd.compare.scoring import METRICS


def pooled(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Per pair of arms that all `results` of `sedkd.compare.result` have, and per F1 (see METRICS), the mean difference
    over the environments with its interval and verdict; pairs and scores that one of them lacks are left out."""
    tables = [{(pair["a"], pair["b"]): pair for pair in result["pairs"]} for result in results]
    found = []
    for a, b in tables[0]:
        pairs = [table.get((a, b)) for table in tables]
        told = {metric: _told([pair and pair[metric] for pair in pairs]) for metric in METRICS}
        known = {metric: one for metric, one in told.items() if one is not None}
        if known:
            found.append({"a": a, "b": b, **known})
    return found


def _told(differences: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    known = [one for one in differences if one is not None and one["mean"] is not None]
    if len(known) < len(differences):
        return None
    # Comparisons of earlier versions do not tell their recordings.
    told = [(one["mean"], one["low"], one["high"], one.get("recordings"), one.get("seeds")) for one in known]
    difference = mean_of([Difference(*one) for one in told])
    return asdict(difference) | {"verdict": difference.verdict}


def mean_of(differences: Sequence[Difference]) -> Difference:
    """The mean of independent differences. Either half of its 95 % interval is the root of the summed squares of
    theirs, over their number: as deviations of independent means add, each side for itself where intervals are
    skewed. It is to be believed where all of them are."""
    count = len(differences)
    mean = sum(one.mean for one in differences) / count
    below = hypot(*(one.mean - one.low for one in differences)) / count
    above = hypot(*(one.high - one.mean for one in differences)) / count
    recordings = min((one.recordings for one in differences if one.recordings is not None), default=None)
    seeds = min((one.seeds for one in differences if one.seeds is not None), default=None)
    return Difference(mean, mean - below, mean + above, recordings, seeds)
