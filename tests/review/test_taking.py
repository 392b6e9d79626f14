"""From answers to training data, and all that may go wrong on the way, as a person sees it."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
import soundfile
import torch
from exported import moving_student, noise, write_export
from reviewed_farm import small_review
from small_study import arguments, finish, start, write_farm

from search.cli import review as review_command
from sedkd.data.audio import content_hash, read_part
from sedkd.data.environment import Environment
from sedkd.data.events import Event
from sedkd.data.reviewed import read_reviewed, read_spans_of
from sedkd.errors import UserError
from sedkd.review.answers import Answer, read_answers
from sedkd.review.page import read_page, write_page
from sedkd.review.taking import take
from sedkd.train.draws import Draws
from sedkd.train.settings import TrainSettings

SEDKD = "search.cli.main"
FARM = Environment("farm", "farm", ("bell", "hum"))


def write_answers(path, review, answers, **more):
    content = {"format": "sedkd answers", "version": 1, "review": review.digest, "answers": answers, **more}
    path.write_text(json.dumps(content))
    return path


def kinds(review, *given):
    """Answers by place; "other" names the label that was not asked about."""
    found = {}
    for place, kind in enumerate(given):
        label = next(label for label in review.labels if label != review.clips[place].label)
        found[str(place)] = {"answer": kind, "label": label} if kind == "other" else {"answer": kind}
    return found


def test_answers_become_spans_of_clips_and_the_rest_stays_unknown(tmp_path):
    review = small_review(tmp_path / "audio")
    file = write_answers(tmp_path / "a.json", review, kinds(review, "yes", "no", "other", "skip"))
    found = read_answers(review, [file])
    assert take(review, found.answers, tmp_path / "farm", FARM) == Counter(yes=1, no=1, other=1)
    clips = read_reviewed(tmp_path, FARM)
    assert len(clips) == 3
    asked = [review.clips[place].label for place in range(3)]
    other = next(label for label in FARM.events if label != asked[2])
    assert [clip.events for clip in clips] == [(Event(1.5, 2.5, asked[0]),), (), (Event(1.5, 2.5, other),)]
    assert [set(clip.listened) for clip in clips] == [{asked[0]}, {asked[1]}, {"bell", "hum"}]
    assert all(clip.unknown == ((0.0, 1.5), (2.5, 4.0)) for clip in clips)
    cut, _ = soundfile.read(clips[0].path, dtype="float32")
    assert cut == pytest.approx(read_part(tmp_path / "audio" / review.clips[0].file, 0.5, 4.0)[0], abs=1e-4)


def test_answers_read_again_replace_those_of_their_review_only(tmp_path):
    review, other = small_review(tmp_path / "audio"), small_review(tmp_path / "audio", clips=2)
    for each, given in ((review, ("yes", "yes", "no", "no")), (other, ("yes", "no")), (review, ("no",))):
        file = write_answers(tmp_path / "a.json", each, kinds(each, *given))
        take(each, read_answers(each, [file]).answers, tmp_path / "farm", FARM)
    assert [clip.filename.split("-")[0] for clip in read_reviewed(tmp_path, FARM)].count(review.digest) == 1
    assert len(read_reviewed(tmp_path, FARM)) == 3
    assert len(list((tmp_path / "farm" / "reviewed").iterdir())) == 3


def test_answers_that_an_editor_saved_with_a_mark_in_front_are_read(tmp_path):
    review = small_review(tmp_path / "audio")
    file = write_answers(tmp_path / "a.json", review, kinds(review, "yes"))
    file.write_text(file.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert [answer.yes for answer in read_answers(review, [file]).answers] == [True]


def test_two_people_who_disagree(tmp_path):
    review = small_review(tmp_path / "audio")
    one = write_answers(tmp_path / "a.json", review, kinds(review, "yes", "no", "skip", "skip"))
    two = write_answers(tmp_path / "b.json", review, kinds(review, "no", "no", "yes", "skip"))
    found = read_answers(review, [one, two])
    assert [(answer.place, answer.yes) for answer in found.answers] == [(1, False), (2, True)]
    assert (found.skipped, found.disputed) == (1, 1)


def test_two_people_who_agree_that_it_is_not_heard(tmp_path):
    """Only what they disagree on, which other event it is, is left out."""
    review = small_review(tmp_path / "audio")
    one = write_answers(tmp_path / "a.json", review, kinds(review, "no", "other", "other", "yes"))
    two = write_answers(tmp_path / "b.json", review, kinds(review, "other", "other", "yes", "other"))
    found = read_answers(review, [one, two])
    assert [(answer.place, answer.yes) for answer in found.answers] == [(0, False), (1, False)]
    assert [answer.other is None for answer in found.answers] == [True, False]
    assert found.disputed == 2


def test_another_spelling_is_no_other_event(tmp_path):
    """Neither of a label that a page offers twice, nor of an environment's."""
    review = replace(small_review(tmp_path / "audio"), labels=("bell", "hum", "Bell", "HUM"))
    again = {"bell": "Bell", "hum": "HUM"}[review.clips[0].label]
    file = write_answers(tmp_path / "a.json", review, {"0": {"answer": "other", "label": again}})
    (answer,) = read_answers(review, [file]).answers
    assert (answer.yes, answer.other) == (True, None)
    heard = [Answer(0, review.clips[0], False, again)]
    take(review, heard, tmp_path / "farm", FARM)
    (clip,) = read_reviewed(tmp_path, FARM)
    assert clip.events == (Event(1.5, 2.5, review.clips[0].label),)


