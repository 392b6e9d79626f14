"""Front members trained again: means over new seeds, intervals, and who is not distinguishable from a cheaper one."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from invented_study import invented_study
from small_study import arguments, write_farm

from search.cli import main, search
from search.pareto.front import front
from search.study.objectives import parse
from search.study.opening import load_study
from search.study.records import FinishedTrial
from search.study.store import Store, open_store
from search.study.trial_record import FinishedRecord
from search.tracking.tracker import Tracker
from search.trials import confirmation
from search.trials.confirmation import SEEDS, _alike, _summary, confirm
from sedkd.compare.bootstrap import f1
from sedkd.train.settings import TrainSettings

F1_MACS = parse("f1_segment,macs")


def counts(rate: float, seed: int) -> dict[str, np.ndarray]:
    """Counts `[seeds, recordings, labels, 3]` of students that find `rate` of 20 references per recording and label."""
    references = np.full((SEEDS, 40, 2), 20)
    hits = np.random.default_rng(seed).binomial(references, rate)
    found = np.stack([hits, references, references], axis=-1)
    return {"f1_segment": found, "f1_event": found}


def test_who_is_not_distinguishable_from_a_cheaper_one():
    members = [FinishedTrial(i, (), FinishedRecord()) for i in range(3)]
    found = {0: counts(0.5, 0), 1: counts(0.5, 1), 2: counts(0.7, 2)}
    assert _alike(members[0], [], found, F1_MACS) is None
    assert _alike(members[1], members[:1], found, F1_MACS) == 0
    assert _alike(members[2], members[:2], found, F1_MACS) is None


def test_means_and_intervals():
    found = counts(0.6, 3)
    told = _summary(found, None)
    assert told.values["f1_segment"] == pytest.approx(f1(found["f1_segment"].sum(1)).mean())
    assert told.low["f1_segment"] < told.values["f1_segment"] < told.high["f1_segment"]
    assert told.high["f1_segment"] - told.low["f1_segment"] < 0.06
    assert told.seeds == SEEDS


def run_of(store, study, number):
    tracker = Tracker(study)
    return tracker.client.get_run(tracker.child_id(number))


def test_the_front_is_confirmed_once(tmp_path, capsys, monkeypatch):
    farm = write_farm(tmp_path)
    words = [*arguments(farm, 3, steps=20), "--confirm", "2"]
    assert search.main(words) == 0
    out = capsys.readouterr().out
    assert "new seeds on validation" in out
    store = open_store(str(tmp_path / "runs"))
    study = load_study(store, "farm", None)
    on_front = front(study.finished(), study.objectives)
    known = {m.number: study.confirmed(m.number) for m in on_front}
    assert sum(found is not None for found in known.values()) == min(2, len(on_front))
    for number, found in known.items():
        if found:
            runs = list(store.trial_folder(study.name, number).glob("confirmed-*.json"))
            assert len(runs) == SEEDS
            each = [f1(np.array(json.loads(r.read_text())["f1_segment"]).sum(0)).mean() for r in runs]
            assert found.values["f1_segment"] == pytest.approx(np.mean(each))
            told = run_of(store, study, number).data.metrics
            assert told["confirmed_f1_segment"] == pytest.approx(found.values["f1_segment"])
            assert told["confirmed_f1_segment_low"] <= told["confirmed_f1_segment"] <= told["confirmed_f1_segment_high"]

    import search.trials.confirmation as confirmation

    monkeypatch.setattr(confirmation, "run_trials", None)  # nothing is trained a second time
    assert search.main(words) == 0
    capsys.readouterr()
    assert main.main(["front", "--env", "farm", "--store", str(tmp_path / "runs")]) == 0
    assert "new seeds" in capsys.readouterr().out


def test_what_was_confirmed_before_is_judged_beside_it(tmp_path: Path) -> None:
    """`--confirm 1` after `--confirm 2` takes no verdict back."""
    objectives = parse("f1_segment,macs")
    study = invented_study(objectives, 2, store=Store(tmp_path))
    cheap, dear = sorted(study.finished(), key=lambda member: member.measure("macs"))
    dear.record.measures["f1_segment"] = cheap.measure("f1_segment") + 0.01
    rng = np.random.default_rng(0)
    for member in (cheap, dear):
        for path in confirmation._paths(study, member).values():
            path.parent.mkdir(parents=True, exist_ok=True)
            hits = rng.integers(1, 5, (12, 2, 2))
            counts = np.concatenate([hits, np.full((12, 2, 1), 5)], 2).tolist()
            path.write_text(json.dumps(dict.fromkeys(confirmation.METRICS, counts)))
    plan: Any = SimpleNamespace(objectives=objectives, base=TrainSettings())
    for most in (2, 1):
        assert confirm(study, plan, [cheap, dear], most) == {}
        found = study.confirmed(dear.number)
        assert found is not None
        assert found.indistinguishable_from == cheap.number
