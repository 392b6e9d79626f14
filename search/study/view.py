"""A study: Optuna's, with the store that keeps its students and scores."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.study.eight_bits import INT8, EightBits
from search.study.objectives import Objectives
from search.study.records import (
    CONTINUES,
    EXHAUSTED,
    FACTS,
    HOW,
    INTERRUPTED,
    REASON,
    RECORD,
    RESUMED,
    STOPPED,
    FinishedTrial,
    StoppedTrial,
)
from search.study.scores import Confirmed, SplitScores, confirmed, teacher_scores, test_scores
from search.study.store import STUDENT_FILE, Store
from search.study.trial_record import FinishedRecord, StoppedRecord
from sedkd.errors import UserError
from sedkd.words import several

if TYPE_CHECKING:
    import optuna


class StudyView:
    """What sedkd knows of a study. Trials are read anew at every call, since other processes add to them; what is
    remembered of one that has ended never changes, and is read once.

    optuna: its own study, for who asks it for trials and tells it how they ended.
    """

    def __init__(self, study: "optuna.Study", store: Store) -> None:
        self.optuna, self.store = study, store
        self._trained: dict[int, FinishedTrial] = {}
        self._members: dict[int, FinishedTrial] = {}  # of them those that were trained with several seeds
        self._ended_early: dict[int, StoppedTrial] = {}

    @property
    def name(self) -> str:
        return self.optuna.study_name

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """What it was made of, as `search.setup.identity` wrote it."""
        return self.optuna.user_attrs[FACTS]

    @cached_property
    def objectives(self) -> Objectives:
        return Objectives(tuple(self.facts["objectives"]), self.facts.get("most_alarms"), self.facts.get("int8", False))

    @property
    def training(self) -> str | None:
        """A digest of how its version trains students; None of the first ones, which did not write it down."""
        return self.facts.get("parts", {}).get(HOW)

    @property
    def title(self) -> str:
        """Its name, whether what it heard was synthetic, and whether its scores are of eight bits."""
        known = ["SYNTHETIC soundscapes"] * self.facts["synthetic"] + ["scores of int8"] * self.objectives.int8
        return f"{self.name} ({', '.join(known)})" if known else self.name

    @property
    def folder(self) -> Path:
        return self.store.study_folder(self.name)

    def trial_folder(self, number: int) -> Path:
        return self.store.trial_folder(self.name, number)

    def student_path(self, number: int) -> Path:
        """The weights of a trial's student, also where another machine trained it."""
        return self.trial_file(number, STUDENT_FILE)

    def fault_of_student(self, number: int) -> str | None:
        """Why a trial's student cannot be read, where its file is gone or damaged."""
        from sedkd.models.checkpoint import read_header

        try:
            read_header(self.student_path(number))
        except UserError as error:
            return str(error)
        return None

    def trial_file(self, number: int, name: str) -> Path:
        """A file of a trial's folder, also where another machine shared it; it need not be there."""
        path = self.trial_folder(number) / name
        self.fetch(path)
        return path

    def fetch(self, file: Path, anew: bool = False) -> None:
        """Bring a file of this study, below its folder, that another machine shared, if there is one; `anew`: also
        where one is here."""
        self.store.storage.fetch(self.name, self.folder, file, anew)

    def share(self, file: Path) -> None:
        """Let other machines have a file of this study, below its folder."""
        self.store.storage.share(self.name, self.folder, file)

    def forget(self, file: Path) -> None:
        """Remove a file of this study, here and for other machines."""
        self.store.storage.forget(self.name, self.folder, file)

    def one_look(self) -> AbstractContextManager[None]:
        """In here trials are not read anew at every call, but as the first one found them, or as they were after a
        trial was begun or ended from here."""
        return self.store.storage.one_look()

    def together(self) -> AbstractContextManager[None]:
        """In here what Optuna draws for a trial is written at the end, so that others see all of it or nothing."""
        return self.store.storage.together()

    def finished(self) -> list[FinishedTrial]:
        """The students that were trained to their end, in order. One that was trained with several seeds is its first
        trial, with means over them."""
        again: defaultdict[int, list[FinishedRecord]] = defaultdict(list)
        first = []
        for trial in self.trained():
            if trial.record.second_seed_of is None:
                first.append(trial)
            else:
                again[trial.record.second_seed_of].append(trial.record)
        return [self._with_again(trial, again[trial.number]) if trial.number in again else trial for trial in first]

    def require_finished(self) -> list[FinishedTrial]:
        """As `finished`.

        Raises:
            UserError: there is none; names why the last one failed, where trials have.
        """
        found = self.finished()
        if found:
            return found
        told, reasons = f"study {self.name} has no finished trial yet", self.failures()
        if not reasons:
            raise UserError(f"{told}; let the search run on")
        failed = f"{several(len(reasons), 'trial')} failed, the last one because of: {reasons[-1]}"
        raise UserError(f"{told}: {failed}; mend that, and run the same search line again")

    def failures(self) -> list[str]:
        """Why trials failed, in order; those that were interrupted did not."""
        from optuna.trial import TrialState

        failed = self.optuna.get_trials(deepcopy=False, states=(TrialState.FAIL,))
        reasons = (trial.user_attrs.get(REASON, INTERRUPTED) for trial in failed)
        return [reason for reason in reasons if reason != INTERRUPTED]

    def _with_again(self, trial: FinishedTrial, again: list[FinishedRecord]) -> FinishedTrial:
        known = self._members.get(trial.number)
        if known is None or len(known.again) != len(again):
            known = self._members[trial.number] = trial.with_again(tuple(again), self.objectives)
        return known

    def trained(self) -> list[FinishedTrial]:
        """The trials that were trained to their end, in order, each as it turned out; those answered from another's
        result are not."""
        from optuna.trial import TrialState

        ended = self.optuna.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        for trial in ended:
            if trial.number not in self._trained and RECORD in trial.user_attrs:
                record = FinishedRecord.from_json(trial.user_attrs[RECORD])
                self._trained[trial.number] = FinishedTrial(trial.number, tuple(trial.values), record)
        return [self._trained[trial.number] for trial in ended if trial.number in self._trained]

    def ended_early(self) -> list[StoppedTrial]:
        """The trials that were ended at a rung, in order."""
        from optuna.trial import TrialState

        ended = self.optuna.get_trials(deepcopy=False, states=(TrialState.PRUNED,))
        for trial in ended:
            if trial.number not in self._ended_early and STOPPED in trial.user_attrs:
                record = StoppedRecord.from_json(trial.user_attrs[STOPPED])
                self._ended_early[trial.number] = StoppedTrial(trial.number, record)
        return [self._ended_early[trial.number] for trial in ended if trial.number in self._ended_early]

    def running(self) -> "list[optuna.trial.FrozenTrial]":
        """The trials that some process is at."""
        from optuna.trial import TrialState

        return self.optuna.get_trials(deepcopy=False, states=(TrialState.RUNNING,))

    def spent(self) -> int:
        """How many of a budget's trials are done: finished ones, and those that were ended at a rung; a student that
        was continued is one."""
        return sum(m.record.continues is None for m in self.trained()) + len(self.ended_early())

    def taken(self) -> int:
        """How many of a budget's trials are done or on their way, but for those that continue one; of one look, since
        others may end one meanwhile."""
        from optuna.trial import TrialState

        trials = self.optuna.get_trials(deepcopy=False)
        states = {TrialState.RUNNING: None, TrialState.COMPLETE: RECORD, TrialState.PRUNED: STOPPED}
        begun = [t for t in trials if t.state in states and CONTINUES not in t.user_attrs]
        return sum(states[t.state] in (None, *t.user_attrs) for t in begun)

    def exhausted(self) -> str | None:
        """Why the latest search found no further student to train, where it did not."""
        return self.optuna.user_attrs.get(EXHAUSTED)

    def is_in_line(self) -> bool:
        """Whether there is a trial that nobody has begun."""
        from optuna.trial import TrialState

        return bool(self.optuna.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    def named_by(self, attribute: str) -> set[int]:
        """The trials that another one names by this attribute, CONTINUES or SECOND, so that nobody else is to: it has
        done so, is at it, or cannot be: it failed by a fault of its own, or two were lost at the same step."""
        from optuna.trial import TrialState

        lost: Counter[tuple[int, int]] = Counter()
        found = set()
        for trial in self.optuna.get_trials(deepcopy=False):
            number = trial.user_attrs.get(attribute)
            if number is None:
                continue
            if trial.state != TrialState.FAIL or trial.user_attrs.get(REASON, INTERRUPTED) != INTERRUPTED:
                found.add(number)
            elif REASON not in trial.user_attrs:
                lost[number, trial.user_attrs.get(RESUMED, 0)] += 1
        return found | {number for (number, _), times in lost.items() if times > 1}

    def test_scores(self, number: int) -> SplitScores | None:
        """The test scores of a trial, if they have been computed."""
        return test_scores(self.trial_folder(number))

    def eight_bits(self, number: int) -> EightBits | None:
        """What a trial scores and costs in eight bits, if it has been measured."""
        return INT8.read(self.trial_folder(number))

    def teacher_scores(self) -> dict[str, SplitScores]:
        """The teacher's scores by split (validation, test), as far as they have been computed."""
        return teacher_scores(self.folder)

    def confirmed(self, number: int) -> Confirmed | None:
        """What new seeds said of a trial, if it was confirmed."""
        return confirmed(self.trial_folder(number))
