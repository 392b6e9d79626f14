"""Students, strategies and numbers in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from search.pareto.rungs import students
from search.study.objectives import TABLE, Objectives
from search.study.records import FinishedTrial
from sedkd.distill.registry import SCRATCH
from sedkd.models.settings import FRONT_END, StudentSettings, section_of
from sedkd.words import several


def student_words(configuration: Mapping[str, Any]) -> str:
    """An architecture in a few words, such as "separable+gru 16x3" (width x depth), with its look-ahead if it has one,
    "separable 8x4@160ms", and its mel bands and hop where they are not those of most: "separable 8x3/32mel/40ms"."""
    default = StudentSettings()
    block, head, width, depth, lookahead, n_mels, hop = (
        configuration.get(f"{section_of(name)}.{name}", getattr(default, name))
        for name in ("block", "head", "width", "depth", "lookahead", *FRONT_END)
    )
    ahead = "" if lookahead == default.lookahead else f"@{lookahead}ms"
    hears = ("" if n_mels == default.n_mels else f"/{n_mels}mel") + ("" if hop == default.hop else f"/{hop}ms")
    return f"{block}{'' if head == 'none' else '+' + head} {width}x{depth}{ahead}{hears}"


def strategy_words(configuration: Mapping[str, Any]) -> str:
    """A strategy and its start in a few words, such as "response from generic"."""
    strategy = configuration.get("strategy", SCRATCH)
    start = configuration.get("initialisation", "random")
    return ("scratch" if strategy == SCRATCH else strategy) + ("" if start == "random" else f" from {start}")


def rung_words(members: Sequence[FinishedTrial]) -> str:
    """To how many steps students are trained, such as "45 students at 150 steps, 12 at 600, 3 at 2400"; empty where all
    are trained to as many."""
    counts = sorted(Counter(member.record.steps for member in students(members)).items())
    if len(counts) < 2:
        return ""
    (steps, count), *others = counts
    return f"{several(count, 'student')} at {steps} steps" + "".join(f", {more} at {rung}" for rung, more in others)


def measure_words(name: str, value: float) -> str:
    """An objective's value."""
    decimals = TABLE[name].decimals
    return human(value) if decimals is None else f"{value:.{decimals}f}"


def macs_words(measures: Mapping[str, float], objectives: Objectives) -> str:
    """MACs per second of audio of a student's network, and of its features where those count: 25 k + 95.4 k."""
    features = f" + {human(measures['total_macs'] - measures['macs'])}" if "total_macs" in objectives.names else ""
    return human(measures["macs"]) + features


def features_words(on_front: Sequence[FinishedTrial], objectives: Objectives) -> str | None:
    """What to say where students' features cost more than their networks and do not count; None where it is not so."""
    if objectives.cost != "macs":
        return None
    measures = [member.record.measures for member in on_front]
    features = [(each["macs"], each["total_macs"] - each["macs"]) for each in measures if "total_macs" in each]
    dear = [cost for macs, cost in features if cost > macs]
    if not dear:
        return None
    return (
        f"of {len(dear)} of the front's {len(on_front)} students the features cost more ({human(max(dear))} MACs/s) "
        "than the network, and are not counted; --mels 64,32 --hop 20,40 searches over what students hear"
    )


def human(value: float) -> str:
    """A count with a unit: 950, 12.3 k, 4.56 M."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g} {unit}"
    return f"{value:.3g}"
