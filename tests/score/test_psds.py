import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from sedkd.data.events import Event, read_annotations, read_durations
from sedkd.errors import UserError
from sedkd.score.psds import CRITERIA, psds, step_area, step_curve

# One hour in all: a false alarm in it is one per hour.
TRUTH = {"a.wav": [Event(10, 20, "car"), Event(40, 50, "dog")], "b.wav": [Event(5, 10, "car")], "quiet.wav": []}
HOUR = {"a.wav": 1200.0, "b.wav": 1200.0, "quiet.wav": 1200.0}


def test_perfect_and_empty_detections() -> None:
    perfect = psds(TRUTH, HOUR, {0.5: TRUTH})
    assert (perfect.psds1, perfect.psds2) == (1.0, 1.0)
    nothing = psds(TRUTH, HOUR, {0.5: {}, 0.6: {"a.wav": []}})
    assert (nothing.psds1, nothing.psds2) == (0.0, 0.0)


def test_spread_between_classes_is_subtracted() -> None:
    # car: one of two found, dog found: mean 0.75, standard deviation 0.25.
    report = psds(TRUTH, HOUR, {0.5: {"a.wav": TRUTH["a.wav"]}})
    assert report.class_area1 == {"car": 0.5, "dog": 1.0}
    assert report.psds1 == pytest.approx(0.75 - 0.25)


def test_false_alarms_move_the_curve_right() -> None:
    # The one operating point has 10 false alarms of each class in the hour: nothing up to 10 /h, all from there to 100.
    alarms = [Event(100 + 5 * i, 102 + 5 * i, label) for i in range(10) for label in ("car", "dog")]
    report = psds(TRUTH, HOUR, {0.5: {**TRUTH, "quiet.wav": alarms}})
    assert report.psds1 == pytest.approx(0.9)
    # A stricter point without the alarms and without "b.wav" fills in its part.
    both = psds(TRUTH, HOUR, {0.5: {**TRUTH, "quiet.wav": alarms}, 0.9: {"a.wav": TRUTH["a.wav"]}})
    assert both.psds1 == pytest.approx(0.9 + 0.1 * 0.5)


