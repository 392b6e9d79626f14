"""Spaces: what is drawn when, and the one line for each mistake in a file."""

import shutil
from pathlib import Path

import optuna
import pytest
import torch
from tiny import write_folder

from search.cli import main
from search.setup.setting import built_in, setting, spaces_folder
from search.space.controls import controls
from search.space.reading import space_from
from search.space.words import space_rows
from sedkd.disk.yaml_file import read_yaml
from sedkd.errors import UserError
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat

DEFAULT = spaces_folder() / "default.yaml"
STRATEGY = {"type": "choice", "of": ["none", "response"], "default": "response"}


def parsed(**dimensions):
    return space_from({"dimensions": dimensions}, Path("own.yaml"))


def test_a_draw_holds_what_its_strategy_takes_and_nothing_else():
    space = space_from(read_yaml(DEFAULT), DEFAULT)
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=optuna.samplers.RandomSampler(seed=1))
    seen = set()
    for _ in range(200):
        values = space.suggest(study.ask())
        seen.add(values["strategy"])
        parts = values["strategy"].split("+")
        assert ("response.temperature" in values) == ("response" in parts)
        assert ("hint.weight" in values) == ("hint" in parts)
        assert ("weak.pooling" in values) == ("weak" in parts)
        # Only a teacher's answers make clips without labels worth more than labelled ones in their place.
        answered = not {"response", "decoupled"}.isdisjoint(parts)
        assert ("train.unlabeled_share" in values) == ("train.foreign_share" in values) == answered
        assert ("teacher.targets" in values) == from_flat(values, TrainSettings()).needs_teacher
    assert seen == set(space.choices("strategy"))


def test_controls_are_scratch_default_smallest_and_largest():
    space = space_from(read_yaml(DEFAULT), DEFAULT)
    (_, scratch), (_, default), (_, smallest), (_, largest) = controls(space)
    assert scratch["strategy"] == "none"
    assert not any(key.startswith("response.") for key in scratch)
    assert default["strategy"] == "response"
    architecture = {key: value for key, value in default.items() if key.startswith("student.")}
    assert architecture == {key: value for key, value in scratch.items() if key.startswith("student.")}
    assert (smallest["student.width"], smallest["student.depth"], smallest["student.head"]) == (2, 2, "none")
    assert (largest["student.width"], largest["student.depth"], largest["student.block"]) == (32, 5, "conv")
    assert largest["initialisation"] == "generic"
    assert largest["train.learning_rate"] < default["train.learning_rate"]
    for values in (smallest, largest):
        from_flat(values, TrainSettings())


def test_defaults_know_their_names():
    space = parsed(strategy=STRATEGY, **{"response.weight": {"type": "float", "low": 1, "high": 2}})
    assert space.defaults(strategy="none", response_weight=2) == {"strategy": "none"}  # it does not apply
    assert space.defaults(response_weight=2)["response.weight"] == 2
    with pytest.raises(ValueError, match="response_wieght, width: no dimension of this space"):
        space.defaults(response_wieght=2, width=4)


def test_controls_leave_out_what_the_space_does_not_know():
    response = {"type": "choice", "of": ["response"]}
    assert [name for name, _ in controls(parsed(strategy=response))] == ["default distillation"]
    width = {"type": "int", "low": 4, "high": 8, "default": 8}
    found = controls(parsed(**{"strategy": response, "student.width": width}))
    assert [name for name, _ in found] == ["default distillation", "smallest student"]


def test_without_drops_a_choice_and_mends_the_default():
    space = parsed(strategy=STRATEGY, initialisation={"type": "choice", "of": ["generic", "random"]})
    narrowed = space.without("initialisation", "generic")
    assert narrowed.defaults()["initialisation"] == "random"
    assert not narrowed.has("initialisation", "generic")


