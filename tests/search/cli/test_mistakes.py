"""What a person gets for a mistake: one line that names it, exit code 2, no traceback, nothing lost."""

import pytest
from small_study import arguments

from search.cli import main, search
from search.study.opening import load_studies
from search.study.store import open_store


def line_of(capsys, run, words) -> str:
    assert run([str(word) for word in words]) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert len([line for line in errors if line.startswith("error: ")]) == 1
    assert not any("Traceback" in line for line in errors)
    return errors[-1]


def searched(capsys, farm, **more) -> str:
    return line_of(capsys, search.main, arguments(farm, 2, **more))


def test_unknown_environments(capsys, farm, tmp_path):
    line = line_of(capsys, search.main, ["--env", "steet"])
    assert line.endswith(
        "built in are: city_center, home, office, residential_area, street; for your own, give --data DIR"
    )
    assert "no environment 'frm'; there are: farm, yard" in searched(capsys, farm, env="frm")
    assert "no such folder" in searched(capsys, farm, data=tmp_path / "nowhere")
    table = farm / "farm" / "train.tsv"
    assert f"{table}: is no folder: name the folder that holds the recordings" in searched(capsys, farm, data=table)
    assert "one level up or down" in searched(capsys, farm, data=farm / "farm")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0.wav\t0.5\tbell", "train.tsv, line 8"),
        ("0.wav\tsoon\t1.0\tbell", "train.tsv, line 8"),
        ("0.wav\t1.5\t1.0\tbell", "offset 1.0 lies before onset 1.5"),
        ("0.wav\t-1\t1.0\tbell", "onset -1 is negative"),
        ("9.wav\t0.5\t1.0\tbell", "'9.wav' is listed, but there is no such file"),
        ("../../../x.wav\t0.5\t1.0\tbell", "leads out of"),
        ("0.wav\t7.0\t8.0\tbell", "an event begins at 7 s, but the recording lasts 2.00 s"),
    ],
)
def test_bad_rows_name_file_and_line(capsys, farm, row, message):
    table = farm / "farm" / "train.tsv"
    lines = table.read_text().splitlines()[:7]
    table.write_text("\n".join([*lines, row]) + "\n")
    line = searched(capsys, farm)
    assert "train.tsv" in line
    assert message in line


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0.wav\tsoon\t1.0\tbell", "onset 'soon' is not a number"),
        ("9.wav\t0.5\t1.0\tbell", "'9.wav' is listed, but there is no such file"),
        ("0.wav\t7.0\t8.0\tbell", "an event begins at 7 s, but the recording lasts 2.00 s"),
    ],
)
def test_a_bad_row_of_test_is_told_before_anything_is_trained(capsys, farm, tmp_path, row, message):
    with (farm / "farm" / "test.tsv").open("a") as table:
        table.write(row + "\n")
    line = searched(capsys, farm)
    assert "test.tsv" in line
    assert message in line
    assert not list((tmp_path / "runs").glob("studies/*"))


def test_broken_audio_of_test_is_told_before_anything_is_trained(capsys, farm, tmp_path):
    (farm / "farm" / "test" / "0.wav").write_bytes(b"")
    line = searched(capsys, farm)
    assert "test/0.wav" in line
    assert "--skip-bad leaves broken files out" in line
    assert not list((tmp_path / "runs").glob("studies/*"))


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "is empty"), (b"no audio at all" * 9, "cannot be read as audio")]
)
def test_bad_audio_is_named(capsys, farm, content, message):
    (farm / "farm" / "train" / "3.wav").write_bytes(content)
    line = searched(capsys, farm)
    assert "train/3.wav" in line
    assert message in line
    assert "--skip-bad leaves broken files out" in line


def test_broken_audio_is_left_out_when_it_is_asked_for(capsys, farm):
    (farm / "farm" / "train" / "3.wav").write_bytes(b"")
    assert search.main([*map(str, arguments(farm, 1)), "--skip-bad"]) == 0
    shown = capsys.readouterr()
    (line,) = [line for line in shown.err.splitlines() if line.startswith("warning: ")]
    assert line.endswith("train/3.wav: the audio file is empty (0 bytes); remove it, or record it again; left out")


