"""What a study holds: its trials' records, under the names of user attributes that its storage keeps."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search.study.objectives import Objectives

if TYPE_CHECKING:
    import optuna

RECORD = "record"  # user attribute of a trial: measures, per-class scores, curve, post-processing, configuration
FACTS = "facts"  # user attribute of a study: what it was made of
OWNER = "owner"  # user attribute of a trial: the lock of the process that runs it
CONTROL = "control"  # user attribute of a trial: which control it is
CARRIED = "carried"  # user attribute of a trial: the study and the trial that its configuration comes from
INFEASIBLE = "infeasible"  # user attribute of a trial that was above a limit and not trained
LACK = "lack"  # user attribute of a trial that was not trained: why it cannot be
ANSWERED = "answered"  # user attribute of a trial: the number of the finished one whose result it was given
STOPPED = "stopped"  # user attribute of a trial that was ended at a rung: what is remembered of it
RETRIED = "retried"  # user attribute of a trial: the number of the lost one that it repeats
REASON = "reason"  # user attribute of a failed trial: why, in one line
INTERRUPTED = "interrupted"  # the reason of one that Ctrl-C ended
SAMPLER = "sampler"  # user attribute of a study: who asked for its latest trials


@dataclass(frozen=True)
class Member:
    """A finished trial: its number, its values as Optuna stores them (costs as log10), its record (see RECORD)."""

    number: int
    values: tuple[float, ...]
    record: dict[str, Any]

    def measure(self, name: str) -> float:
        """A score or a cost by name, in its own unit."""
        return self.record["measures"][name]


def objectives_of(study: "optuna.Study") -> Objectives:
    facts = study.user_attrs[FACTS]
    return Objectives(tuple(facts["objectives"]), facts.get("most_alarms"))


def finished(study: "optuna.Study") -> list[Member]:
    """The trials that were trained to their end, in order; those that were answered from another's result are not."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return [Member(t.number, tuple(t.values), t.user_attrs[RECORD]) for t in trials if RECORD in t.user_attrs]


def stopped(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """The trials that were ended at a rung, in order."""
    from optuna.trial import TrialState

    return [t for t in study.get_trials(deepcopy=False, states=(TrialState.PRUNED,)) if STOPPED in t.user_attrs]


def spent(study: "optuna.Study") -> int:
    """How many of a budget's trials are done: finished ones, and those that were ended at a rung."""
    from optuna.trial import TrialState

    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sum(RECORD in trial.user_attrs for trial in complete) + len(stopped(study))


def taken(study: "optuna.Study") -> int:
    """How many of a budget's trials are done or on their way, of one look: another process may end one meanwhile."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    states = {TrialState.RUNNING: None, TrialState.COMPLETE: RECORD, TrialState.PRUNED: STOPPED}
    return sum(states[t.state] in (None, *t.user_attrs) for t in trials if t.state in states)


def running(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """The trials that some process is at."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def fingerprint(values: Mapping[str, Any]) -> str:
    """Equal for configurations that are trained alike."""
    return json.dumps(dict(values), sort_keys=True)


def ended_early(study: "optuna.Study") -> list[Member]:
    """The trials that were ended at a rung, each with what is remembered of it as its record."""
    return [Member(t.number, (), t.user_attrs[STOPPED]) for t in stopped(study)]
