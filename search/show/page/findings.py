"""What a page tells of, read from a study and its store once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from search.pareto.front import front
from search.pareto.picks import picks_of
from search.pareto.rungs import students
from search.study.eight_bits import EightBits
from search.study.objectives import Objectives
from search.study.records import FinishedTrial, StoppedTrial
from search.study.scores import Confirmed, SplitScores
from search.study.trial_files import TrialFile
from search.study.view import StudyView

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Findings:
    """`tests`, `confirmed` and `eights` hold those trials that have such scores; `teacher` has its scores by split."""

    study: StudyView
    facts: Mapping[str, Any]
    objectives: Objectives
    members: list[FinishedTrial]
    stopped: list[StoppedTrial]
    on_front: list[FinishedTrial]
    picks: Mapping[int, list[str]]
    tests: Mapping[int, SplitScores]
    teacher: Mapping[str, SplitScores]
    confirmed: Mapping[int, Confirmed]
    eights: Mapping[int, EightBits]

    @property
    def name(self) -> str:
        return self.study.name

    def of_picks(self, file: TrialFile[Kept]) -> Iterator[tuple[int, str, Kept]]:
        """Of each pick that has such a file beside it: the trial's number, what it is called, what was kept of it."""
        for member in self.on_front:
            if member.number in self.picks:
                kept = file.read(self.study.trial_folder(member.number))
                if kept is not None:
                    yield member.number, f"{' '.join(self.picks[member.number])} (trial {member.number})", kept


def findings_of(study: StudyView) -> Findings:
    """Read everything. UserError where no trial has finished."""
    members, objectives = study.require_finished(), study.objectives
    on_front = front(members, objectives)
    told = [*on_front, *(m for m in students(members) if m.record.control)]
    tests = {m.number: study.test_scores(m.number) for m in told}
    eights = {m.number: study.eight_bits(m.number) for m in on_front}
    sure = {m.number: study.confirmed(m.number) for m in on_front}
    return Findings(
        study,
        study.facts,
        objectives,
        members,
        study.ended_early(),
        on_front,
        picks_of(on_front, objectives),
        {number: scores for number, scores in tests.items() if scores},
        study.teacher_scores(),
        {number: known for number, known in sure.items() if known},
        {number: found for number, found in eights.items() if found},
    )