@pytest.mark.parametrize(
    ("dimension", "message"),
    [
        ({"student.width": {"type": "int", "low": 8, "high": 4}}, "low 8 is above high 4"),
        ({"student.width": {"type": "int", "low": 4.5, "high": 8}}, "student.width.low: expected a whole number"),
        ({"train.learning_rate": {"type": "float", "low": "1e-3", "high": 0.1}}, "'1e-3' is a text to YAML, whose"),
        ({"train.learning_rate": {"type": "choice", "of": [0.1, "1e-3"]}}, "'1e-3' is a text to YAML, whose numbers"),
        ({"student.width": {"type": "choice", "of": ["8", 16]}}, "'8' is a text to YAML"),
        ({"student.width": {"type": "ints", "low": 4, "high": 8}}, "expected a type, one of: int, float, choice"),
        ({"student.width": {"type": "int", "low": 4, "high": 8, "stp": 2}}, "student.width.stp: unknown"),
        ({"student.depth": {"type": "int", "low": 1, "high": 9}}, "student.depth must lie in 1..5, not 9"),
        ({"student.wdith": {"type": "int", "low": 1, "high": 9}}, "student.wdith: nothing takes this parameter"),
        ({"student.block": {"type": "choice", "of": ["conv", "dense"]}}, "student.block must be one of"),
        ({"student.block": {"type": "choice", "of": []}}, "student.block.of: expected a list"),
        ({"strategy": {"type": "choice", "of": ["none", "respnse"]}}, "no distillation strategy 'respnse'"),
        ({"hint.weight": {"type": "float", "low": 0.1, "high": 1}}, "no strategy of this space ever draws it"),
        ({"train.learning_rate": {"type": "float", "low": 0, "high": 1, "log": True}}, "must be above 0"),
        (
            {"initialisation": {"type": "choice", "of": ["random", "zero"]}},
            "initialisation must be one of random, generic",
        ),
        ({"initialisation": {"type": "choice", "of": ["random", "audioset"]}}, "needs student.block mobilenet"),
        (
            {
                "student.block": {"type": "choice", "of": ["separable", "mobilenet"]},
                "initialisation": {"type": "choice", "of": ["audioset"], "when": {"student.block": ["mobilenet"]}},
            },
            "needs student.width 8 (mn04_as) or 20 (mn10_as), not 16",
        ),
        (
            {"initialisation": {"type": "choice", "of": ["random"], "when": {"strategy": ["relation"]}}},
            "'relation' is not among",
        ),
        (
            {"initialisation": {"type": "choice", "of": ["random"], "when": {"teacher": ["x"]}}},
            "'teacher' is not an unconditional choice",
        ),
    ],
)
def test_mistakes_name_file_and_key(dimension, message):
    with pytest.raises(UserError) as caught:
        parsed(**{"strategy": STRATEGY, **dimension})
    assert str(caught.value).startswith("own.yaml: dimensions.")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def width(**more):
    return {"student.width": {"type": "int", "low": 2, "high": 8, **more}}


def temperature(**more):
    return {"response.temperature": {"type": "float", "low": 1.0, "high": 4.0, **more}}


def of(name, *choices, **more):
    return {name: {"type": "choice", "of": list(choices), **more}}


@pytest.mark.parametrize(
    ("dimension", "message"),
    [
        (width(default=2.5), "student.width.default: expected a whole number, not 2.5"),
        (width(default=None), "student.width.default: expected a whole number, not None"),
        (width(default={"of": 2}), "student.width.default: expected a whole number, not {'of': 2}"),
        (width(default=True), "student.width.default: expected a whole number, not True"),
        (temperature(default=None), "response.temperature.default: expected a number, not None"),
        (temperature(default=float("nan")), "response.temperature.default: nan does not lie between"),
        (width(step=2, default=5), "student.width.default: steps of 2 from 2 do not reach 5; use 4 or 6"),
        (width(step=2, high=9), "student.width.high: steps of 2 from 2 do not reach 9; use 8 or 10"),
        (width(step=20), "student.width.step: 20 is wider than the range from 2 to 8; use 6 at most"),
        (width(step=True), "step a whole number from 1 up"),
        (temperature(high=float("inf")), "response.temperature.high: expected a finite number, not inf"),
        (temperature(low=float("nan")), "response.temperature.low: expected a finite number, not nan"),
        (temperature(high=10**400), "response.temperature.high: expected a finite number"),
        (temperature(type=["int"]), "response.temperature: expected a type, one of: int"),
        ({"student.width": {**width()["student.width"], "stp": 2, 5: 1}}, "student.width.5: unknown; a int takes"),
    ],
)
def test_ranges_that_make_no_sense(dimension, message):
    with pytest.raises(UserError) as caught:
        parsed(**{"strategy": STRATEGY, **dimension})
    assert str(caught.value).startswith("own.yaml: dimensions.")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_range_of_one_value_may_have_any_step():
    assert parsed(**width(low=8, step=4)).defaults() == {"student.width": 8}


