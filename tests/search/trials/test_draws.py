"""Several workers that ask one study for trials at once, in SQLite and on a real PostgreSQL server."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from postgres import needs_postgres, server

from search.pareto import luck
from search.sampling.knowledge import StudyKnowledge
from search.setup.budget import Budget, Limits
from search.setup.plan import Manner, Plan
from search.space.reading import space_from
from search.study import ownership
from search.study.objectives import Objectives
from search.study.opening import enqueue_missing, load_study, open_study
from search.study.ownership import close_stale
from search.study.records import CONTROL, OWNER, PENDING, RECORD, RETRIED, STOPPED, fingerprint
from search.study.store import Store
from search.study.view import StudyView
from search.trials.drawn import Drawn
from search.trials.draws import TrialDraws
from sedkd.train.settings import TrainSettings

OBJECTIVES = Objectives(("f1_segment", "macs"))
FACTS = {"environment": "farm", "objectives": ["f1_segment", "macs"], "synthetic": False, "train": {"steps": 100}}
SPACE = space_from({"dimensions": {"student.width": {"type": "int", "low": 2, "high": 16, "step": 2}}}, Path("space"))
NO_TASK: Any = SimpleNamespace(events=("bell",))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as made:
        yield made.address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgres)])
def study(request: pytest.FixtureRequest, tmp_path: Path) -> StudyView:
    place = request.getfixturevalue("address") if request.param == "postgresql" else None
    return open_study(Store(tmp_path / "runs", place, 20.0), request.node.name, FACTS, OBJECTIVES)


class Everything(Limits):
    """Nothing is trained here, so nothing lacks what its training needs."""

    def lack(self, values: Mapping[str, Any]) -> str | None:
        return None


def draws_of(study: StudyView, trials: int, owner: str, steps: int = 100) -> TrialDraws:
    plan = Plan(
        NO_TASK, SPACE, OBJECTIVES, TrainSettings(steps=steps), Budget(trials), Manner(carry=False), study.store
    )
    vars(plan)["limits"] = Everything(NO_TASK, plan.base, plan.budget)
    return TrialDraws(study, plan, owner)


def seen_by_another(study: StudyView) -> StudyView:
    return load_study(study.store, None, study.name)


def end(study: StudyView, drawn: Drawn) -> None:
    """As if it had been trained."""
    quality, cost = 0.1 + drawn.values["student.width"] / 100, 1000.0 * drawn.values["student.width"]
    measures = {"f1_segment": quality, "macs": cost}
    record = {
        "values": list(OBJECTIVES.values(measures)), "measures": measures, "configuration": drawn.values,
        "curve": [{"step": drawn.steps}], "seconds": 1.0, "continues": drawn.continues and drawn.continues.number,
        "second_seed_of": drawn.second_seed_of and drawn.second_seed_of.number,
    }  # fmt: skip
    drawn.trial.set_user_attr(RECORD, record)
    study.optuna.tell(drawn.trial, record["values"])


class AtOnce(optuna.samplers.RandomSampler):
    """Its first guess is 8, when the others have got so far; then it draws at random."""

    def __init__(self, seed: int, barrier: threading.Barrier) -> None:
        super().__init__(seed)
        self.barrier, self.first = barrier, True

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        if self.first:
            self.first = False
            self.barrier.wait(30)
            return 8
        return super().sample_independent(study, trial, param_name, param_distribution)


def test_the_sampler_is_not_asked_while_others_wait_for_their_turn(
    study: StudyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, held, asked = type(study.store.storage), [False], []
    turn = storage.turn

    @contextmanager
    def watched(self: Any, name: str) -> Iterator[None]:
        with turn(self, name):
            held[0] = True
            yield
            held[0] = False

    class Watching(optuna.samplers.RandomSampler):
        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
            asked.append(held[0])
            return SPACE.distributions()

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
            asked.append(held[0])
            return {}

        def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
            asked.append(held[0])
            return super().sample_independent(study, trial, param_name, param_distribution)

    monkeypatch.setattr(storage, "turn", watched)
    study.optuna.sampler = Watching(seed=1)
    assert draws_of(study, 3, "one").next() is not None
    assert asked == [False] * 3


def test_two_that_ask_at_once_get_different_students_and_no_more_than_the_budget(study: StudyView) -> None:
    barrier, trained = threading.Barrier(2), list[Drawn]()

    def worker(number: int) -> None:
        view = seen_by_another(study)
        view.optuna.sampler = AtOnce(number, barrier)
        draws = draws_of(view, 6, f"worker {number}")
        while (drawn := draws.next()) is not None:
            if not any(drawn.trial.user_attrs[OWNER] == other.trial.user_attrs[OWNER] for other in trained):
                barrier.wait(30)  # neither has ended its first before both have one
            trained.append(drawn)
            end(view, drawn)

    threads = [threading.Thread(target=worker, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(trained) == 6
    assert len({fingerprint(drawn.values) for drawn in trained}) == 6
    assert study.taken() == 6
    left = [t for t in study.optuna.trials if PENDING in t.user_attrs]
    assert left  # at least one of the two that had the same guess
    assert all(t.state == optuna.trial.TrialState.PRUNED for t in left)


def test_what_is_in_line_is_trained_whoever_is_at_it(study: StudyView) -> None:
    study.optuna.sampler = optuna.samplers.RandomSampler(seed=1)
    first = draws_of(study, 4, "one").next()
    assert first is not None
    enqueue_missing(study, [("smallest", first.values)])
    second = draws_of(seen_by_another(study), 4, "two").next()
    assert second is not None
    assert second.values == first.values
    assert second.trial.user_attrs[CONTROL] == "smallest"


def test_a_student_is_continued_by_one_of_two_that_chose_it(study: StudyView) -> None:
    study.optuna.sampler = optuna.samplers.RandomSampler(seed=1)
    first, second = (draws_of(view, 8, name, 600) for view, name in ((study, "one"), (seen_by_another(study), "two")))
    for _ in range(4):
        drawn = first.next()
        assert drawn is not None
        end(study, drawn)
    ahead = second._ahead()  # both have chosen before either has its turn
    mine, theirs = first.next(), second._asked(*ahead)
    assert mine is not None
    assert mine.continues is not None
    assert ahead[1] is not None
    assert mine.continues == ahead[1].member
    assert isinstance(theirs, optuna.Trial)
    assert [t.user_attrs[OWNER] for t in study.running()] == ["one", "two"]


def begun(study: StudyView, trials: int, monkeypatch: pytest.MonkeyPatch) -> TrialDraws:
    """Of a search of `trials`, of which it is time to train the front again."""
    monkeypatch.setattr(luck, "FEWEST_TRIALS", trials)
    study.optuna.sampler = optuna.samplers.RandomSampler(seed=1)
    draws = draws_of(study, trials, "one")
    while study.taken() < luck.SECOND_FROM * trials:
        drawn = draws.next()
        assert drawn is not None
        assert drawn.second_seed_of is None
        end(study, drawn)
    return draws


def test_the_front_is_trained_with_a_second_seed_within_the_budget(
    study: StudyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws, drawn = begun(study, 8, monkeypatch), list[Drawn]()
    best = max(study.finished(), key=lambda m: m.values)
    while (found := draws.next()) is not None:
        drawn.append(found)
        end(study, found)
    first = drawn[0]
    assert first.second_seed_of == best
    assert first.values == best.record.configuration
    assert first.seed != draws.plan.base.seed
    assert first.trial.params == study.optuna.trials[best.number].params
    assert len({d.second_seed_of.number for d in drawn if d.second_seed_of}) == len(drawn) == 2
    assert study.taken() == study.spent() == 8
    assert {m.seeds for m in study.finished()} == {1, 2}


def test_two_workers_do_not_train_one_again(study: StudyView, monkeypatch: pytest.MonkeyPatch) -> None:
    one, another = begun(study, 8, monkeypatch), draws_of(seen_by_another(study), 8, "two")
    mine, theirs = one.next(), another.next()
    assert mine is not None
    assert theirs is not None
    assert mine.second_seed_of != theirs.second_seed_of


def test_a_second_seed_that_was_lost_is_asked_for_again_but_not_for_ever(
    study: StudyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws, asked = begun(study, 8, monkeypatch), list[int]()
    for _ in range(3):
        drawn = draws.next()
        assert drawn is not None
        asked.append(-1 if drawn.second_seed_of is None else drawn.second_seed_of.number)
        assert close_stale(study) == [drawn.trial.number]  # no process holds what these draws own
        assert not study.is_in_line()
    assert asked[0] == asked[1] != asked[2]
    assert -1 not in asked


@pytest.mark.parametrize("killed_at", ["once_more", "tell"])
def test_a_control_comes_back_wherever_the_one_that_closes_it_is_killed(
    study: StudyView, killed_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue_missing(study, [("smallest", {"student.width": 2})])
    trial = study.optuna.ask()
    trial.suggest_int("student.width", 2, 16, step=2)

    def killed(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(ownership if killed_at == "once_more" else study.optuna, killed_at, killed)
        with pytest.raises(SystemExit):
            close_stale(study)
    assert close_stale(study) == [trial.number]
    waiting = study.optuna.get_trials(states=(optuna.trial.TrialState.WAITING,))
    assert [(t.user_attrs[CONTROL], t.user_attrs[RETRIED]) for t in waiting] == [("smallest", trial.number)]
    assert close_stale(study) == []


def test_what_is_in_line_comes_before_second_seeds(study: StudyView, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = begun(study, 8, monkeypatch)
    taken = {m.record.configuration["student.width"] for m in study.finished()}
    left = next(width for width in range(2, 17, 2) if width not in taken)
    enqueue_missing(study, [("smallest", {"student.width": left})])
    drawn = draws.next()
    assert drawn is not None
    assert drawn.trial.user_attrs[CONTROL] == "smallest"


def test_a_seed_decides_what_one_worker_draws(study: StudyView, tmp_path: Path) -> None:
    study.optuna.sampler = optuna.samplers.RandomSampler(seed=3)
    draws, found = draws_of(study, 5, "one"), list[int]()
    while (drawn := draws.next()) is not None:
        found.append(drawn.values["student.width"])
        end(study, drawn)
    plain = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    wanted = dict.fromkeys(SPACE.suggest(plain.ask())["student.width"] for _ in range(40))  # each once
    assert found == list(wanted)[:5]


def test_a_space_that_holds_no_other_ends_the_search_and_says_why(study: StudyView) -> None:
    study.optuna.sampler = optuna.samplers.RandomSampler(seed=3)
    draws, found = draws_of(study, 20, "one", 600), list[Drawn]()
    while (drawn := draws.next()) is not None:
        found.append(drawn)
        end(study, drawn)
    new = [d.values["student.width"] for d in found if d.continues is None and d.second_seed_of is None]
    assert sorted(new) == list(range(2, 17, 2))
    assert any(
        d.continues for d in found[found.index(next(d for d in found if d.values["student.width"] == new[-1])) :]
    )
    assert study.exhausted() == "the last 100 draws were all trained before; widen the space or ask for fewer --trials"


def test_without_early_stopping_what_stayed_at_a_rung_is_trained_to_its_end(study: StudyView) -> None:
    study.optuna.sampler = optuna.samplers.RandomSampler(seed=1)
    with_rungs = draws_of(study, 3, "one", 600)
    for _ in range(3):
        drawn = with_rungs.next()
        assert drawn is not None
        end(study, drawn)
    plan = replace(with_rungs.plan, manner=replace(with_rungs.plan.manner, early_stopping=False))
    vars(plan)["limits"] = with_rungs.limits
    assert plan.rungs == (600,)
    draws, found = TrialDraws(study, plan, "one"), list[Drawn]()
    while (drawn := draws.next()) is not None:
        found.append(drawn)
        end(study, drawn)
    assert [d.continues.number for d in found if d.continues] == [0, 1, 2]
    assert {d.steps for d in found} == {600}


def stopped(study: StudyView, drawn: Drawn) -> None:
    """As if it had been ended at a rung."""
    record = {"rung": "full@0.5", "score": 0.1, "measures": {"macs": 1e3}, "configuration": drawn.values}
    drawn.trial.set_user_attr(STOPPED, record)
    study.optuna.tell(drawn.trial, state=optuna.trial.TrialState.PRUNED)


def test_what_was_ended_early_is_not_trained_again_and_does_not_count(study: StudyView) -> None:
    study.optuna.sampler = optuna.samplers.RandomSampler(seed=3)
    draws, found = draws_of(study, 20, "one"), list[Drawn]()
    while (drawn := draws.next()) is not None:
        found.append(drawn)
        stopped(study, drawn)
    assert sorted(d.values["student.width"] for d in found) == list(range(2, 17, 2))
    assert study.spent() == study.taken() == 8
    assert study.exhausted() is not None
    enqueue_missing(study, [("smallest", {"student.width": 2})])
    control = draws_of(study, 20, "one").next()  # trained to its end, for others are compared with it
    assert control is not None
    assert control.trial.user_attrs[CONTROL] == "smallest"
    end(study, control)
    plan = replace(draws.plan, manner=replace(draws.plan.manner, early_stopping=False))
    vars(plan)["limits"] = draws.limits
    to_the_end = TrialDraws(study, plan, "one").next()
    assert to_the_end is not None
    assert to_the_end.values["student.width"] > 2


def test_the_sampler_knows_what_would_be_ended_early_again(study: StudyView) -> None:
    study.optuna.sampler = optuna.samplers.RandomSampler(seed=3)
    drawn = draws_of(study, 20, "one").next()
    assert drawn is not None
    stopped(study, drawn)
    for ends_early in (True, False):
        knowledge = StudyKnowledge(study, draws_of(study, 20, "one").limits, ends_early)
        assert len(knowledge.observations()) == 1
        assert knowledge.is_left_out(drawn.values) == ends_early