def test_missing_tables_and_folders(capsys, farm):
    (farm / "farm" / "validation.tsv").unlink()
    assert "validation.tsv: no such file" in searched(capsys, farm)


def test_a_space_that_needs_unlabelled_audio(capsys, farm, tmp_path):
    for path in (farm / "farm" / "unlabeled").iterdir():
        path.unlink()
    own = tmp_path / "own.yaml"
    own.write_text(
        "dimensions:\n  strategy: {type: choice, of: [response]}\n"
        "  train.unlabeled_share: {type: choice, of: [0.5], when: {strategy: [response]}}\n"
    )
    line = searched(capsys, farm, space=own)
    assert "unlabeled" in line
    assert "holds no audio; add recordings there, or allow 0.0" in line


def test_options_that_make_no_sense(capsys, farm, tmp_path):
    assert "no objective 'f1'" in searched(capsys, farm, objectives="f1,macs")
    assert "no event 'bel'; environment farm has: bell, hum" in searched(capsys, farm, events="bel")
    assert "has the subsets: none" in searched(capsys, farm, subset="traffic")
    # Before a teacher is looked for, and trained.
    assert "smallest student needs" in searched(capsys, farm, max_macs=1000, teacher="resnet")
    assert "--device tpu" in searched(capsys, farm, device="tpu")
    assert "--device mps: expected cpu, cuda or auto" in searched(capsys, farm, device="mps")
    assert "--teacher resnet: expected crnn" in searched(capsys, farm, teacher="resnet")
    assert "sedkd teacher fetch mn04_as" in searched(capsys, farm, teacher="mn04_as")
    assert "timm has no model 'nope'" in searched(capsys, farm, teacher="timm:nope")
    for twice in ("crnn,crnn", "mn04_as, crnn,mn04_as", f"{tmp_path}/a.safetensors,{tmp_path}/b/../a.safetensors"):
        assert f"--teacher {twice}: expected one teacher, or several" in searched(capsys, farm, teacher=twice)
    line = searched(capsys, farm, teacher="crnn", teacher_minutes=3)
    assert "--teacher-minutes 3: only a teacher from AudioSet weights is fine-tuned, and crnn is none; give" in line
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not weights")
    assert "broken.safetensors: not a safetensors file" in searched(capsys, farm, teacher=broken)
    assert "--resources: are of workers on a queue" in searched(capsys, farm, resources="cpus=2")
    line = line_of(capsys, search.main, ["--env", "street", "--dataset", "desed"])
    assert line == "error: --dataset desed: the built-in soundscapes are none of these; give --data DIR"
    for words in (["--env", "street", "--trials", "0"], ["--env", "street", "--trials", "many"], ["--trials", "3"]):
        with pytest.raises(SystemExit) as ended:
            search.main(words)
        assert ended.value.code == 2


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("mn04_as", "mn04_as is not in the cache"),
        ("timm:nope", "timm has no model 'nope'"),
        ("gone.pt", "gone.pt: no such file"),
        ("gone.safetensors", "gone.safetensors: no such file"),
        ("gone:callable", "No module named 'gone'"),
    ],
)
def test_no_teacher_is_trained_where_the_second_one_is_missing(capsys, farm, monkeypatch, tmp_path, second, said):
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path / "cache"))
    assert said in searched(capsys, farm, teacher=f"crnn,{second}")
    assert not list((tmp_path / "cache").glob("teachers/*.safetensors"))


def test_nothing_to_look_at(capsys, tmp_path):
    store = ["--store", tmp_path / "empty"]
    assert "no study yet" in line_of(capsys, main.main, ["front", "--env", "street", *store])
    assert "no study yet" in line_of(capsys, main.main, ["export", "--env", "street", "--out", tmp_path / "x", *store])
    assert "no study yet" in line_of(capsys, main.main, ["ui", *store])
    assert "no such folder" in line_of(capsys, main.main, ["detect", tmp_path / "x", "a.wav"])
    line = line_of(capsys, main.main, ["teacher", "train", "--teacher", tmp_path / "given.safetensors"])
    assert "is trained already; give it to sedkd-search" in line
    assert "no public checkpoint 'mn99'" in line_of(capsys, main.main, ["teacher", "fetch", "mn99"])


