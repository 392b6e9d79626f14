"""What is drawn, and the peaks that it is drawn from."""

from pathlib import Path

import numpy as np
import pytest
from exported import LABELS, moving_student, noise, write_export

from sedkd.errors import SedkdWarning, UserError
from sedkd.export.reading import read_bundle
from sedkd.review.candidates import Candidate, peaks, scored_by
from sedkd.review.drawing import band_of, drawn
from sedkd.review.tables import listed_in
from sedkd.score.thresholding import decode, smooth
from sedkd.stream.detect import file_probabilities


def of(label, *scores):
    return [Candidate(Path("a.wav"), float(i), i + 1.0, label, score) for i, score in enumerate(scores)]


def test_peaks_are_runs_of_at_least_half_their_height():
    probability = np.array([0.01, 0.3, 0.8, 0.5, 0.3, 0.6, 0.1, 0.02, 0.04])
    assert [(a, b, round(h, 2)) for a, b, h in peaks(probability, 0.08)] == [(2, 4, 0.8), (5, 6, 0.6)]


def test_a_shoulder_is_part_of_its_peak():
    equal = np.array([0.02, 0.8, 0.6, 0.8, 0.6, 0.8, 0.02])  # no valley between them
    assert [(a, b) for a, b, _ in peaks(equal, 0.08)] == [(1, 6)]
    assert [(a, b) for a, b, _ in peaks(np.array([0.2, 0.9, 0.7, 0.75, 0.5, 0.1]), 0.08)] == [(1, 5)]


def test_a_long_span_is_cut_around_its_peak():
    probability = np.full(1000, 0.6)
    probability[700] = 0.9
    ((first, last, _),) = peaks(probability, 0.08)
    assert last - first == 100
    assert first < 700 < last


def test_half_of_the_bands_are_closed_below():
    assert [band_of(score) for score in (0, 0.19, 0.2, 0.5, 0.9, 0.95, 1)] == [0, 0, 1, 2, 5, 6, 6]


def test_there_are_about_as_many_candidates_as_events(tmp_path):
    import soundfile

    bundle = read_bundle(write_export(moving_student(), tmp_path))
    soundfile.write(tmp_path / "a.wav", noise(60.0, seed=4), 16000)
    scored = scored_by(bundle, [tmp_path / "a.wav"])
    assert scored.hours == pytest.approx(1 / 60)
    probability = file_probabilities(bundle, tmp_path / "a.wav")
    smoothed = smooth(probability, bundle.post.median_frames)
    for column, label in enumerate(LABELS):
        own = [candidate for candidate in scored.candidates if candidate.label == label]
        for candidate in own:
            frames = slice(round(candidate.onset / 0.08), round(candidate.offset / 0.08))
            assert smoothed[frames, column].max() == pytest.approx(candidate.score, abs=1e-4)
        for threshold in (0.5, 0.8):
            events = decode(probability, 0.08, LABELS, (threshold,) * 2, bundle.post.median_frames, 60.0)
            told = sum(event.event_label == label for event in events)
            assert sum(candidate.score >= threshold for candidate in own) == pytest.approx(told, rel=0.35, abs=3)


def test_orders():
    pool = of("bell", *np.linspace(0.06, 0.99, 94))
    thresholds = {"bell": 0.7}
    uncertain = drawn(pool, 5, "uncertain", thresholds, 0)
    assert sorted(round(c.score, 2) for c in uncertain) == [0.68, 0.69, 0.7, 0.71, 0.72]
    assert min(c.score for c in drawn(pool, 5, "confident", thresholds, 0)) > 0.94
    assert sorted(band_of(c.score) for c in drawn(pool, 14, "spread", thresholds, 0)) == sorted([*range(7)] * 2)
    assert drawn(pool, 20, "random", thresholds, 1) == drawn(pool, 20, "random", thresholds, 1)
    assert drawn(pool, 20, "random", thresholds, 1) != drawn(pool, 20, "random", thresholds, 2)


def test_every_label_has_its_share_as_far_as_it_goes():
    pool = of("bell", *np.linspace(0.1, 0.9, 50)) + of("hum", 0.5, 0.6)
    found = drawn(pool, 12, "spread", {}, 0)
    assert sum(c.label == "hum" for c in found) == 2
    assert len(drawn(pool, 500, "spread", {}, 0)) == 52


