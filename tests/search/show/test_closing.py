"""What a search says at its end is about the study that it worked at, whichever began last."""

import re
import shlex
import time
from pathlib import Path

import pytest
from small_study import arguments

from search.cli import main as sedkd
from search.cli import search
from search.study.objectives import Objectives
from search.study.opening import load_study, open_study
from search.study.records import WORKED
from search.study.store import open_store


def test_the_lines_at_the_end_name_the_study(
    farm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    assert search.main(arguments(farm, 1)) == 0
    store = open_store(str(farm.parent / "runs"))
    first = load_study(store, "farm", None).name
    assert search.main(arguments(farm, 1, steps=7)) == 0
    assert load_study(store, "farm", None).name != first
    capsys.readouterr()
    assert search.main(arguments(farm, 2)) == 0
    said = capsys.readouterr().out
    (line,) = re.findall(r"export one: +sedkd (export .*)", said)
    monkeypatch.chdir(tmp_path)
    assert sedkd.main(shlex.split(line)) == 0
    assert f" of {first}, " in capsys.readouterr().out
    assert (tmp_path / "farm-knee" / "student.json").exists()
    assert load_study(store, "farm", None).name == first  # a search was at it last


def test_a_study_without_trials_hides_no_other(farm: Path) -> None:
    assert search.main(arguments(farm, 1)) == 0
    store = open_store(str(farm.parent / "runs"))
    finished = load_study(store, "farm", None)
    objectives = Objectives(("f1_segment", "macs"))
    empty = open_study(store, "farm-000000", finished.facts, objectives)
    empty.optuna.set_user_attr(WORKED, time.time() + 60)
    assert load_study(store, "farm", None).name == finished.name
    assert load_study(store, None, "farm-000000").name == "farm-000000"
