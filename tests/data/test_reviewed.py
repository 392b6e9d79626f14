"""Reviewed spans: what is known of them, what is not, and who learns from them."""

import dataclasses

import numpy as np
import pytest
import soundfile
import torch

from sedkd.data.audio import content_hash
from sedkd.data.datasets.opening import pool_of
from sedkd.data.environment import Environment
from sedkd.data.events import Event
from sedkd.data.pool import Pool
from sedkd.data.recordings import digest_of
from sedkd.data.reviewed import Span, read_reviewed, read_spans_of, write_spans
from sedkd.errors import SedkdWarning, UserError
from sedkd.features.pack import features_of
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.models.settings import STRIDE
from sedkd.train.corpus import corpus_from
from sedkd.train.split import FRAME_SECONDS

RATE = 16000
FARM = Environment("farm", "farm", ("bell", "hum"))
SPANS = {
    "a.wav": Span(0.8, 1.6, {"bell": True}),
    "b.wav": Span(0.8, 1.6, {"bell": False, "hum": True}),
    "c.wav": Span(0.0, 2.0, {"hum": False}),
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "farm" / "reviewed").mkdir(parents=True)
    for i, name in enumerate(SPANS):
        noise = np.random.default_rng(i).standard_normal(2 * RATE) * 0.1
        soundfile.write(tmp_path / "farm" / "reviewed" / name, noise, RATE)
    write_spans(tmp_path / "farm" / "reviewed.tsv", SPANS)
    return tmp_path


def test_a_table_reads_as_it_was_written(folder):
    table = folder / "farm" / "reviewed.tsv"
    assert read_spans_of(table) == SPANS
    assert all(line == line.rstrip() for line in table.read_text().splitlines())  # editors strip TABs there


def test_what_was_not_asked_about_is_unknown(folder):
    clips = read_reviewed(folder, FARM)
    assert [clip.events for clip in clips] == [(Event(0.8, 1.6, "bell"),), (Event(0.8, 1.6, "hum"),), ()]
    assert [clip.listened for clip in clips] == [("bell",), ("bell", "hum"), ("hum",)]
    assert [clip.unknown for clip in clips] == [((0.0, 0.8), (1.6, 2.0)), ((0.0, 0.8), (1.6, 2.0)), ()]


def test_training_sees_the_asked_event_in_the_span_and_nothing_else(folder):
    clips = read_reviewed(folder, FARM)
    corpus = corpus_from(clips, features_of(clips, STUDENT_FEATURES), STRIDE, FRAME_SECONDS, FARM.events, {"farm": ()})
    known = [part.T for part in corpus.known_frames().split(corpus.out_starts.diff().tolist())]
    inside = torch.zeros(len(known[0][0]), dtype=torch.bool)
    inside[round(0.8 / FRAME_SECONDS) : round(1.6 / FRAME_SECONDS)] = True
    nothing, everything = torch.zeros_like(inside), torch.ones_like(inside)
    for found, wanted in zip(known, ((inside, nothing), (inside, inside), (nothing, everything)), strict=True):
        assert torch.equal(found, torch.stack(wanted))
    assert (corpus.reviewed.tolist(), corpus.labeled.tolist()) == ([0, 1, 2], [])
    targets = [part.T for part in corpus.targets.split(corpus.out_starts.diff().tolist())]
    assert torch.equal(targets[0][0] == 1, inside)
    assert targets[2].sum() == 0


def test_their_digest_tells_yes_from_no_and_span_from_span(folder):
    def digest(**more):
        write_spans(folder / "farm" / "reviewed.tsv", {**SPANS, "c.wav": dataclasses.replace(SPANS["c.wav"], **more)})
        return digest_of(read_reviewed(folder, FARM))

    found = [digest(), digest(heard={"hum": True}), digest(onset=0.4), digest(heard={"bell": False}), digest()]
    assert found[0] == found[4]
    assert len(set(found)) == 4


