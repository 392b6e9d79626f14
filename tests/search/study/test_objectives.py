"""One table tells all that is known of an objective."""

from pathlib import Path

import numpy as np
import pytest
from small_study import arguments

from search.cli import main as sedkd
from search.cli.search import main, parser
from search.study import objectives
from search.study.objectives import TABLE, Objective, parse
from search.study.opening import load_study
from search.study.store import open_store
from sedkd.score.postprocess import Answers, PostProcessing


def weak_macro_f1(answers: Answers, post: PostProcessing) -> float | None:
    """Macro F1 over clips: whether an event sounds in a clip at all."""
    detections = answers.detections(post)
    pairs = [
        ({e.event_label for e in truth}, {e.event_label for e in detections[name]})
        for name, truth in zip(answers.filenames, answers.truth, strict=True)
    ]
    values = []
    for label in answers.labels:
        hits = sum(label in truth and label in found for truth, found in pairs)
        wrong = sum((label in truth) != (label in found) for truth, found in pairs)
        values.append(2 * hits / (2 * hits + wrong) if hits + wrong else None)
    known = [score for score in values if score is not None]
    return float(np.mean(known)) if known else None


WEAK = Objective("f1_macro_weak", True, "weak F1", "macro F1 over clips", decimals=3, score=weak_macro_f1)


def test_every_limit_is_an_option() -> None:
    options = parser().parse_args(["--env", "x", "--max-macs", "5", "--max-latency-ms", "2.5"])
    assert (options.max_macs, options.max_latency_ms, options.max_bytes) == (5, 2.5, None)


def test_what_is_told_of_objectives() -> None:
    found = parse("psds1,latency,macs")
    assert (found.qualities, found.costs) == (("psds1",), ("latency", "macs"))
    assert found.directions == ["maximize", "minimize", "minimize"]
    assert found.metric_names == ["psds1", "log10_latency", "log10_macs"]
    assert found.reference == [0.0, 4.0, 9.0]
    assert found.needs_psds
    assert not found.costs_are_known_before
    assert parse("f1_event,bytes").costs_are_known_before
    assert found.values({"psds1": 0.5, "latency": 10.0, "macs": 1000.0}) == pytest.approx([0.5, 1.0, 3.0])


def test_an_objective_more_is_one_row_of_the_table(
    farm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Searched for, shown, reported, scored on test: nothing else has to know of it."""
    monkeypatch.setitem(objectives.TABLE, WEAK.name, WEAK)
    assert main([*arguments(farm, 2), "--objectives", f"{WEAK.name},macs"]) == 0
    runs, page = str(farm.parent / "runs"), tmp_path / "report.html"
    store = open_store(runs)
    study = load_study(store, "farm", None)
    members = study.finished()
    assert all(0 <= m.measure(WEAK.name) <= 1 and m.values[0] == m.measure(WEAK.name) for m in members)
    tested = [found for m in members if (found := study.test_scores(m.number))]
    assert tested
    assert all(WEAK.name in found.values for found in [*tested, *study.teacher_scores().values()])
    assert sedkd.main(["front", "--env", "farm", "--store", runs]) == 0
    assert WEAK.name in capsys.readouterr().out
    assert sedkd.main(["report", "--env", "farm", "--store", runs, "--out", str(page)]) == 0
    assert WEAK.axis in page.read_text()


def test_the_table_is_what_error_messages_list() -> None:
    with pytest.raises(Exception, match=f"there are: {', '.join(TABLE)}"):
        parse("f1,macs")
