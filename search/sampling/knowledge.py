"""What a study tells its sampler."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import optuna

from search.budget import Limits
from search.objectives import Objectives
from search.repeats import fingerprint
from search.sampling.sampler import Observation
from search.study import STOPPED, finished, running, stopped


class StudyKnowledge:
    """The sampler's `Knowledge` of a study. `limits` knows what every student costs, and which cost too much."""

    def __init__(self, study: optuna.Study, objectives: Objectives, limits: Limits) -> None:
        self.study, self.objectives, self.limits = study, objectives, limits
        self.fingerprints: dict[int, str] = {}

    def observations(self) -> Sequence[Observation]:
        return observations_of(self.study, self.objectives)

    def pending(self, but: int) -> Sequence[Mapping[str, Any]]:
        return [trial.params for trial in running(self.study) if trial.number != but]

    def cost(self, configuration: Mapping[str, Any]) -> float:
        if self.limits.is_over(configuration):
            return math.inf
        return math.log10(max(self.limits.cost(configuration)[self.objectives.cost], 1e-9))

    def is_known(self, configuration: Mapping[str, Any]) -> bool:
        for member in finished(self.study):
            if member.number not in self.fingerprints:
                self.fingerprints[member.number] = fingerprint(member.record["configuration"])
        return fingerprint(configuration) in self.fingerprints.values()


def observations_of(study: optuna.Study, objectives: Objectives) -> list[Observation]:
    """What was trained in a study with one quality and one cost: to the end, or until a rung, whose score counts."""
    ended = [(m.number, m.record, m.measure(objectives.quality)) for m in finished(study)]
    ended += [(t.number, t.user_attrs[STOPPED], t.user_attrs[STOPPED]["score"]) for t in stopped(study)]
    return [
        Observation(
            record["configuration"],
            quality,
            math.log10(max(record["measures"][objectives.cost], 1e-9)),
            record["seconds"],
        )
        for _, record, quality in sorted(ended, key=lambda item: item[0])
    ]
