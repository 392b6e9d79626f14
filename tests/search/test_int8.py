"""`--int8`: what scores is a student's step in eight bits, from the draw to the card."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from small_study import arguments, write_farm

from search.cli import main as sedkd
from search.cli import search
from search.cli.search import parser, request_of
from search.setup.identity import identity
from search.setup.request import planned
from search.setup.streams import HEAD, INT8, RECURRENT, hears_recordings, only_streams, streams_asked_by, unfit
from search.space.added import LOOKAHEAD, with_added
from search.space.reading import space_from
from search.study.objectives import Objectives, can_stop, parse
from search.study.opening import load_study, others
from search.study.store import open_store
from search.trials.final_scores import DECISIONS_FILE
from sedkd.errors import UserError
from sedkd.export.int8_student import Int8Student
from sedkd.models.checkpoint import load_model
from sedkd.models.settings import StudentSettings
from sedkd.score.postprocess import tune
from sedkd.score.summary import score

SCORED = Objectives(("f1_segment", "macs"), int8=True)


def words(farm: Path, trials: int, *more: str) -> list[str]:
    return [*arguments(farm, trials, lookahead="full,160,0"), "--int8", *more]


def test_recurrent_students_and_those_for_whole_recordings_are_left_out_aloud() -> None:
    assert streams_asked_by({"ram": 1e4}, SCORED) == INT8
    heads = {"type": "choice", "of": ["none", "gru", "tcn"], "default": "gru"}
    space = with_added(space_from({"dimensions": {HEAD: heads}}, Path("own.yaml")), LOOKAHEAD, ("full", 160), [])
    notices: list[str] = []
    fit = only_streams(space, INT8, notices)
    assert fit.choices(HEAD) == ("none", "tcn")
    assert fit.choices(LOOKAHEAD.name) == (160,)
    assert fit.as_dict() == space.as_dict()  # as with limits, what is drawn changes and not the study
    assert notices == [
        f"left out of {LOOKAHEAD.name}: full ({hears_recordings(INT8)})",
        "left out of student.head: gru (--int8: a GRU has no eight bits)",
    ]
    assert only_streams(space, "--max-ram", []).choices(HEAD) == ("none", "gru", "tcn")
    heads = {"type": "choice", "of": ["gru"]}
    space = with_added(space_from({"dimensions": {HEAD: heads}}, Path("own.yaml")), LOOKAHEAD, (160,), [])
    with pytest.raises(UserError, match=r"student.head has nothing else; allow none or tcn"):
        only_streams(space, INT8, [])


def test_who_is_unfit() -> None:
    assert unfit(StudentSettings(), INT8) == hears_recordings(INT8)
    assert unfit(StudentSettings(head="gru", lookahead=0), INT8) == RECURRENT
    assert unfit(StudentSettings(head="gru", lookahead=0), "--max-ram") is None
    assert unfit(StudentSettings(head="tcn", lookahead=0), INT8) is None


def test_without_a_look_ahead_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main(["--env", "street", "--int8", "--store", str(tmp_path)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: --int8: only students for streams have that, and these hear whole recordings; add --lookahead 160,0"
    )


def test_scores_of_float_and_of_eight_bits_are_different_studies(farm: Path) -> None:
    request = request_of(parser().parse_args(words(farm, 1)))
    assert request.typed["int8"] is True
    ready = planned(request, lambda *_: None)
    assert ready.facts["int8"] is True
    assert ready.plan.objectives == SCORED
    plan = ready.plan
    name, facts = identity(plan.task, plan.space, parse("f1_segment,macs"), plan.base, None)
    assert name != ready.name
    assert "int8" not in facts
    assert {key for key, value in ready.facts["parts"].items() if facts["parts"].get(key) != value} == {"scored"}
    assert plan.limits.lack({HEAD: "gru", LOOKAHEAD.name: 160}) == RECURRENT
    assert can_stop(parse("f1_segment,macs"))
    assert not can_stop(SCORED)  # what training sees at its rungs is the float student


@pytest.mark.slow
def test_from_its_line_to_its_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    farm = write_farm(tmp_path)
    store = ["--env", "farm", "--store", str(farm.parent / "runs")]
    assert search.main(arguments(farm, 1, lookahead="160")) == 0
    capsys.readouterr()
    assert search.main(words(farm, 3, "--confirm", "1")) == 0
    told = capsys.readouterr().out
    assert "left out of student.head: gru" in told
    assert "no early stopping: it needs one F1, for which thresholds are chosen, of the float student" in told
    assert "(scores of int8): the front of 3 trials" in told
    study = load_study(open_store(str(farm.parent / "runs")), "farm", None)
    assert others(study) == []  # scores of the other are the float student's
    members = study.finished()
    assert all(m.record.configuration.get(HEAD) != "gru" for m in members)
    task = planned(request_of(parser().parse_args(words(farm, 3))), lambda *_: None).plan.task
    for member in members:
        student = load_model(study.student_path(member.number))
        answers = Int8Student(student, task.training.recordings).answers(task.validation)
        assert member.record.post == tune(answers, "f1_segment")
        found = score(answers, member.record.post, False).values
        assert member.measure("f1_segment") == found["f1_segment"]
    on_front = [m for m in members if study.eight_bits(m.number)]
    assert on_front
    decisions = json.loads((study.folder / DECISIONS_FILE).read_text())
    for member in on_front:
        kept, test = study.eight_bits(member.number), study.test_scores(member.number)
        assert kept is not None
        assert kept.test is not None
        assert test is not None
        assert kept.validation["f1_segment"] == member.measure("f1_segment")
        assert kept.test["f1_segment"] == test.values["f1_segment"]
        assert decisions["trials"][str(member.number)] == json.loads(json.dumps(asdict(member.record.post)))
    assert any(study.confirmed(m.number) for m in members)
    page, out = tmp_path / "page.html", tmp_path / "export"
    assert sedkd.main(["report", *store, "--out", str(page)]) == 0
    assert "By f1_segment in eight bits on validation" in page.read_text()
    assert "of each event on validation as heard in eight bits" in page.read_text()
    capsys.readouterr()
    assert sedkd.main(["export", *store, "--pick", "best", "--out", str(out)]) == 0
    told, best = capsys.readouterr().out, max(members, key=lambda m: m.measure("f1_segment"))
    assert "on validation, in eight bits, " in told
    assert f"int8.onnx: f1_segment {best.measure('f1_segment'):.3f} (float" in told
    facts, card = json.loads((out / "student.json").read_text()), (out / "README.md").read_text()
    assert facts["thresholds"] == list(best.record.post.thresholds)
    assert facts["provenance"]["int8"] is True
    assert "on validation, with its own thresholds" in card
    assert "Scores are of the step in eight bits, `int8.onnx`" in card
