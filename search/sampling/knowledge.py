"""What a study tells its sampler."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from search.pareto.rungs import Growth, rungs_of, students
from search.sampling.sampler import Observation
from search.setup.budget import Limits
from search.study.objectives import Objectives
from search.study.records import FinishedTrial, fingerprint
from search.study.trial_record import TrialRecord
from search.study.view import StudyView


class StudyKnowledge:
    """The sampler's `Knowledge` of a study. `limits` knows what every student costs, and which cost too much.
    `ends_early`: a hopeless one would be ended at a rung again."""

    def __init__(self, study: StudyView, limits: Limits, ends_early: bool = False) -> None:
        self.study, self.objectives, self.limits = study, study.objectives, limits
        self.seen: dict[int, Observation] = {}  # by trial, each looked at once
        self.seeds: dict[int, int] = {}  # by trial, when it was looked at
        self.rungs = rungs_of(study.facts["train"]["steps"])
        self.ends_early = ends_early
        self.fingerprints: set[str] = set()  # of those that need not be trained again

    def observations(self) -> Sequence[Observation]:
        """Of students that may be trained on, what is foretold of them at the last rung (see `search.pareto.rungs`)."""
        members = self.study.finished()
        for member in members:
            if self.seeds.get(member.number) != member.seeds:
                self.seeds[member.number] = member.seeds
                quality = member.measure(self.objectives.quality)
                self.seen[member.number] = _observed(member.record, quality, self.objectives)
                self.fingerprints.add(fingerprint(member.record.configuration))
        stopped = self.study.ended_early()
        for early in stopped:
            if early.number not in self.seen:
                self.seen[early.number] = _observed(early.record, early.record.score, self.objectives)
                if self.ends_early:
                    self.fingerprints.add(fingerprint(early.record.configuration))
        if len(self.rungs) == 1:
            return [self.seen[number] for number in sorted(self.seen)]
        growth = Growth([members], self.rungs, self.objectives.quality)
        lifted = [self._at_the_last_rung(member, growth) for member in students(members)]
        return [*lifted, *(self.seen[early.number] for early in stopped)]  # of studies before there were such rungs

    def _at_the_last_rung(self, member: FinishedTrial, growth: Growth) -> Observation:
        seen, steps = self.seen[member.number], member.record.steps
        if not steps:  # an earlier version's, trained to the end
            return seen
        return replace(seen, quality=growth.foretold(member)[0], seconds=seen.seconds * self.rungs[-1] / steps)

    def pending(self, but: int) -> Sequence[Mapping[str, Any]]:
        # One without parameters was begun a moment ago, and its worker is choosing.
        return [trial.params for trial in self.study.running() if trial.number != but and trial.params]

    def cost(self, configuration: Mapping[str, Any]) -> float:
        return self.limits.log_cost(configuration, self.objectives.cost)

    def is_left_out(self, configuration: Mapping[str, Any]) -> bool:
        return fingerprint(configuration) in self.fingerprints or self.limits.is_over(configuration)


def _observed(record: TrialRecord, quality: float, objectives: Objectives) -> Observation:
    """What was trained, to the end or until a rung, whose score counts."""
    cost = math.log10(max(record.measures[objectives.cost], 1e-9))
    return Observation(record.configuration, quality, cost, record.seconds)
