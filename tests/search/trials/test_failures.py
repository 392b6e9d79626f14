"""A trial that fails is one failed trial with its reason, whatever it failed of, and the study goes on."""

from pathlib import Path

import own_parts
import pytest
from small_study import Deaf, arguments, quick_search, start

from search.study.opening import enqueue_missing, load_study
from search.study.records import CONTROL, INTERRUPTED, REASON
from search.study.store import Store, open_store
from search.study.view import StudyView
from search.trials.failures import reason_of, summary
from search.trials.loop import MAX_FAILURES
from sedkd.errors import UserError
from sedkd.train.fit import TrainingDiverged

SPACE = """
dimensions:
  student.width: {{type: int, low: 4, high: 32, step: 4}}
  strategy: {{type: choice, of: [{of}]}}
"""


def words_of(farm: Path, trials: int, *strategies: str, **more: object) -> list[str]:
    space = farm.parent / "own.yaml"
    space.write_text(SPACE.format(of=", ".join(strategies)))
    return arguments(farm, trials, space=space, **more)


def caught(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as same:
        return same


def test_reasons(tmp_path: Path) -> None:
    assert reason_of(caught(UserError("use another\nteacher")), tmp_path) == "use another teacher"
    assert reason_of(caught(TrainingDiverged("the loss became nan")), tmp_path) == "the loss became nan"
    for error in (MemoryError(), RuntimeError("CUDA out of memory. Tried"), RuntimeError("can't allocate memory: you")):
        assert reason_of(caught(error), tmp_path) == "out of memory"
    assert not list(tmp_path.iterdir())
    line = reason_of(caught(KeyError("high")), tmp_path)
    assert line.startswith("KeyError: 'high' (")
    assert f"{__file__}, line " in line
    assert line.endswith(f"traceback: {tmp_path / 'traceback.txt'}")
    assert "raise error" in (tmp_path / "traceback.txt").read_text()
    assert summary(caught(AssertionError())).startswith("AssertionError (")
    assert len(reason_of(caught(ValueError("long " * 1000)), tmp_path)) < 1000


def test_a_trial_that_fails_has_its_reason_and_the_study_goes_on(farm, monkeypatch) -> None:
    errors = [KeyError("high"), TypeError("two\nlines"), UserError("it cannot"), MemoryError()]
    listener = Deaf()

    def forward(self, batch, output):
        if len(listener.reasons) < len(errors):
            raise errors[len(listener.reasons)]
        return output.logits.square().mean()

    monkeypatch.setattr(own_parts.Silent, "forward", forward)
    study, ready = quick_search(words_of(farm, 2, "own_parts:Silent"), listener)
    assert [t.state.name for t in study.optuna.trials] == ["FAIL"] * len(errors) + ["COMPLETE"] * 2
    assert [t.user_attrs[REASON] for t in study.optuna.trials[: len(errors)]] == listener.reasons
    key, kind, cannot, memory = listener.reasons
    assert key.startswith("KeyError: 'high' (")
    assert kind.startswith("TypeError: two lines (")
    assert (cannot, memory) == ("it cannot", "out of memory")
    for number, reason in enumerate((key, kind)):
        assert reason.endswith(f"traceback: {ready.plan.store.trial_folder(study.name, number)}/traceback.txt")
    again, _ = quick_search(words_of(farm, 2, "own_parts:Silent"))
    assert len(again.optuna.trials) == len(study.optuna.trials)  # nothing is put in line again


def test_five_in_a_row_end_it_and_the_same_line_goes_on(farm, monkeypatch) -> None:
    with pytest.raises(UserError, match=f"{MAX_FAILURES} trials in a row failed, the last one because: KeyError"):
        quick_search(words_of(farm, 30, "own_parts:Buggy"))
    monkeypatch.setattr(own_parts.Buggy, "forward", own_parts.Silent.forward)  # mended
    study, _ = quick_search(words_of(farm, 2, "own_parts:Buggy"))
    assert len(study.finished()) == 2
    assert [t.state.name for t in study.optuna.trials] == ["FAIL"] * MAX_FAILURES + ["COMPLETE"] * 2
    assert not [t for t in study.optuna.trials[MAX_FAILURES:] if CONTROL in t.user_attrs]  # failed once is enough


def test_a_control_is_put_in_line_again_only_when_it_was_not_its_fault() -> None:
    import optuna
    from optuna.trial import TrialState

    study = StudyView(optuna.create_study(), Store(Path("no such folder")))
    ends = {"done": None, "broken": "KeyError: 'high'", "stopped": INTERRUPTED, "lost": "", "lost early": ""}
    for name in ends:
        enqueue_missing(study, [(name, {"width": 4})])
    for name, reason in ends.items():
        trial = study.optuna.ask()
        assert trial.user_attrs[CONTROL] == name
        if name != "lost early":
            trial.suggest_int("width", 2, 8)
        if reason:
            trial.set_user_attr(REASON, reason)
        study.optuna.tell(trial, 1.0 if reason is None else None, state=None if reason is None else TrialState.FAIL)
    before = len(study.optuna.trials)
    enqueue_missing(study, [(name, {"width": 4}) for name in ends])
    assert [t.user_attrs[CONTROL] for t in study.optuna.trials[before:]] == ["stopped", "lost early"]
    enqueue_missing(study, [(name, {"width": 4}) for name in ends])
    assert len(study.optuna.trials) == before + 2


def test_what_ends_the_process_fails_the_trial_and_passes(farm, monkeypatch) -> None:
    for error, reason in ((KeyboardInterrupt(), INTERRUPTED), (SystemExit(3), "SystemExit: 3")):

        def forward(self, batch, output, error=error):
            raise error

        monkeypatch.setattr(own_parts.Silent, "forward", forward)
        with pytest.raises(type(error)):
            quick_search(words_of(farm, 3, "own_parts:Silent", store=farm.parent / type(error).__name__))
        study = load_study(open_store(str(farm.parent / type(error).__name__)), "farm", None)
        assert [t.user_attrs[REASON].startswith(reason) for t in study.optuna.trials if t.state.name == "FAIL"] == [
            True
        ]
        assert not [t for t in study.optuna.trials if t.state.name == "RUNNING"]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_bug_in_a_strategy_is_told_alike_by_one_process_and_by_several(farm, tmp_path, workers) -> None:
    """As a person meets it: their own file beside them, no traceback on the screen, one line that names the file."""
    (tmp_path / "mine.py").write_text(Path(own_parts.__file__).read_text())
    process = start("search.cli.search", *words_of(farm, 30, "mine:Buggy", workers=workers), cwd=tmp_path)
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 2, errors
    assert "Traceback" not in out + errors
    assert "memory" not in out + errors
    assert "takes its place" not in out
    (line,) = errors.strip().splitlines()
    assert line.startswith(f"error: {MAX_FAILURES} trials in a row failed, the last one because: KeyError: 'high' (")
    place = Path(line.rpartition("traceback: ")[2])
    assert "KeyError: 'high'" in place.read_text()
    assert f"{tmp_path / 'mine.py'}, line " in line
    study = load_study(open_store(str(tmp_path / "runs")), "farm", None)
    assert not [t for t in study.optuna.trials if t.state.name == "RUNNING"]
    ended = [t for t in study.optuna.trials if t.state.name == "FAIL"]
    assert len([t for t in ended if t.user_attrs.get(REASON, "").startswith("KeyError: 'high'")]) >= MAX_FAILURES