@pytest.mark.parametrize(
    ("dimension", "message"),
    [
        (of("strategy", "none", "none", "response"), "strategy.of: 'none' is the same as 'none': keep one"),
        (of("train.mixture", 0, 0.0, False), "train.mixture.of: 0.0 is the same as 0: keep one"),
        (of("train.mixture", 0.5, 1.0, True), "train.mixture.of: True is the same as 1.0: keep one"),
        (of("train.mixture", 0.5, float("nan")), "train.mixture.of: nan is no finite number"),
        (of("train.mixture", 0.5, 1.0, default=True), "train.mixture.default: True is not among"),
        (of("student.width", True, 4), "student.width must be a whole number, not True"),
        (of("student.width", 4, 4.5), "student.width must be a whole number, not 4.5"),
        ({"student.width": {"type": "float", "low": 2, "high": 8}}, "student.width must be a whole number, not 2.0"),
        (of("student.block", 4), "student.block must be a text, not 4"),
        (of("initialisation", 1), "initialisation must be a text, not 1"),
        (of("train.learning_rate", "slow"), "train.learning_rate must be a number, not 'slow'"),
        (of("train.learning_rate", -0.1), "train.learning_rate must be at least 0, not -0.1"),
        (of("train.batch", 0), "train.batch must be at least 1, not 0"),
        (of("response.weight", "much"), "response.weight must be a number, not 'much'"),
        (of("strategy", 1, "response"), "strategy: expected a choice of texts, such as"),
        ({"strategy": {"type": "int", "low": 1, "high": 2}}, "strategy: expected a choice of texts, such as"),
        (of("strategy", "response", "hint+response+hint"), "hint stands there twice; keep one"),
        ({"train.seed": {"type": "int", "low": 0, "high": 9}}, "train.seed: a seed is luck, no choice: leave it out"),
    ],
)
def test_choices_that_make_no_sense(dimension, message):
    with pytest.raises(UserError) as caught:
        parsed(**{"strategy": STRATEGY, **dimension})
    assert str(caught.value).startswith("own.yaml: dimensions.")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "low", "message"),
    [
        ("response.temperature", 0.0, "response.temperature must be above 0, not 0.0"),
        ("mutual.temperature", -1.0, "mutual.temperature must be above 0, not -1.0"),
        ("hint.weight", -1.0, "hint.weight must be at least 0, not -1.0"),
        ("decoupled.target_share", -0.5, "decoupled.target_share must lie in 0..1, not -0.5"),
        ("similarity.clip_share", -0.5, "similarity.clip_share must lie in 0..1, not -0.5"),
    ],
)
def test_a_strategys_parameters_have_a_meaning(name, low, message):
    strategy = of("strategy", "none", name.partition(".")[0])
    with pytest.raises(UserError, match=message):
        parsed(**strategy, **{name: {"type": "float", "low": low, "high": 1.0}})


def test_a_weight_may_be_nothing():
    space = parsed(strategy=STRATEGY, **{"response.weight": {"type": "float", "low": 0, "high": 1.0}})
    assert space.defaults()["response.weight"] == 0


def test_looking_at_a_space_draws_nothing():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    parsed(**of("strategy", "hint"), **{"hint.weight": {"type": "float", "low": 0.1, "high": 1.0}})
    assert torch.equal(torch.rand(1), expected)


def test_a_start_may_be_conditioned_on_the_block():
    """Also where the block that it is for is not the default one, and where it is."""
    for blocks in (["separable", "mobilenet"], ["mobilenet", "separable"]):
        space = parsed(
            **{
                "strategy": STRATEGY,
                "student.width": {"type": "choice", "of": [8, 20]},
                "student.block": {"type": "choice", "of": blocks},
                "initialisation": {
                    "type": "choice",
                    "of": ["audioset", "random"],
                    "when": {"student.block": ["mobilenet"]},
                },
            }
        )
        found = {block: space.defaults(student_block=block).get("initialisation") for block in blocks}
        assert found == {"separable": None, "mobilenet": "audioset"}


def test_an_unknown_environment_is_answered_with_the_list():
    with pytest.raises(UserError, match="built in are: city_center, home, office, residential_area, street"):
        setting("steet")