def test_further_labels_are_spelt_as_those_that_are_known():
    known = ("dog", "Häher, krähend")
    assert review_command._with_further(known, None) == list(known)
    further = 'Dog,"owl, young",häher, krähend,fox, Fox'
    assert review_command._with_further(known, further) == [*known, "owl, young", "fox"]


def test_the_next_study_learns_from_answers_under_another_name(tmp_path):
    from search.cli.search import parser, request_of
    from search.setup.request import planned

    root = write_farm(tmp_path)

    def name():
        return planned(request_of(parser().parse_args(arguments(root, 1))), lambda *_: None)

    before = name()
    review = small_review(tmp_path / "audio")
    answers = read_answers(review, [write_answers(tmp_path / "a.json", review, kinds(review, "yes", "no"))]).answers
    take(review, answers, root / "farm", FARM)
    after = name()
    assert after.name != before.name
    (old, new) = (ready.plan.task for ready in (before, after))
    assert len(new.training.corpus.labeled) == len(old.training.corpus.labeled)
    assert (len(old.training.corpus.reviewed), len(new.training.corpus.reviewed)) == (0, 2)
    corpus = new.corpus(None)
    drawn = Draws(corpus, TrainSettings(batch=16, unlabeled_share=0.5)).block().recordings
    reviewed = torch.isin(drawn, corpus.reviewed).sum(1)
    assert set(reviewed.tolist()) == {2}  # a quarter of what is left, and there are two for each six
    assert new.validation.recordings == old.validation.recordings
    shutil.rmtree(root / "farm" / "reviewed")
    (root / "farm" / "reviewed.tsv").unlink()
    again = name()
    assert again.facts == before.facts  # says which part differs
    assert again.name == before.name