def test_a_table_of_detections(tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", noise(5.0), 16000)
    table = tmp_path / "found.csv"
    table.write_text("filename,onset,offset,event_label,confidence\na.wav,1,2,bell,0.7\na.wav,2,2.5,hum,0.2\n")
    scored = listed_in(table, [], [])
    assert [(c.label, c.score) for c in scored.candidates] == [("bell", 0.7), ("hum", 0.2)]
    assert scored.hours == pytest.approx(5 / 3600)


def test_a_table_of_birdnet(tmp_path):
    """Of recordings that lay elsewhere, with labels under two names."""
    import soundfile

    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", noise(5.0), 16000)
    table = tmp_path / "BirdNET_CombinedTable.csv"
    head = "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
    table.write_text(
        head + "0.0,3.0,Corvus corone,Crow,0.71,/home/x/a.wav\n3.0,5.0,Pica pica,Magpie,0.2,/home/x/b.wav\n"
    )
    scored = listed_in(table, [], [])
    assert [(c.path.name, c.label, c.score) for c in scored.candidates] == [
        ("a.wav", "Crow", 0.71),
        ("b.wav", "Magpie", 0.2),
    ]
    assert [c.label for c in listed_in(table, [], [], "Scientific name").candidates] == ["Corvus corone", "Pica pica"]
    own = tmp_path / "a.BirdNET.results.csv"
    own.write_text("Start (s),End (s),Scientific name,Common name,Confidence\n0.0,3.0,Corvus corone,Crow,0.5\n")
    assert [(c.path.name, c.score) for c in listed_in(own, [], []).candidates] == [("a.wav", 0.5)]
    (tmp_path / "b.wav").unlink()
    with pytest.raises(UserError, match=r"of '/home/x/b\.wav' there is nothing here: name the recordings' folder"):
        listed_in(table, [], [])
    table.write_text(head + "0.0,3.0,Corvus corone,Crow,71,/home/x/a.wav\n")
    with pytest.raises(UserError, match=r"line 2: the confidence 71 does not lie between 0 and 1"):
        listed_in(table, [], [])


def test_rows_that_say_the_same_and_spans_that_end_elsewhere(tmp_path):
    """An event is one event however it is spelt, and what a person hears ends with the recording."""
    import soundfile

    soundfile.write(tmp_path / "a.wav", noise(20.0), 16000)
    table = tmp_path / "found.csv"
    head = "filename,onset,offset,event_label,confidence\n"
    table.write_text(f"{head}a.wav,1,2,bell,0.5\na.wav,1,2,Bell,0.7\na.wav,1,2,bell,0.5\na.wav,18,200,bell,0.9\n")
    with pytest.warns(SedkdWarning, match="2 rows repeat the span and label of another: the surest of each is kept"):
        scored = listed_in(table, [], [])
    assert [(c.onset, c.offset, c.label, c.score) for c in scored.candidates] == [
        (1.0, 2.0, "bell", 0.7),
        (18.0, 20.0, "bell", 0.9),
    ]
    table.write_text(f"{head}a.wav,1,15,bell,0.5\n")
    with pytest.warns(SedkdWarning, match="1 detections last longer than 8 s: only their first 8 s are asked about"):
        (candidate,) = listed_in(table, [], []).candidates
    assert (candidate.onset, candidate.offset) == (1.0, 9.0)


def test_tables_that_say_too_little(tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", noise(5.0), 16000)
    table = tmp_path / "a.csv"
    for text, said in (
        ("Start (s),End (s),Scientific name,Common name,Confidence\n", "lists no detection"),
        ("file,start,end,label\na.wav,1,2,bell\n", "no column says how sure the detector was: call it confidence"),
        ("file,start,end,label,score\na.wav,1,2,bell,85%\n", "confidence '85%' is not a number: write a fraction betw"),
        ("file,start,end,label,score\na.wav,1,2,bell,-1.3\n", "-1.3 does not lie between 0 and 1: write a fraction"),
    ):
        table.write_text(text)
        with pytest.raises(UserError, match=said):
            listed_in(table, [], [])


HEAD = "filename,onset,offset,event_label,confidence\n"


def written(path, seconds=5.0):
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(seconds), 16000)
    return path


def test_a_name_that_two_named_folders_hold_is_asked_about(tmp_path, monkeypatch):
    """Also where the current folder holds a third of that name, which nobody named."""
    sites = [tmp_path / "site1", tmp_path / "site2"]
    files = [written(site / "x.wav") for site in sites]
    table = tmp_path / "tables" / "found.csv"
    table.parent.mkdir()
    table.write_text(f"{HEAD}x.wav,1,2,bell,0.7\n")
    elsewhere = written(tmp_path / "elsewhere" / "x.wav").parent
    for folder in (elsewhere, sites[0]):
        monkeypatch.chdir(folder)
        if folder == elsewhere:
            with pytest.raises(UserError, match=r"line 2: 'x.wav' may be .*site1/x.wav or .*site2/x.wav: name one of"):
                listed_in(table, files, sites)
        assert [c.path for c in listed_in(table, files[1:], sites[1:]).candidates] == files[1:]
    table.write_text(f"{HEAD}site1/x.wav,1,2,bell,0.7\n{files[1]},1,2,bell,0.6\n")
    assert [c.path for c in listed_in(table, files, sites).candidates] == files
    assert [c.path for c in listed_in(table, files, []).candidates] == files


def test_a_name_that_stands_here_and_beside_the_table_is_asked_about(tmp_path, monkeypatch):
    here = written(tmp_path / "here" / "x.wav")
    beside = written(tmp_path / "there" / "x.wav")
    table = beside.with_name("found.csv")
    table.write_text(f"{HEAD}x.wav,1,2,bell,0.7\n")
    monkeypatch.chdir(here.parent)
    with pytest.raises(UserError, match=r"'x.wav' may be .*here/x.wav or .*there/x.wav"):
        listed_in(table, [], [])
    here.unlink()
    assert [c.path for c in listed_in(table, [], []).candidates] == [beside]


@pytest.mark.parametrize("columns", [HEAD, "File,Start (s),End (s),Common name,Confidence\n"])
def test_rows_of_recordings_that_are_not_named_are_left_out(tmp_path, columns):
    """The hours are those of the named ones, and so is what is found in them."""
    a, b = (written(tmp_path / f"{name}.wav", 36.0) for name in "ab")
    table = tmp_path / "found.csv"
    table.write_text(f"{columns}a.wav,1,2,bell,0.7\nb.wav,1,2,bell,0.6\nb.wav,3,4,bell,0.5\n")
    with pytest.warns(SedkdWarning, match="2 rows of 1 recording that are not named, such as 'b.wav', left out"):
        scored = listed_in(table, [a], [])
    assert [c.path for c in scored.candidates] == [a]
    assert scored.hours == pytest.approx(0.01)
    assert listed_in(table, [a, b], []).hours == listed_in(table, [], []).hours == pytest.approx(0.02)
    with pytest.raises(UserError, match=r"lists none of the recordings that are named, but such as 'a\.wav'"):
        listed_in(table, [written(tmp_path / "c.wav")], [])


def test_recordings_that_cannot_be_read_are_passed_over(tmp_path):
    good, bad = written(tmp_path / "a.wav", 36.0), tmp_path / "b.wav"
    bad.write_bytes(b"no audio at all" * 9)
    table = tmp_path / "found.csv"
    table.write_text(f"{HEAD}a.wav,1,2,bell,0.7\nb.wav,1,2,bell,0.6\n")
    bundle = read_bundle(write_export(moving_student(), tmp_path / "student"))
    for make in (
        lambda: listed_in(table, [], []),
        lambda: listed_in(table, [good, bad], []),
        lambda: scored_by(bundle, [bad, good]),
    ):
        with pytest.warns(SedkdWarning, match=r"b\.wav: cannot be read as audio; .*; passed over"):
            scored = make()
        assert {c.path for c in scored.candidates} == {good}
        assert scored.hours == pytest.approx(0.01)
    good.unlink()
    with pytest.warns(SedkdWarning), pytest.raises(UserError, match="none of its recordings can be read"):
        listed_in(table, [bad], [])