def test_a_folder_without_them_has_none(tmp_path):
    assert read_reviewed(tmp_path, FARM) == []


def test_pools_of_one_and_of_several_folders_have_them(folder, tmp_path_factory):
    from small_study import write_environment

    write_environment(folder, "farm", 1)
    other = tmp_path_factory.mktemp("other")
    write_environment(other, "yard", 2)
    for roots in ([folder], [folder, other]):
        pool = pool_of(roots, {}, "farm")
        assert [clip.filename for clip in pool.reviewed("farm")] == list(SPANS)
        assert not {clip.path for clip in pool.training("farm")} & {clip.path for clip in pool.reviewed("farm")}
    assert pool.reviewed("yard") == []


def test_what_a_check_and_a_conversion_say_of_them(folder):
    from small_study import write_environment

    from sedkd.data.datasets.converting import convert
    from sedkd.data.datasets.opening import opened
    from sedkd.data.datasets.survey import survey

    write_environment(folder, "farm", 1)
    found = survey([folder], {})
    assert found.problems == []
    (part,) = [part for part in found.parts if part.split == "reviewed"]
    assert (part.recordings, part.events) == (3, {"bell": 1, "hum": 1})
    (dataset,) = opened([folder])
    notices = convert(dataset, folder.parent / f"{folder.name}-converted").notices
    assert [line for line in notices if "reviewed.tsv: is not converted" in line]


ROW = "a.wav\t0\t1\tbell\tyes\n"


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("a.wav\t0\t1\tbell\tmaybe\n", "line 2: the answer 'maybe' is neither yes nor no"),
        ("a.wav\t1\t1\tbell\tyes\n", "line 2: no span lies between 1 and 1 s"),
        ("a.wav\t0\t1\t\tyes\n", "line 2: the event_label is empty"),
        (ROW + "a.wav\t0\t1.5\thum\tno\n", "line 3: 'a.wav' has another span before"),
        (ROW + "a.wav\t0\t1\tbell\tno\n", "line 3: 'bell' is answered with yes and with no"),
        ("a.wav\t5\t6\tbell\tyes\n", "a.wav: the span begins at 5 s, the clip lasts 2.00 s"),
        ("a.wav\t0\t1\towl\tyes\n", "'owl' is no event of farm"),
        ("z.wav\t0\t1\tbell\tyes\n", "'z.wav' is listed, but there is no such file"),
        ("", "lists no clip"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(folder, rows, line):
    (folder / "farm" / "reviewed.tsv").write_text("filename\tonset\toffset\tevent_label\tanswer\n" + rows)
    with pytest.raises(UserError, match=line):
        read_reviewed(folder, FARM)


def test_a_clip_of_a_recording_that_validates_by_now_is_left_out_aloud(folder):
    recording = folder / "farm" / "validation" / "day.wav"
    recording.parent.mkdir()
    soundfile.write(recording, np.random.default_rng(9).standard_normal(RATE) * 0.1, RATE)
    table, content = folder / "farm" / "reviewed.tsv", content_hash(recording)
    write_spans(table, {**SPANS, "a.wav": dataclasses.replace(SPANS["a.wav"], recording=content)})
    assert read_spans_of(table)["a.wav"].recording == content
    pool = Pool(folder, {"farm": FARM})
    with pytest.warns(SedkdWarning, match=r"reviewed.tsv: 1 of 3 clips .* such as a.wav out of day.wav"):
        assert [clip.filename for clip in pool.reviewed("farm")] == ["b.wav", "c.wav"]
    recording.rename(folder / "farm" / "day.wav")  # neither validates nor tests
    assert len(pool.reviewed("farm")) == 3


def test_a_table_without_the_column_of_recordings_is_read(folder):
    table = folder / "farm" / "reviewed.tsv"
    lines = [line.split("\t")[:-1] for line in table.read_text().splitlines()]
    table.write_text("\n".join("\t".join(line) for line in lines))
    assert read_spans_of(table) == SPANS