def test_a_finished_study_answers_other_names_with_a_list(capsys, farm, tmp_path):
    assert search.main([str(word) for word in arguments(farm, 1)]) == 0
    capsys.readouterr()
    store = ["--store", tmp_path / "runs"]
    assert "no study of street; there are: farm-" in line_of(capsys, main.main, ["front", "--env", "street", *store])
    named = ["--study", load_studies(open_store(str(store[-1])), None, None)[0].name]
    told = line_of(capsys, main.main, ["front", "--env", "street", *named, *store])
    assert f"no study of {named[1]} in street; there are: farm-" in told
    line = line_of(capsys, main.main, ["export", "--env", "farm", "--pick", "trial:7", "--out", tmp_path / "x", *store])
    assert "no finished trial has that number" in line
    assert not (tmp_path / "x").exists()
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "thesis.txt").write_text("mine")
    line = line_of(capsys, main.main, ["export", "--env", "farm", "--out", occupied, *store])
    assert str(occupied) in line
    assert (occupied / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (search.main, ["--env", "street", "--seed", "-1"]),
        (search.main, ["--env", "street", "--timeout", "nan"]),
        (search.main, ["--env", "street", "--max-macs", "nan"]),
        (search.main, ["--env", "street", "--steps", "0"]),
        (main.main, ["ui", "--port", "99999"]),
        (main.main, ["ui", "--port", "-1"]),
        (main.main, ["ui", "--port", "0"]),
        (main.main, ["compare", "--env", "street", "--seeds", "0"]),
        (main.main, ["teacher", "train", "--seed", "-3"]),
        (main.main, ["teacher", "train", "--teacher-minutes", "-1"]),
        (main.main, ["data", "synthesise", "--events", "x", "--out", "y", "--rate", "0"]),
        (main.main, ["data", "synthesise", "--events", "x", "--out", "y", "--clip-seconds", "nan"]),
        (main.main, ["data", "synthesise", "--events", "x", "--out", "y", "--clip-seconds", "inf"]),
        (main.main, ["data", "synthesise", "--events", "x", "--out", "y", "--train", "-1"]),
    ],
)
def test_numbers_that_make_no_sense(capsys, run, words):
    with pytest.raises(SystemExit) as ended:
        run(words)
    assert ended.value.code == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"argument {words[-2]}: " in line
    assert words[-1] in line


@pytest.mark.parametrize(
    ("run", "words", "said"),
    [
        (main, ["compare", "--env", "farm", "--f1", "events"], "error: argument --f1: invalid choice: 'events'"),
        (main, ["compar"], "error: argument COMMAND: invalid choice: 'compar'"),
        (search, ["--env", "farm", "--trials", "many"], "error: argument --trials: invalid int above 0 value: 'many'"),
        (
            main,
            ["detect", "x", "a.wav", "--threshold", "light rain=0.1", "--threshold", "Light_Rain=0.9"],
            "error: argument --threshold: Light_Rain is named twice, with 0.1 and 0.9",
        ),
    ],
)
def test_a_mistyped_option_is_one_line_that_names_the_help(capsys, run, words, said):
    with pytest.raises(SystemExit) as ended:
        run.main(words)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert told.count("\n") == 1
    assert "--help` tells more)" in told


@pytest.mark.parametrize("command", [["report", "--env", "farm"], ["review", "make", "heard.tsv"]])
def test_a_page_is_not_called_like_something_else(capsys, tmp_path, command):
    out = tmp_path / "page.pdf"
    line = line_of(capsys, main.main, [*command, "--out", out])
    assert line == f"error: --out {out}: the name must end in .html"