def test_own_file_may_bring_environment_and_dimensions(tmp_path):
    own = tmp_path / "yard.yaml"
    own.write_text("environment: street\nevents: [car]\ndimensions:\n  student.width: {type: int, low: 4, high: 8}\n")
    found = setting("street", space_file=own)
    assert found.environment.events == ("car",)
    assert [d.name for d in found.space.dimensions] == ["student.width"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("enviroment: street\n", "enviroment: unknown key"),
        ("environment: street\nscenes: x\n7: x\n", "7: unknown key"),
        ("environment: street\nevents: car\n", "events: expected a list"),
        ("environment: home\nevents: [car]\n", "'home', but --env asks for 'street'"),
        ("environment: street\nevents: [car]\nsubsets: {all: [bus]}\n", "subsets.all: 'bus' is not among the events"),
        ("scene: nothing\n", "neither an environment nor dimensions"),
        ("a: [1\nb: 2\n", ":2: not valid YAML"),
    ],
)
def test_mistakes_in_an_own_file(tmp_path, text, message):
    own = tmp_path / "own.yaml"
    own.write_text(text)
    with pytest.raises(UserError) as caught:
        setting("street", space_file=own)
    assert str(own) in str(caught.value)
    assert message in str(caught.value)


def test_what_is_shown_is_what_would_be_searched(tmp_path, capsys):
    """An unknown key and a wrong environment are refused here as there; without dimensions, it is the default space."""
    own = tmp_path / "own.yaml"
    dimensions = "dimensions: {student.width: {type: int, low: 4, high: 8}}\n"
    for text, message in (
        ("dimension: {}\n" + dimensions, "dimension: unknown key"),
        ("events: [car]\n" + dimensions, ""),
    ):
        own.write_text(text)
        assert main.main(["space", "--space", str(own)]) == (2 if message else 0)
        assert message in capsys.readouterr().err
    own.write_text("environment: street\nevents: car\n")
    assert main.main(["space", "--space", str(own)]) == 2
    assert "events: expected a list" in capsys.readouterr().err
    own.write_text("environment: street\nevents: [car]\n")
    assert main.main(["space", "--space", str(own)]) == 0
    assert "train.foreign_share" in capsys.readouterr().out


@pytest.mark.parametrize("labels", [False, True])
def test_events_of_an_own_file_that_the_data_lack_are_told(tmp_path, labels):
    data = write_folder(tmp_path / "data", {"park": ("low", "high")}, clips=2)
    if labels:  # a folder with label files
        shutil.rmtree(data / "park" / "validation")
        for name in ("validation.tsv", "test.tsv"):
            (data / "park" / name).unlink()
        table = data / "park" / "train.tsv"
        table.rename(table.with_name("labels.csv")).write_text(
            table.with_name("labels.csv").read_text().replace("\t", ",")
        )
    own = tmp_path / "own.yaml"
    own.write_text("environment: park\nevents: [low, hgih]\n")
    found = setting("park", [data / "park"] if labels else [data], own)
    assert found.environment.events == ("low",)
    assert f"{own}: no training recording of park holds hgih: left out (another spelling?)" in found.pool.notices
    assert any("none of its events: high" in line for line in found.pool.notices)


def test_built_in_environments_have_subsets():
    assert built_in()["street"].subsets["traffic"] == ("brakes squeaking", "car", "large vehicle")


@pytest.mark.parametrize("path", sorted((spaces_folder() / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_are_spaces(path):
    space = space_from(read_yaml(path), path)
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(20):
        from_flat(space.suggest(study.ask()), TrainSettings())


def test_every_dimension_of_the_default_space_says_what_it_is(capsys):
    space = space_from(read_yaml(DEFAULT), DEFAULT)
    assert all(space.help.values())
    assert main.main(["space"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in space.help)
    assert "strategy with response" in out


def test_what_every_student_has_is_drawn_without_a_condition():
    path = spaces_folder() / "examples" / "front_end.yaml"
    space = space_from(read_yaml(path), path)
    conditions = {row[0]: row[4] for row in space_rows(space.as_dict(), space.help)}
    assert (conditions["features.n_mels"], conditions["features.hop"]) == ("", "")
    assert conditions["response.weight"] == "strategy with response"


def test_what_a_dimension_is_does_not_decide_a_study():
    told = parsed(**{"student.width": {"type": "int", "low": 4, "high": 8, "help": "channels"}})
    assert told.as_dict() == parsed(**{"student.width": {"type": "int", "low": 4, "high": 8}}).as_dict()
    with pytest.raises(UserError, match=r"student.width.help: expected a text"):
        parsed(**{"student.width": {"type": "int", "low": 4, "high": 8, "help": 3}})


def test_what_does_not_go_together_is_told_of_what_it_is_about():
    sizes = {f"student.{name}": {"type": "int", "low": 1, "high": 2, "default": 1} for name in ("width", "depth")}
    with pytest.raises(UserError, match=r"^own.yaml: dimensions\.student\.head: student\.head gru halves its channels"):
        parsed(**sizes, **of("student.head", "gru"), strategy=STRATEGY)
