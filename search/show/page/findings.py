"""What a page tells of, read from a study and its store once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search.pareto.front import front
from search.pareto.picks import picks_of
from search.study.objectives import Objectives
from search.study.records import FACTS, Member, ended_early, finished, objectives_of
from search.study.scores import Confirmed, SplitScores, confirmed, teacher_scores, test_scores
from search.study.store import Store
from sedkd.errors import UserError

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Findings:
    """`tests` and `confirmed` hold those trials that have such scores; `teacher` has its scores by split."""

    study: "optuna.Study"
    facts: Mapping[str, Any]
    objectives: Objectives
    members: list[Member]
    stopped: list[Member]
    on_front: list[Member]
    picks: Mapping[int, list[str]]
    tests: Mapping[int, SplitScores]
    teacher: Mapping[str, SplitScores]
    confirmed: Mapping[int, Confirmed]

    @property
    def name(self) -> str:
        return self.study.study_name


def findings_of(study: "optuna.Study", store: Store) -> Findings:
    """Read everything. UserError where no trial has finished."""
    members, objectives = finished(study), objectives_of(study)
    if not members:
        raise UserError(f"study {study.study_name} has no finished trial yet; let the search run on")
    on_front = front(members, objectives)
    told = [*on_front, *(m for m in members if m.record["control"])]
    tests = {m.number: test_scores(store, study.study_name, m.number) for m in told}
    sure = {m.number: confirmed(store, study.study_name, m.number) for m in on_front}
    return Findings(
        study,
        study.user_attrs[FACTS],
        objectives,
        members,
        ended_early(study),
        on_front,
        picks_of(on_front, objectives),
        {number: scores for number, scores in tests.items() if scores},
        teacher_scores(store, study.study_name),
        {number: known for number, known in sure.items() if known},
    )