def test_one_class_alone() -> None:
    truth = {"a.wav": [Event(10, 20, "car"), Event(30, 40, "car")], "quiet.wav": []}
    durations = {"a.wav": 1800.0, "quiet.wav": 1800.0}
    alarms = [Event(100 + 5 * i, 102 + 5 * i, "car") for i in range(20)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = psds(truth, durations, {0.5: {"a.wav": truth["a.wav"][:1], "quiet.wav": alarms}})
    assert report.psds1 == pytest.approx(0.5 * 0.8)
    assert report.psds2 == pytest.approx(0.5 * 0.8)


def test_touching_and_overrunning_events_are_mended() -> None:
    pieces = {"a.wav": [Event(10, 15, "car"), Event(14, 20, "car"), Event(40, 50, "dog")], "b.wav": TRUTH["b.wav"]}
    assert psds({**pieces, "quiet.wav": []}, HOUR, {0.5: pieces}).psds1 == 1.0
    # 6 of 10 detected seconds lie on the event, but the file ends after 7 of them: 6/7 >= 0.7.
    short = {"a.wav": 17.0}
    truth = {"a.wav": [Event(10, 16, "car")]}
    assert psds(truth, short, {0.5: {"a.wav": [Event(10, 20, "car")]}}).psds1 == 1.0
    # A reference of 10 s of which the file holds 6: found only when the reference is cut as well.
    truth = {"a.wav": [Event(11, 21, "car")]}
    found = {0.5: {"a.wav": [Event(11, 17, "car")]}}
    assert psds(truth, short, found).psds1 == 0.0
    assert psds(truth, short, found, clip_truth=True).psds1 == 1.0


def test_classes_without_reference_and_subsets() -> None:
    detections = {**TRUTH, "quiet.wav": [Event(1, 2, "bell")]}
    assert psds(TRUTH, HOUR, {0.5: detections}).class_area1 == {"car": 1.0, "dog": 1.0}
    half = psds(TRUTH, HOUR, {0.5: {"a.wav": TRUTH["a.wav"]}}, labels=["dog", "bell"])
    assert (half.psds1, half.class_area1) == (1.0, {"dog": 1.0})


def test_what_cannot_be_scored() -> None:
    with pytest.raises(UserError, match="at least one operating point"):
        psds(TRUTH, HOUR, {})
    with pytest.raises(UserError, match=r"no duration is given for 'quiet\.wav'"):
        psds(TRUTH, {"a.wav": 10.0, "b.wav": 10.0}, {0.5: TRUTH})
    with pytest.raises(UserError, match=r"operating point 0\.25 names 'x\.wav'"):
        psds(TRUTH, HOUR, {0.25: {"x.wav": []}})


@pytest.mark.parametrize("labels", [None, ["bell"]])
def test_without_a_reference_event_there_is_no_score(labels: list[str] | None) -> None:
    truth = {"a.wav": [] if labels is None else TRUTH["a.wav"]}
    report = psds(truth, HOUR, {0.5: {}, 0.6: {"a.wav": [Event(1, 2, "bell")]}}, labels)
    assert (report.psds1, report.psds2) == (None, None)
    assert report.class_area1 == report.class_area2 == {}


def test_replacements_equal_psds_eval() -> None:
    from psds_eval import PSDSEval

    generator = np.random.default_rng(0)
    for _ in range(50):
        xp = np.append(generator.integers(0, 12, 10) * 13.7, 0.0)
        yp = np.append(generator.random(10), 0.0)
        x = np.unique(np.concatenate([xp, generator.random(5) * 150]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            expected = PSDSEval.step_curve(x, xp, yp)
        assert np.array_equal(step_curve(x, xp, yp), expected)
        for limit in (100.0, 13.7, 500.0):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                area = PSDSEval._auc(x, expected, limit)
            assert step_area(x, expected, limit) == area


def test_what_is_done_once_changes_no_score() -> None:
    """Against psds_eval as it is, but for the two functions above, on random events; some thresholds detect alike."""
    import pandas as pd
    from psds_eval import PSDSEval

    class Plain(PSDSEval):
        step_curve = staticmethod(step_curve)
        _auc = staticmethod(step_area)

    random = np.random.default_rng(3)
    durations = {f"{i}.wav": 10.0 for i in range(8)}

    def events(chance: float) -> dict[str, list[Event]]:
        """One or none of each class in each file."""
        found = {}
        for filename in durations:
            onsets = {label: round(float(random.uniform(0, 6)), 2) for label in "abc" if random.random() < chance}
            found[filename] = [
                Event(o, round(o + float(random.uniform(0.5, 4)), 2), label) for label, o in onsets.items()
            ]
        return found

    def table(annotations: dict[str, list[Event]]) -> pd.DataFrame:
        rows = [(f, e.onset, e.offset, e.event_label) for f, own in annotations.items() for e in own]
        return pd.DataFrame(rows, columns=["filename", "onset", "offset", "event_label"])

    truth, points = events(0.7), {i / 10: events(0.3 + 0.1 * i) for i in range(1, 6)}
    # Half of what was there, moved a little, so that something is right.
    kept = {f: [e for e in own if random.random() < 0.5] for f, own in truth.items()}
    points[0.9] = {f: [Event(e.onset + 0.1, e.offset, e.event_label) for e in own] for f, own in kept.items()}
    points[0.95], points[0.97] = points[0.9], points[0.1]
    found = psds(truth, durations, points)
    metadata = pd.DataFrame(durations.items(), columns=["filename", "duration"])
    for setting, alpha_ct, score in ((CRITERIA[0], 0.0, found.psds1), (CRITERIA[1], 0.5, found.psds2)):
        plain = Plain(ground_truth=table(truth), metadata=metadata, class_names=list("abc"), **setting)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for detections in points.values():
                plain.add_operating_point(table(detections))
            assert len(plain.operating_points) == 6
            assert score == float(plain.psds(alpha_ct, 1.0, 100.0).value)
        assert 0 < score < 1


@pytest.mark.slow
def test_published_scores(shared: Path) -> None:
    folder = shared / "data" / "desed_predictions"
    truth = read_annotations(folder / "validation.tsv")
    durations = read_durations(folder / "validation_durations.tsv")
    points = {
        float(re.findall(r"\d+\.\d+", path.name)[0]): read_annotations(path)
        for path in sorted((folder / "operating_points").glob("*.tsv"))
    }
    assert len(points) == 50
    report = psds(truth, durations, points)
    assert report.psds1 == pytest.approx(0.33447, abs=6e-6)
    assert report.psds2 == pytest.approx(0.52810, abs=6e-6)
    # The class mean, which some papers print as PSDS1.
    assert sum(report.class_area1.values()) / 10 == pytest.approx(0.522, abs=5e-4)
