"""The report: written as a person does, opened in a real browser, and made of what nobody expected."""

import json
import re
import time
from dataclasses import asdict
from datetime import datetime, timedelta

import optuna
import pytest
from browser import CHROMIUM, Browser
from invented_study import invented_study
from small_study import arguments, finish, start

from search.pareto.front import front
from search.pareto.importance import importances
from search.show.figure import pareto_figure, pareto_html
from search.show.page.course import busy_hours
from search.show.page.page import page_of
from search.study.objectives import Objectives
from search.study.opening import load_study
from search.study.scores import CONFIRMED_FILE, Confirmed
from search.study.store import Store
from search.study.view import StudyView
from sedkd.errors import UserError

SEDKD = "search.cli.main"
F1_MACS = Objectives(("f1_segment", "macs"))
THREE = Objectives(("f1_segment", "psds1", "macs"))
LAST_OF_THE_FRONT = """(() => {
  const points = [...document.querySelectorAll('#front .trace')].at(-1).querySelectorAll('.points path');
  const box = points[points.length - 1].getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
})()"""
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine (Debian's package: chromium)")


@needs_chromium
@pytest.mark.slow
def test_a_report_in_a_browser(farm, tmp_path):
    finish(start("search.cli.search", *arguments(farm, 3), cwd=tmp_path))
    words = ("--env", "farm", "--store", str(tmp_path / "runs"))
    out = finish(start(SEDKD, "report", *words, "--out", "farm.html", cwd=tmp_path))
    assert out.startswith("farm.html: ")
    members = load_study(Store(tmp_path / "runs"), "farm", None).finished()
    on_front = front(members, F1_MACS)
    there = {f"trial {m.number} ": m for m in members if m.values == on_front[-1].values}  # trials may end alike
    page = (tmp_path / "farm.html").as_uri()
    with Browser(tmp_path / "profile") as browser:
        browser.call("Page.navigate", url=page)
        curves = "document.querySelectorAll('div[id^=curves-], div[id^=calibration-], div[id^=timeline-]').length"
        browser.wait(f"document.querySelectorAll('.js-plotly-plot:has(.scatterlayer)').length == 3 + {curves}")
        assert browser.value(curves) in (5, 10, 15)  # five of each pick
        browser.hover(*browser.value(LAST_OF_THE_FRONT))
        hovered = browser.wait("document.querySelector('#front .hovertext')?.textContent")
        (shown,) = (m for name, m in there.items() if hovered.replace("f1", " f1").startswith(name))
        assert f"student.width: {shown.record.configuration['student.width']}" in hovered
        rows = browser.value("document.querySelectorAll('table')[0].tBodies[0].rows.length")
        assert rows == len(on_front)
        assert browser.value("document.documentElement.scrollWidth <= window.innerWidth")
        assert [url for url in browser.requests if not url.startswith("data:")] == [page]
        assert browser.complaints == []


def test_a_study_without_finished_trials_is_one_line(tmp_path):
    store = tmp_path / "runs"
    store.mkdir()
    invented_study(F1_MACS, 0, storage=f"sqlite:///{store / 'optuna.db'}")
    process = start(SEDKD, "report", "--study", "farm-123abc", "--store", str(store), cwd=tmp_path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors == "error: study farm-123abc has no finished trial yet; let the search run on\n"
    assert not (tmp_path / "farm-123abc.html").exists()


def text_of(study: StudyView) -> str:
    """The page without scripts and style."""
    return re.sub(r"<(script|style).*?</\1>", "", page_of(study), flags=re.DOTALL)


def test_what_a_page_tells(tmp_path):
    study = invented_study(F1_MACS, 30, stopped=3, store=Store(tmp_path))
    page = text_of(study)
    assert "30 finished, 3 ended early, 0 failed" in page
    assert "Crosses ended early" in page
    assert "default distillation" in page
    assert '<td class="short">4 to 32, step 4</td>' in page
    assert "0.1 to 10, log scale" in page
    assert "strategy with hint" in page
    assert "new seeds" not in page
    assert "SYNTHETIC" not in page
    assert "/somewhere" not in page


def test_confirmed_students_and_synthetic_soundscapes_are_told(tmp_path):
    study = invented_study(F1_MACS, 30, synthetic=True, store=Store(tmp_path))
    again = Confirmed({"f1_segment": 0.5}, {"f1_segment": 0.4}, {"f1_segment": 0.6}, 5, indistinguishable_from=7)
    path = study.trial_folder(front(study.finished(), F1_MACS)[0].number) / CONFIRMED_FILE
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(asdict(again)))
    page = text_of(study)
    assert "0.500 [0.400, 0.600], 5 seeds" in page
    assert "not distinguishable from trial 7 (cheaper)" in page
    assert "SYNTHETIC" in page


def test_nothing_from_outside_is_markup(tmp_path):
    wicked = "</script><script>alert(1)</script><b>"
    study = invented_study(F1_MACS, 5, events=("bell", wicked), store=Store(tmp_path))
    whole = page_of(study)
    assert wicked not in whole
    assert "alert(1)&lt;/script&gt;" in whole


@pytest.mark.slow
def test_ten_thousand_trials(tmp_path):
    study = invented_study(THREE, 10_000, stopped=2500, store=Store(tmp_path))
    begin = time.monotonic()
    page = page_of(study)
    assert time.monotonic() - begin < 60  # 10 s where nothing else runs
    assert len(page) < 15e6
    members = study.finished()
    begin = time.monotonic()
    assert len(pareto_html(members, THREE, "many")) < 12e6
    assert time.monotonic() - begin < 10


def test_three_objectives_make_a_panel_for_each_pair():
    for names, panels in (("f1_segment", "psds1", "macs"), 2), (("f1_segment", "macs", "bytes"), 2):
        objectives = Objectives(names)
        figure = pareto_figure(invented_study(objectives, 20).finished(), objectives)
        assert len(list(figure.select_yaxes())) == panels
        assert sum(trace.name == "front" for trace in figure.data) == panels


def test_importances_are_told_of_what_is_drawn_often_enough():
    study = invented_study(F1_MACS, 40)
    found = importances(study, study.finished())
    assert {i.name for i in found} == {"student.width", "strategy", "train.learning_rate"}
    assert sum(i.front for i in found) == pytest.approx(1)
    assert sum(i.quality for i in found) == pytest.approx(1)
    assert importances(study, study.finished()[:10]) == []


def test_hours_of_search_are_without_pauses():
    noon = datetime(2026, 1, 1, 12)

    def trial(number, begin, end):
        found = optuna.trial.create_trial(value=0.0)
        found.number = number
        found.datetime_start, found.datetime_complete = (noon + timedelta(hours=hours) for hours in (begin, end))
        return found

    together = [trial(0, 0, 1), trial(1, 0.5, 2), trial(2, 10, 11)]  # two at once, a night, one more
    assert busy_hours(together) == pytest.approx({0: 1, 1: 2, 2: 3})


def test_a_page_of_nothing_is_a_mistake(tmp_path):
    with pytest.raises(UserError, match="no finished trial"):
        page_of(invented_study(F1_MACS, 0, store=Store(tmp_path)))
