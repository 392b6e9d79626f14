"""What a person asks of `sedkd-search`, and the plan that follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from search.pareto.rungs import rungs_of
from search.setup.alarms import alarm_notices
from search.setup.budget import Budget, check_budget
from search.setup.front_end import with_features
from search.setup.identity import identity
from search.setup.plan import Manner, Plan
from search.setup.preparation import Subject, prepare
from search.setup.streams import streams_asked_by
from search.space.space import Space
from search.study.objectives import most_alarms_of, parse
from search.study.store import Store
from sedkd.disk.shared import take_turns
from sedkd.progress import Progress
from sedkd.train.rate import warmup_of
from sedkd.train.settings import TrainSettings

LOCAL = "local"  # the executor that is processes on this machine
RATE = "train.learning_rate"


@dataclass(frozen=True)
class Request:
    """What was typed; see `sedkd-search --help`. `subject.environment` is one environment. `typed`: by option, all that
    was not its default, for who types it again. `workers`: trials at once; None: as many as pay here. `resources`: of a
    worker on another machine, by name."""

    subject: Subject
    budget: Budget
    manner: Manner
    objectives: str
    criterion: str
    int8: bool
    steps: int | None
    seed: int
    workers: int | None
    confirm: int
    store: Store
    typed: Mapping[str, Any]
    executor: str = LOCAL
    resources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """A plan with the name and the facts of its study, and what the person should know."""

    plan: Plan
    name: str
    facts: Mapping[str, Any]
    notices: list[str]


def planned(request: Request, progress: Progress) -> Planned:
    """Everything up to the first trial. Errors are UserError."""
    objectives = parse(request.objectives, most_alarms_of(request.criterion), request.int8)
    store = request.store
    store.storage.require()
    take_turns(store.storage.making)  # of teacher, targets and generic students, which machines may share
    asker = streams_asked_by(request.budget.limits, objectives)

    def check(space: Space, events: Sequence[str]) -> None:
        check_budget(events, space, request.budget)

    prepared = prepare(request.subject, request.seed, progress, asker, check)
    base = _training(request)
    space, notices = prepared.space, [*prepared.notices]
    objectives = with_features(objectives, space, notices)
    if RATE not in space.distributions():
        notices.append(
            f"the space has no {RATE}: every student is trained at {base.learning_rate:g}, slow for small ones; the "
            "default space draws it (sedkd space)"
        )
    check(space, prepared.task.events)  # what cannot run was left out since
    plan = Plan(prepared.task, space, objectives, base, request.budget, request.manner, store)
    name, facts = identity(prepared.task, space, objectives, base, request.subject.subset)
    return Planned(plan, name, facts, [*notices, *alarm_notices(prepared.task, objectives.most_alarms)])


def _training(request: Request) -> TrainSettings:
    """How students are trained. Where they may be trained to a rung first, their warm-up is that rung's."""
    base = replace(TrainSettings(seed=request.seed), **({"steps": request.steps} if request.steps else {}))
    rungs = rungs_of(base.steps)
    return replace(base, warmup=warmup_of(rungs[0])) if len(rungs) > 1 else base
