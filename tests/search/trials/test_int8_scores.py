"""Front members in eight bits: scored before test is opened, then on test, kept, and shown wherever a student is."""

import json
import re
from pathlib import Path

import pytest
from mlflow import MlflowClient
from small_study import arguments, write_farm

from search.cli import main as sedkd
from search.cli import search
from search.study.eight_bits import INT8, EightBits, quantises
from search.study.opening import load_study
from search.study.scores import TEST_FILE
from search.study.store import open_store
from search.study.view import StudyView
from search.trials import final_scores
from search.trials.final_scores import DECISIONS_FILE
from sedkd.errors import UserError

HEADS = "student.head: {type: choice, of: [none, gru]}"


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The farm, and a search for students for streams without a GRU over it."""
    root = write_farm(tmp_path_factory.mktemp("streams"))
    space = root.parent / "space.yaml"
    space.write_text(space.read_text().replace(HEADS, ""))
    assert search.main(arguments(root, 2, lookahead="160")) == 0
    return root


def study_of(root: Path) -> StudyView:
    return load_study(open_store(str(root.parent / "runs")), "farm", None)


def test_who_can_be_of_eight_bits() -> None:
    assert not quantises({})  # hears whole recordings
    assert quantises({"student.lookahead": 160})
    assert quantises({"student.lookahead": 0, "student.head": "tcn"})
    assert not quantises({"student.lookahead": 0, "student.head": "gru"})


def test_what_is_kept(tmp_path: Path) -> None:
    assert INT8.read(tmp_path) is None
    found = EightBits(2000, 1.5, {"f1_segment": 0.5, "psds1": None})
    INT8.write(tmp_path, found)
    assert INT8.read(tmp_path) == found
    assert found.measures == {"int8_f1_segment": 0.5, "int8_psds1": None, "int8_bytes": 2000, "int8_latency": 1.5}
    assert EightBits(1, 1.0, {}, {"f1_event": 0.25}).measures["int8_test_f1_event"] == 0.25
    (tmp_path / INT8.name).write_text('{"bytes": 1}')
    with pytest.raises(UserError, match=r"int8\.json: is damaged .* the same search line writes it anew"):
        INT8.read(tmp_path)


@pytest.mark.slow
def test_what_is_measured_and_where_it_stands(
    streams: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ["--env", "farm", "--store", str(streams.parent / "runs")]
    study = study_of(streams)
    capsys.readouterr()
    assert sedkd.main(["front", *store, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows
    for row in rows:
        kept = study.eight_bits(row["trial"])
        assert kept is not None
        assert kept.test is not None
        assert row["int8_f1_segment"] == pytest.approx(kept.validation["f1_segment"])
        assert row["int8_f1_segment"] == pytest.approx(row["f1_segment"], abs=0.15)
        assert row["int8_test_f1_segment"] == pytest.approx(kept.test["f1_segment"])
        assert row["int8_bytes"] == kept.bytes > row["params"]
        assert row["int8_latency"] == pytest.approx(kept.latency)
    decisions = json.loads((study.folder / DECISIONS_FILE).read_text())
    assert decisions["int8"] == decisions["trials"]  # by the float student's thresholds
    assert decisions["int8"].keys() == {str(row["trial"]) for row in rows}
    assert sedkd.main(["front", *store]) == 0
    table = " ".join(capsys.readouterr().out.split())
    assert "int8, B" in table
    assert f"{rows[0]['int8_test_f1_segment']:.3f}" in table
    page = tmp_path / "page.html"
    assert sedkd.main(["report", *store, "--out", str(page)]) == 0
    assert "The front in eight bits (int8.onnx)" in page.read_text()
    client = MlflowClient(study.store.mlflow_uri)
    experiment = client.get_experiment_by_name("sedkd-farm")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], "tags.`sedkd.role` = 'trial'")
    told = {int(run.data.tags["sedkd.trial"]): run.data.metrics for run in runs}
    for row in rows:
        assert told[row["trial"]]["int8_test_f1_segment"] == pytest.approx(row["int8_test_f1_segment"])
        assert told[row["trial"]]["int8_bytes"] == row["int8_bytes"]
    out = tmp_path / "export"
    assert sedkd.main(["export", *store, "--pick", "smallest", "--out", str(out)]) == 0
    facts = json.loads((out / "student.json").read_text())
    assert facts["int8"]["bytes"] == rows[0]["int8_bytes"]  # the same step, made once more
    assert facts["int8"]["scores"]["f1_segment"]["int8"] == pytest.approx(rows[0]["int8_f1_segment"])
    card = (out / "README.md").read_text()
    assert re.search(rf"; f1_segment {rows[0]['int8_test_f1_segment']:.3f}, f1_event \S+ on test, which chose", card)
    assert f"{rows[0]['int8_latency']:.2f} ms per second of audio, step by step" in card


@pytest.mark.slow
def test_a_study_that_lacks_it_is_measured_by_the_same_line(streams: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of(streams)
    kept = {m.number: found for m in study.finished() if (found := study.eight_bits(m.number))}
    tests = {number: (study.trial_folder(number) / TEST_FILE).read_bytes() for number in kept}
    for number in kept:
        (study.trial_folder(number) / INT8.name).unlink()
    assert search.main(arguments(streams, 2, lookahead="160")) == 0
    for number, found in kept.items():
        again = study.eight_bits(number)
        assert again is not None
        assert (again.bytes, again.validation, again.test) == (found.bytes, found.validation, found.test)
        assert (study.trial_folder(number) / TEST_FILE).read_bytes() == tests[number]
    assert json.loads((study.folder / DECISIONS_FILE).read_text())["trials"] == {}
    monkeypatch.setattr(final_scores, "opened_test", lambda *_: pytest.fail("test is opened for nothing"))
    assert search.main(arguments(streams, 2, lookahead="160")) == 0


@pytest.mark.slow
def test_what_has_no_eight_bits_is_said_to_have_none(farm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    space = farm.parent / "space.yaml"
    space.write_text(space.read_text().replace(HEADS, "student.head: {type: choice, of: [gru]}"))
    assert search.main(arguments(farm, 1, lookahead="160")) == 0
    (member,) = study_of(farm).finished()
    assert study_of(farm).eight_bits(member.number) is None
    assert sedkd.main(["front", "--env", "farm", "--store", str(farm.parent / "runs")]) == 0
    assert "none" in capsys.readouterr().out.split("on a device")[1]
