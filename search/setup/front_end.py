"""Where students differ in what they hear, the features' cost is a part of theirs."""

from dataclasses import replace

from search.space.space import Space
from search.study.objectives import Objectives

SECTION = "features."


def with_features(objectives: Objectives, space: Space, notices: list[str]) -> Objectives:
    """The objectives with `total_macs` in the place of `macs` where the space varies the front end, said among
    `notices`."""
    varied = [dimension.name for dimension in space.dimensions if dimension.name.startswith(SECTION)]
    if not varied or "macs" not in objectives.names or "total_macs" in objectives.names:
        return objectives
    notices.append(f"objectives: total_macs in the place of macs, which leaves out what {' and '.join(varied)} change")
    return replace(objectives, names=tuple("total_macs" if name == "macs" else name for name in objectives.names))
