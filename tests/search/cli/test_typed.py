"""What was typed, as a file, and typed again."""

from pathlib import Path

import pytest
import yaml
from small_study import arguments, write_farm

from search.cli import search
from search.cli.search import parser, request_of
from search.cli.typed import typed_of, with_config, words_of
from search.study.opening import load_studies
from search.study.store import Store
from sedkd.errors import UserError

LINE = (
    "--env farm --data rec --data more --events bell,hum --space own.yaml --trials 7 --max-macs 1e6 "
    "--lookahead 160,0 --no-carry --seed 3 --teacher crnn,t.safetensors --store here --workers 3"
)


def test_it_is_typed_again_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.safetensors").touch()
    typed = typed_of(parser(), parser().parse_args(LINE.split()))
    assert typed["data"] == [str(tmp_path / "rec"), str(tmp_path / "more")]
    assert typed["teacher"] == f"crnn,{tmp_path / 't.safetensors'}"
    assert not {"store", "workers"} & set(typed)  # of the machine
    again = parser().parse_args(words_of(yaml.safe_load(yaml.safe_dump(typed))))
    assert typed_of(parser(), again) == typed
    first, second = request_of(parser().parse_args(LINE.split())), request_of(again)
    assert (first.budget, first.manner, first.seed) == (second.budget, second.manner, second.seed)


def test_what_is_typed_beside_a_file_counts(tmp_path: Path) -> None:
    config = tmp_path / "study.yaml"
    config.write_text("env: farm\ndata: [a, b]\ntrials: 7\nevents: bell\nno-carry: true\nnoise: false\n")
    options = parser().parse_args(with_config(parser(), ["--config", str(config), "--data", "c", "--trials", "9"]))
    assert (options.env, options.data, options.trials, options.events) == ("farm", [Path("c")], 9, "bell")
    assert (options.no_carry, options.noise) == (True, False)
    options = parser().parse_args(with_config(parser(), [f"--config={config}", "--subset", "low"]))
    assert (options.subset, options.events) == ("low", None)
    options = parser().parse_args(with_config(parser(), ["--config", str(config), "--sub", "low", "--tri", "8"]))
    assert (options.subset, options.events, options.trials) == ("low", None, 8)


def test_a_list_in_a_file_is_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "study.yaml"
    config.write_text("env: [farm, home]\ndata: [a, b]\nevents: [bell, 'dog, barking']\nmels: [64, 32]\ntrials: 7\n")
    options = parser().parse_args(with_config(parser(), ["--config", str(config)]))
    assert (options.env, options.data, options.mels) == ("farm,home", [Path("a"), Path("b")], "64,32")
    assert options.events == 'bell,"dog, barking"'
    config.write_text("trials: [7, 8]\n")
    with pytest.raises(SystemExit):
        parser().parse_args(with_config(parser(), ["--config", str(config), "--env", "farm"]))
    assert "argument --trials: invalid" in capsys.readouterr().err


def test_nought_in_a_file_counts(tmp_path: Path) -> None:
    config = tmp_path / "study.yaml"
    line = ["--env", "farm", "--teacher", "mn04_as", "--teacher-minutes", "0", "--lookahead", "0"]
    config.write_text(yaml.safe_dump(typed_of(parser(), parser().parse_args(line))))
    options = parser().parse_args(with_config(parser(), ["--config", str(config)]))
    assert (options.teacher_minutes, options.lookahead) == (0, "0")
    config.write_text("env: farm\nlookahead: 0\n")
    assert parser().parse_args(with_config(parser(), ["--config", str(config)])).lookahead == "0"


def test_an_option_that_is_given_twice_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--env", "farm", "--events", "bell", "--trials", "5", "--events", "hum", "--trials", "5"]
    assert parser().parse_args(words).events == "hum"
    assert capsys.readouterr().err.splitlines() == [
        "warning: --events is given twice: hum counts, bell does not; several are joined by commas, where it takes "
        "several"
    ]
    config = tmp_path / "study.yaml"
    config.write_text("env: farm\ntrials: 7\n")
    parser().parse_args(with_config(parser(), ["--config", str(config), "--trials", "8"]))
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trails: 7\n", "trails: no option of sedkd-search; did you mean trials?"),
        ("config: other.yaml\n", "config: no option of sedkd-search"),
        ("- env\n", "expected keys and values"),
        ("env: [\n", "not valid YAML"),
        ("data: {a: b}\n", "data: expected a value, or a list of them"),
        ("env: no\n", "env: YAML reads yes, no, on and off as true and false; put a name in quotes"),
        ("env: farm\nevents: [on, bell]\n", "events: YAML reads yes, no, on and off as true and false"),
    ],
)
def test_mistakes_in_a_file_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    config = tmp_path / "study.yaml"
    config.write_text(text)
    with pytest.raises(UserError, match="study.yaml.*" + message.replace("?", r"\?")):
        with_config(parser(), ["--config", str(config)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("env: farm\ntrials: three\n", "argument --trials: invalid int above 0 value: 'three'"),
        ("env: farm\nint8: 3\n", "argument --int8: ignored explicit argument '3'"),
        ("env: farm\nevents: bell\nsubset: low\n", "argument --subset: not allowed with argument --events"),
    ],
)
def test_a_value_that_no_option_takes_is_told_with_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    config = tmp_path / "study.yaml"
    config.write_text(text)
    with pytest.raises(SystemExit) as ended:
        search.main(["--config", str(config)])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {config}: {message}")


@pytest.mark.slow
def test_a_study_is_repeated_elsewhere_from_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    farm = write_farm(tmp_path)
    assert search.main(arguments(farm, 2)) == 0
    (file,) = (tmp_path / "runs" / "studies").glob("*/study.yaml")
    assert search.main(["--config", str(file), "--store", str(tmp_path / "again")]) == 0
    (there,), (here,) = (load_studies(Store(tmp_path / name), None, None) for name in ("runs", "again"))
    assert there.name == here.name
    assert there.finished()[0].measure("f1_segment") == here.finished()[0].measure("f1_segment")
    assert search.main(["--config", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml: cannot be read" in capsys.readouterr().err


def test_a_value_that_begins_with_a_dash_is_one() -> None:
    again = parser().parse_args(words_of({"env": "-farm", "trials": 3, "int8": True}))
    assert (again.env, again.trials, again.int8) == ("-farm", 3, True)
