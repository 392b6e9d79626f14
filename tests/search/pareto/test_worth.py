"""What labels and trials were worth, by made-up comparisons whose slope is known and by made-up trials."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from invented_study import invented_study
from invented_trials import OBJECTIVES, trial

from search.pareto.worth import comparisons_in, labels_worth, trials_worth
from search.study.objectives import parse
from sedkd.errors import SedkdWarning

COUGH, SNORE = "cough", "snore"


def comparison(used: int, seeds: list[float], by_event: dict[str, float | None], **changed: Any) -> dict[str, Any]:
    """As `sedkd compare` writes it, as far as is read."""
    arm = {
        "name": "aware",
        "test": {"f1_segment": {"mean": sum(seeds) / len(seeds) if seeds else None, "seeds": seeds}},
        "per_class": {event: {"f1_segment": value} for event, value in by_event.items()},
    }
    facts = {"environment": "home", "data": "/d", "architecture": "separable 8x3", "strategy": "response", "seeds": 2}
    asked = {"steps": 600, "criterion": "f1_segment", "events": [COUGH, SNORE]}
    return {**facts, **asked, "labelled": {"used": used}, "arms": [arm], **changed}


def write(folder: Path, *found: dict[str, Any]) -> Path:
    for number, one in enumerate(found):
        path = folder / str(number) / "comparison.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(one))
    return folder


def test_twice_the_labels() -> None:
    few = comparison(20, [0.30, 0.34], {COUGH: 0.2, SNORE: 0.44})
    more = comparison(80, [0.42, 0.46], {COUGH: 0.4, SNORE: None})
    longer = comparison(40, [0.9, 0.9], {COUGH: 0.9, SNORE: 0.9}, steps=2400)
    elsewhere = comparison(160, [0.9, 0.9], {COUGH: 0.9, SNORE: 0.9}, environment="farm")
    worth = labels_worth([few, more, longer, elsewhere], "home")
    assert worth is not None
    assert worth.mean == pytest.approx(0.06)  # 0.12 in two doublings, with either seed
    assert (worth.low, worth.high) == pytest.approx((0.06, 0.06))
    assert (worth.numbers, worth.by_event) == ([20, 80], {COUGH: pytest.approx(0.1)})
    assert worth.of_more(COUGH, 20, 20) == pytest.approx(0.1)
    assert worth.of_more(SNORE, 20, 20) is worth.of_more(COUGH, 0, 20) is None


def test_seeds_that_disagree_widen_it() -> None:
    events = {COUGH: 0.3, SNORE: 0.3}
    worth = labels_worth([comparison(20, [0.3, 0.3], events), comparison(40, [0.3, 0.5], events)], "home")
    assert worth is not None
    # Of 0 and 0.2 the mean is known to Student's 12.7 standard errors of 0.1, of which percentiles of two tell less.
    assert worth.mean == pytest.approx(0.1)
    assert worth.low == pytest.approx(0.2 - worth.high)
    assert 0.9 < worth.high < 0.1 + 12.7 * 0.1
    once = [comparison(used, [score], events) | {"seeds": 1} for used, score in ((20, 0.3), (40, 0.5))]
    assert labels_worth(once, "home") is None


def test_nothing_is_said_of_what_was_not_measured(tmp_path: Path) -> None:
    one = comparison(20, [0.3, 0.3], {COUGH: 0.3, SNORE: 0.3})
    earlier = {key: value for key, value in one.items() if key != "labelled"}
    assert labels_worth([one, earlier], "home") is None
    silent = [comparison(used, [], {COUGH: None, SNORE: None}) for used in (20, 40)]
    assert labels_worth(silent, "home") is None
    assert comparisons_in(tmp_path / "none") == []


def test_another_teacher_or_microphone_is_another_curve() -> None:
    def taught(used: int, origin: str, **changed: Any) -> dict[str, Any]:
        return comparison(used, [0.3, 0.3], {COUGH: 0.3, SNORE: 0.3}, teachers=[{"origin": origin}], **changed)

    few, more = taught(20, "mn04_as: ... (head 80 steps)"), taught(40, "mn04_as: ... (head 200 steps)")
    assert labels_worth([few, more], "home") is not None
    assert labels_worth([few, taught(40, "crnn: ...")], "home") is None
    assert labels_worth([few, taught(40, "mn04_as: ... (head 80 steps)", impulse_responses=["a.wav"])], "home") is None


def test_students_that_were_trained_otherwise_are_another_curve() -> None:
    few, more = (comparison(used, [0.3, 0.3], {COUGH: 0.3, SNORE: 0.3}, training=3) for used in (20, 40))
    earlier = comparison(40, [0.5, 0.5], {COUGH: 0.5, SNORE: 0.5})  # which did not write it down
    assert labels_worth([few, more], "home") is not None
    assert labels_worth([few, earlier], "home") is None


def test_a_damaged_comparison_is_left_out_with_a_warning(tmp_path: Path) -> None:
    one, other = (comparison(used, [0.3, 0.3], {COUGH: 0.3, SNORE: 0.3}) for used in (20, 40))
    write(tmp_path, one, other)
    (tmp_path / "0" / "comparison.json").write_text('{"environment": "ho')
    with pytest.warns(SedkdWarning, match=r"comparison\.json: is damaged .* writes it anew; left out"):
        assert comparisons_in(tmp_path) == [other]


def test_the_second_half_of_a_study() -> None:
    study = invented_study(parse("f1_segment,macs"), trials=9, stopped=2)
    scores = [member.measure("f1_segment") for member in study.finished()]
    worth = trials_worth(study)
    assert worth is not None
    assert (worth.students, worth.best, worth.quality) == (9, max(scores), "f1_segment")
    assert worth.gain == max(0.0, max(scores[4:]) - max(scores[:4]))
    assert trials_worth(invented_study(parse("f1_segment,macs"), trials=1)) is None


def test_training_on_is_no_new_student() -> None:
    """The first student, trained on last, raised the best by nothing that more trials would."""
    members = [trial(0, 0.6, 1e5), *(trial(i, 0.4, 1e5 + i) for i in range(1, 10)), trial(10, 0.75, 1e5, 600, 0)]
    study: Any = SimpleNamespace(finished=lambda: members, objectives=OBJECTIVES, name="farm-1")
    found = trials_worth(study)
    assert found is not None
    assert (found.students, found.best, found.gain) == (10, 0.75, 0.0)
