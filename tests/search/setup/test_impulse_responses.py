"""`--impulse-responses`: another study, which says so, with students that hear every training clip twice."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_study import arguments

from search.cli.search import parser, request_of
from search.run.comparison_plan import name_of, plan_of
from search.setup.preparation import prepare
from search.setup.request import Planned, Request, planned
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings


def quiet(*_: object) -> None: ...


def write(folder: Path, names: str) -> Path:
    folder.mkdir()
    for number, name in enumerate(names.split()):
        soundfile.write(folder / name, np.array([1.0, 0.5 + number / 10]), 16000)
    return folder


def typed(farm: Path, **more: object) -> Request:
    return request_of(parser().parse_args(arguments(farm, 2, **more)))


def plan(farm: Path, **more: object) -> Planned:
    return planned(typed(farm, **more), quiet)


def test_it_is_another_study(farm: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "mic", "a.wav b.wav")
    plain, through = plan(farm), plan(farm, impulse_responses=folder)
    assert through.name != plain.name
    assert through.facts["impulse_responses"] == ["a.wav", "b.wav"]
    assert "impulse_responses" not in plain.facts
    said = f"students hear every training clip a second time, through one of the 2 impulse responses of {folder}"
    assert said in through.notices
    assert len(through.plan.task.training.corpus.labeled) == 2 * len(plain.plan.task.training.corpus.labeled)
    (folder / "b.wav").unlink()
    assert plan(farm, impulse_responses=folder).name not in (plain.name, through.name)


def test_it_is_another_comparison(farm: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "mic", "a.wav")
    names = set()
    for more in ({}, {"impulse_responses": folder}):
        prepared = prepare(typed(farm, **more).subject, 0, quiet)
        names.add(name_of(prepared.task, plan_of(prepared, StudentSettings(4, 2), "response", 4, False)[0]))
    assert len(names) == 2
    assert (
        f"students hear every training clip a second time, through the impulse response of {folder}" in prepared.notices
    )


def test_a_folder_without_any_is_one_line(farm: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="mic: no such folder"):
        plan(farm, impulse_responses=tmp_path / "mic")