@pytest.mark.slow
def test_from_recordings_to_a_threshold_and_training_data(tmp_path):
    bundle = write_export(moving_student(), tmp_path)
    environment = tmp_path / "recordings" / "yard"
    for split, seed in (("train", 1), ("unlabeled", 2)):
        (environment / split).mkdir(parents=True)
        soundfile.write(environment / split / "a.wav", noise(60.0, seed=seed), 16000)
    (environment / "train.tsv").write_text(
        "filename\tonset\toffset\tevent_label\na.wav\t1\t2\tbark\na.wav\t3\t4\train\n"
    )
    words = (str(environment / "unlabeled"), "--by", "spread", "--clips", "40")
    out = finish(start(SEDKD, "review", "make", str(bundle), *words, cwd=tmp_path))
    assert "review.html: 40 clips (bark 20, rain 20)" in out
    review = read_page(tmp_path / "review.html")
    given = {str(i): {"answer": "yes" if clip.score > 0.5 else "no"} for i, clip in enumerate(review.clips)}
    write_answers(tmp_path / "a.json", review, given)
    wanted = ("--precision", "0.9", "--fa-per-hour", "1e5", "--into", str(environment))
    out = finish(start(SEDKD, "review", "read", "review.html", "a.json", *wanted, cwd=tmp_path))
    assert "40 of 40 clips answered, 0 skipped" in out
    lines = [line for line in out.splitlines() if "sedkd detect BUNDLE FILE" in line]
    assert len(lines) == 2
    options = lines[0].split("FILE ")[1].split()
    sound = str(environment / "unlabeled" / "a.wav")
    fewer, more = (finish(start(SEDKD, "detect", str(bundle), sound, *o, cwd=tmp_path)) for o in (options, ()))
    assert fewer != more
    assert "reviewed.tsv: " in out
    assert len(read_reviewed(environment.parent, Environment("yard", "", ("bark", "rain")))) == 40


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A page, its answers and an environment."""
    folder = tmp_path_factory.mktemp("made")
    review = small_review(folder / "audio", clips=12)
    write_page(review, folder / "review.html")
    write_answers(folder / "good.json", review, kinds(review, *["yes", "no"] * 6))
    only = {
        place: each for place, each in kinds(review, *["yes"] * 12).items() if review.clips[int(place)].label == "hum"
    }
    write_answers(folder / "hum.json", review, only)
    write_answers(folder / "skips.json", review, kinds(review, "skip", "skip"))
    other = small_review(folder / "audio", clips=2)
    write_answers(folder / "other.json", other, kinds(other, "yes"))
    write_answers(folder / "strange.json", review, {"0": {"answer": "other", "label": "owl"}})
    write_answers(folder / "beyond.json", review, {"99": {"answer": "yes"}})
    write_answers(folder / "word.json", review, {"0": {"answer": "perhaps"}})
    (folder / "cut.json").write_text((folder / "good.json").read_text()[:80])
    for name, label in (("farm", "bell"), ("held", "bell\na.wav\t1\t2\thum")):
        (folder / name).mkdir()
        (folder / name / "train.tsv").write_text(f"filename\tonset\toffset\tevent_label\na.wav\t1\t2\t{label}\n")
    shutil.copytree(folder / "audio", folder / "held" / "test")
    (folder / "empty").mkdir()
    (folder / "none.tsv").write_text("filename\tonset\toffset\tevent_label\tconfidence\n")
    (folder / "bare.tsv").write_text("filename\tonset\toffset\tevent_label\na.wav\t1\t2\tbell\n")
    (folder / "gone.tsv").write_text("filename\tonset\toffset\tevent_label\tconfidence\na.wav\t1\t2\tbell\t0.5\n")
    (folder / "percent.tsv").write_text(
        "filename\tonset\toffset\tevent_label\tconfidence\naudio/0.wav\t1\t2\tbell\t83\n"
    )
    return folder


READ = ("read", "review.html")
MISTAKES = [
    ((*READ, "other.json"), "answers to the review"),
    ((*READ, "cut.json"), "is no whole JSON file"),
    ((*READ, "review.html"), "is no whole JSON file"),
    ((*READ, "missing.json"), "cannot be read (No such file or directory)"),
    ((*READ, "skips.json"), "no clip is answered with yes or no"),
    ((*READ, "strange.json"), "'owl' is no other label of this review (bell, hum)"),
    ((*READ, "beyond.json"), "answers clip '99', of which the review has none"),
    ((*READ, "word.json"), "the answer 'perhaps' is none of yes, no, other, skip"),
    ((*READ, "hum.json", "--events", "bell", "--precision", "0.9"), "--events bell: no answer is about it"),
    ((*READ, "good.json", "--events", "owl"), "--events: no event 'owl'"),
    ((*READ, "good.json", "--into", "empty"), "no environment (train.tsv is missing)"),
    ((*READ, "good.json", "--into", "farm"), "'hum' is no event of it (bell)"),
    ((*READ, "good.json", "--into", "held"), "is a recording of held's test"),
    (("read", "good.json", "good.json"), "not a page that"),
    (("make", "missing", "audio"), "missing: no such file"),
    (("make", "empty", "audio"), "student.json is missing"),
    (("make", "none.tsv"), "lists no detection"),
    (("make", "bare.tsv"), "no column says how sure the detector was: call it confidence"),
    (("make", "gone.tsv"), "there is no 'a.wav' here, nor among the recordings"),
    (("make", "percent.tsv"), "the confidence 83 does not lie between 0 and 1"),
    (("make", "none.tsv", "empty"), "empty: no audio in this folder"),
    (("make", "none.tsv", "--out", "review.html"), "is there already"),
]


@pytest.mark.parametrize(("words", "line"), MISTAKES)
def test_a_mistake_is_one_line(made, words, line, monkeypatch, capsys):
    from search.cli.main import main

    monkeypatch.chdir(made)
    out = () if "--out" in words or words[0] == "read" else ("--out", "new.html")
    assert main(["review", *words, *out]) == 2
    errors = capsys.readouterr().err
    assert line in errors
    assert errors.count("\n") == 1
    assert not (made / "new.html").exists()


def test_the_next_command_can_be_typed(tmp_path, monkeypatch, capsys):
    """Also of a page and detections whose names hold blanks, with labels that need no second button."""
    from search.cli.main import main

    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", noise(5.0), 16000)
    head = "filename\tonset\toffset\tevent_label\tconfidence\n"
    (tmp_path / "found.tsv").write_text(f"{head}a.wav\t1\t2\tdog\t0.5\n")
    assert main(["review", "make", "found.tsv", "--also", "Dog,owl", "--out", "my review.html"]) == 0
    line = capsys.readouterr().out.splitlines()[-1].partition("then: ")[2]
    words = shlex.split(line)
    assert words[:4] == ["sedkd", "review", "read", "my review.html"]
    review = read_page(tmp_path / "my review.html")
    assert review.labels == ("dog", "owl")
    write_answers(tmp_path / words[4], review, {"0": {"answer": "other", "label": "owl"}})
    assert main(words[1:]) == 0


def test_a_recording_that_changed_is_not_cut(tmp_path):
    review = small_review(tmp_path / "audio")
    answers = read_answers(review, [write_answers(tmp_path / "a.json", review, kinds(review, "yes"))]).answers
    with open(review.clips[0].file, "ab") as stream:
        stream.write(b"more")
    with pytest.raises(UserError, match="has changed since the review"):
        take(review, answers, tmp_path / "farm", FARM)
    assert not (tmp_path / "farm").exists()


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_held_out_recording_is_known_in_another_format(tmp_path, split):
    review = small_review(tmp_path / "audio")
    asked = tmp_path / "audio" / review.clips[0].file
    held_out = tmp_path / "farm" / split / "night.flac"
    held_out.parent.mkdir(parents=True)
    soundfile.write(held_out, *soundfile.read(asked, dtype="int16"))
    told = rf"{asked.name}: is a recording of farm's {split} \(night.flac\)"
    with pytest.raises(UserError, match=told):
        take(review, [Answer(0, review.clips[0], True)], tmp_path / "farm", FARM)
    assert not (tmp_path / "farm" / "reviewed.tsv").exists()


def test_what_is_taken_tells_the_recording(tmp_path):
    review = small_review(tmp_path / "audio")
    take(review, [Answer(0, review.clips[0], True)], tmp_path / "farm", FARM)
    (span,) = read_spans_of(tmp_path / "farm" / "reviewed.tsv").values()
    assert span.recording == content_hash(tmp_path / "audio" / review.clips[0].file)


def test_answers_are_taken_where_nobody_reads_on(made, tmp_path):
    """As with `| head -1`."""
    shutil.copytree(made, tmp_path / "made")
    (tmp_path / "made/farm/train.tsv").write_text(
        "filename\tonset\toffset\tevent_label\na.wav\t1\t2\tbell\na.wav\t3\t4\thum\n"
    )
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", SEDKD, "review", *READ, "good.json", "--into", "farm"]
    done = subprocess.run(
        command,
        cwd=tmp_path / "made",
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "made/farm/reviewed.tsv").exists()
