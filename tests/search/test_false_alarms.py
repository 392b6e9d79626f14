"""False alarms per hour from the folder of negatives to the front, the report and the card."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_study import RATE, arguments

from search.cli import main as sedkd
from search.cli import search
from search.cli.search import request_of
from search.setup.alarms import alarm_notices
from search.setup.request import planned
from search.study.objectives import most_alarms_of, parse
from search.study.opening import load_study, open_study, others
from search.study.scores import TEACHER_FILE
from search.study.store import open_store
from search.study.trial_files import CALIBRATION, CONFUSION, CURVES
from search.trials.final_scores import teacher_on_validation
from sedkd.data.pool import folder_pool
from sedkd.data.recordings import NEGATIVES
from sedkd.errors import UserError
from sedkd.score.alarms import FINE, NEVER, tuned
from sedkd.score.summary import score


def add_negatives(root: Path, seconds: float = 30.0) -> Path:
    folder = root / "farm" / NEGATIVES
    folder.mkdir()
    noise = 0.05 * np.random.default_rng(5).standard_normal(round(seconds * RATE))
    soundfile.write(folder / "night.wav", noise.astype(np.float32), RATE)
    return folder


def test_what_is_typed() -> None:
    assert most_alarms_of(None) is None
    assert most_alarms_of("f1") is None
    assert [most_alarms_of(f"fa_per_hour={n}") for n in ("2", "0", "0.5")] == [2, 0, 0.5]
    for text in ("fa_per_hour=-1", "fa_per_hour=abc", "fa_per_hour", "fa_per_hour=", "f1=2", "fa_per_hour=inf", "psds"):
        with pytest.raises(UserError, match=f"--criterion {text}: expected f1, or such as fa_per_hour=2"):
            most_alarms_of(text)


def test_a_mistake_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main(["--env", "street", "--criterion", "fa_per_hour=-1", "--store", str(tmp_path)]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: --criterion fa_per_hour=-1: expected f1, or")


def test_negatives_hold_no_event(farm: Path) -> None:
    folder = add_negatives(farm)
    pool = folder_pool(farm, {}, "farm")
    (found,) = pool.negatives("farm")
    assert (found.filename, found.events, found.duration) == ("negatives/night.wav", (), 30.0)
    assert pool.negatives("yard") == []
    assert found not in pool.training("farm") + pool.unlabeled("farm")
    (clip,) = (one for one in pool.validation("farm")[:1] if one.events)
    shutil.copy(clip.path, folder / "day.wav")
    with pytest.raises(UserError, match=r"negatives/day\.wav: sounds like .*validation/.*, which holds events"):
        pool.negatives("farm")
    (folder / "day.wav").unlink()
    table = folder.with_name("negatives.tsv")
    table.write_text("filename\tonset\toffset\tevent_label\nnight.wav\t1\t2\tmoped\nnight.wav\t3\t4\tBell\n")
    with pytest.raises(UserError, match=r"negatives.tsv, line 3: Bell is an event, but negatives are"):
        pool.negatives("farm")
    table.unlink()
    (folder / "night.txt").write_text("1.0\t2.0\tbell\n")
    with pytest.raises(UserError, match=r"night.txt: labels among the negatives"):
        pool.negatives("farm")


@pytest.mark.slow
def test_from_negatives_to_the_report(
    farm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    runs, store = str(farm.parent / "runs"), open_store(str(farm.parent / "runs"))
    assert search.main(arguments(farm, 1)) == 0
    plain = load_study(store, "farm", None)
    assert plain.finished()[0].measure("fa_per_hour") >= 0
    add_negatives(farm)
    capsys.readouterr()
    line = [*arguments(farm, 2), "--criterion", "fa_per_hour=3"]
    assert search.main(line) == 0
    told = capsys.readouterr()
    assert "a rate below 94.7 per hour cannot be told from 0" in " ".join((told.out + told.err).split())
    study = load_study(store, "farm", None)
    assert study.name != plain.name
    assert study.objectives == parse("f1_segment,macs", 3.0)
    assert others(study) == []  # thresholds of the other are for F1
    members = study.finished()
    assert all(m.measure("fa_per_hour") == 0 for m in members)
    assert all(t == NEVER or t in FINE for m in members for t in m.record.post.thresholds)
    kept = [found for m in members if (found := CURVES.read(study.trial_folder(m.number)))]
    assert kept
    assert kept[0].keys() == {"bell", "hum"}
    assert kept[0]["bell"].hours == pytest.approx((4 * 2 + 30) / 3600)
    calibrated = [found for m in members if (found := CALIBRATION.read(study.trial_folder(m.number)))]
    assert len(calibrated) == len(kept)
    assert calibrated[0].keys() == {"bell", "hum"}
    confused = [found for m in members if (found := CONFUSION.read(study.trial_folder(m.number)))]
    assert len(confused) == len(kept)
    assert confused[0].silence > 30
    page = tmp_path / "report.html"
    assert sedkd.main(["report", "--env", "farm", "--store", runs, "--out", str(page)]) == 0
    text = page.read_text()
    assert "false alarms/h validation" in text
    assert "most recall on validation with at most 3 false alarms per hour" in text
    assert "missed events" in text
    assert "share of frames within the event" in text
    assert "Who is taken for whom, " in text
    assert sedkd.main(["front", "--env", "farm", "--store", runs]) == 0
    assert "false alarms/h" in capsys.readouterr().out
    assert sedkd.main(["front", "--env", "farm", "--store", runs, "--format", "csv"]) == 0
    assert "fa_per_hour" in capsys.readouterr().out
    out = tmp_path / "an export"
    assert sedkd.main(["export", "--env", "farm", "--store", runs, "--pick", "best", "--out", str(out)]) == 0
    card = (out / "README.md").read_text()
    assert "| fa_per_hour | 0.000 |" in card
    assert "with at most 3 false alarms per hour, all events together." in card
    again = ["export", "--env", "farm", "--store", runs, "--pick", "best", "--out", str(out)]
    assert sedkd.main([*again, "--criterion", "fa_per_hour=-1"]) == 2
    capsys.readouterr()
    assert sedkd.main([*again, "--criterion", "fa_per_hour=5000"]) == 0
    told = capsys.readouterr().out
    assert "thresholds for at most 5000 false alarms per hour" in told
    for_f1 = [*again[:-1], str(tmp_path / "for F1"), "--criterion", "f1"]
    assert sedkd.main(for_f1) == 0
    assert "thresholds for F1: " in capsys.readouterr().out
    assert "false alarms per hour, all events together" not in (tmp_path / "for F1" / "README.md").read_text()
    announced = re.search(r"f1_segment (0\.\d+) on validation, ", told)[1]
    assert f"try it: sedkd detect '{out}' FILE.wav" in told
    card = (out / "README.md").read_text()
    assert "with at most 5000 false alarms per hour" in card
    assert f"| f1_segment | {announced} |" in card
    assert "The test split was not scored" in card


def test_what_is_told_before(farm: Path) -> None:
    words = [*arguments(farm, 1), "--criterion", "fa_per_hour=1000"]
    task = planned(request_of(search.parser().parse_args(words)), lambda *_: None).plan.task
    assert len(alarm_notices(task, 1000.0)) == 1
    assert alarm_notices(task, None) == []


def test_the_teachers_false_alarms_are_counted_as_its_students_are(farm: Path) -> None:
    folder = add_negatives(farm)
    time = np.arange(30 * RATE) / RATE
    for number in range(3):
        tone = 0.3 * np.sin(2 * np.pi * (1300 + 100 * number) * time)
        soundfile.write(folder / f"{number}.wav", tone.astype(np.float32), RATE)
    ready = planned(search.request_of(search.parser().parse_args(arguments(farm, 1))), lambda *_: None)
    study = open_study(ready.plan.store, ready.name, ready.facts, ready.plan.objectives)
    task = ready.plan.task
    answers, quiet = task.validated(task.teacher_answers)
    expected = score(answers, tuned(answers, "f1_segment", None, quiet), False, None, quiet)
    assert teacher_on_validation(task, study).values["fa_per_hour"] == expected.values["fa_per_hour"]
    kept = json.loads((study.folder / TEACHER_FILE).read_text())
    assert kept.pop("with_negatives")
    kept["validation"]["values"]["fa_per_hour"] = 3600.0  # as an earlier version had counted, without them
    (study.folder / TEACHER_FILE).write_text(json.dumps(kept))
    assert teacher_on_validation(task, study).values["fa_per_hour"] == expected.values["fa_per_hour"]
