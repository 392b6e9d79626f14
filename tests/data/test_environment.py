"""Environments: what a file may say, what is asked of one, and the one line for each mistake."""

from pathlib import Path

import pytest

from sedkd.data.environment import Environment, environment_from
from sedkd.disk.yaml_file import read_yaml
from sedkd.errors import UserError
from sedkd.synth.recipes import RECIPES

SPACES = Path(__file__).parents[2] / "spaces"
STREET = Environment(
    "street",
    "a street",
    ("car", "children", "large vehicle"),
    {"traffic": ("large vehicle", "car")},
    {"large_vehicle": "large vehicle", "kids": "children"},
)


def parsed(text: str, folder: Path) -> Environment:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return environment_from(read_yaml(path), path)


def test_parses_every_key(tmp_path: Path) -> None:
    text = """
environment: street
scene: a street
events: [car, children, large vehicle]
subsets: {traffic: [large vehicle, car]}
aliases: {large_vehicle: large vehicle, kids: children}
"""
    assert parsed(text, tmp_path) == STREET


def test_only_name_and_events_are_needed(tmp_path: Path) -> None:
    found = parsed("environment: ' shed '\nevents: [drill]\n", tmp_path)
    assert found == Environment("shed", "shed", ("drill",), {}, {})


def test_labels_are_compared_without_blanks_and_in_one_form_of_unicode(tmp_path: Path) -> None:
    text = """
environment: yard
events: ["Dog bark ", "Mu\u0308ll"]
subsets: {waste: ["M\u00fcll "]}
aliases: {" bark": " Dog bark", bin: "Mu\u0308ll"}
"""
    expected = Environment(
        "yard", "yard", ("Dog bark", "M\u00fcll"), {"waste": ("M\u00fcll",)}, {"bark": "Dog bark", "bin": "M\u00fcll"}
    )
    assert parsed(text, tmp_path) == expected


def test_canonical() -> None:
    assert STREET.canonical("kids") == "children"
    assert STREET.canonical("car") == "car"
    assert STREET.canonical("siren") == "siren"


def test_narrowing() -> None:
    assert STREET.narrowed() == STREET.events
    # Aliases and spaces are understood, doubles are one, and the order is the environment's.
    assert STREET.narrowed([" large_vehicle", "car ", "car", ""]) == ("car", "large vehicle")
    assert STREET.narrowed(subset="traffic") == ("large vehicle", "car")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("dog, barking", ["dog, barking"]),
        ("car,dog, barking", ["car", "dog, barking"]),
        ("dog, barking,car", ["dog, barking", "car"]),
        ('"dog, barking",car', ["dog, barking", "car"]),
        ('"dog",car', ["dog", "car"]),
        ("dog,car", ["dog", "car"]),
        ("dog , car,", ["dog", "car"]),
        ('5" pipe,a,b,c', ['5" pipe', "a,b,c"]),
        ("bark,car", ["dog, barking", "car"]),
    ],
)
def test_labels_with_commas_can_be_named(text: str, labels: list[str]) -> None:
    events = ("dog, barking", "dog", "car", '5" pipe', "a,b,c")
    yard = Environment("yard", "yard", events, aliases={"bark": "dog, barking"})
    assert set(yard.narrowed(yard.listed(text))) == set(labels)


@pytest.mark.parametrize("text", ["", ",", "cat", "dog, bark,car", '"dog', "dog\ncat"])
def test_lists_of_unknown_labels(text: str) -> None:
    yard = Environment("yard", "yard", ("dog, barking", "car"))
    with pytest.raises(UserError, match=r"^--events: .*; environment yard has: dog, barking, car$"):
        yard.narrowed(yard.listed(text))


@pytest.mark.parametrize(
    ("events", "message"), [(["car", "siren"], "no event 'siren'"), ([], "no event is named"), ([" "], "no event is")]
)
def test_narrowing_to_nothing_known(events: list[str], message: str) -> None:
    with pytest.raises(UserError, match=rf"^--events: {message}.*street has: car, children, large vehicle$"):
        STREET.narrowed(events)


def test_an_unknown_subset() -> None:
    with pytest.raises(UserError, match=r"^--subset people: environment street has the subsets: traffic$"):
        STREET.narrowed(subset="people")
    with pytest.raises(UserError, match=r"subsets: none$"):
        Environment("a", "a", ("b",)).narrowed(subset="people")


HEAD = "environment: a\nevents: [b, c]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("events: [b]", "environment: expected a text"),
        ("environment: 7\nevents: [b]", "environment: expected a text"),
        ("environment: ' '\nevents: [b]", "environment: expected a text"),
        ("environment: a", "events: expected a list"),
        ("environment: a\nevents: b", "events: expected a list"),
        ("environment: a\nevents: []", "events: expected a list"),
        ("environment: a\nevents: [b, 3]", "events: expected a list"),
        ("environment: a\nevents: [b, '']", "events: expected a list"),
        ("environment: a\nevents: [b, b]", "events: a label stands there twice"),
        (HEAD + "scene: [x]", "scene: expected a text"),
        (HEAD + "subsets: [b]", "subsets: expected names with values"),
        (HEAD + "subsets: {1: [b]}", "subsets: expected names with values"),
        (HEAD + "subsets: {x: b}", "subsets.x: expected a list"),
        (HEAD + "subsets: {x: [b, b]}", "subsets.x: a label stands there twice"),
        (HEAD + "subsets: {x: [d]}", "subsets.x: 'd' is not among the events"),
        (HEAD + "aliases: b", "aliases: expected names with values"),
        (HEAD + "aliases: {x: d}", "aliases.x: 'd' is not among the events"),
        (HEAD + "aliases: {x: [b]}", r"aliases.x: \['b'\] is not among the events"),
        ("- a", "expected keys and values at the top level"),
        ("", "expected keys and values at the top level"),
    ],
)
def test_schema_errors_name_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=rf"own\.yaml: {message}") as caught:
        parsed(text, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b"a: b\nc: [1\n", r"own\.yaml:[23]: not valid YAML"),
        (b"a: b\n\tc: d\n", r"own\.yaml:2: not valid YAML"),
        (b"a: 2024-13-45\n", r"own\.yaml: not valid YAML: month"),
        (b"a: \xff\xfe\n", r"own\.yaml: not valid YAML"),
        (b"a: \x00\n", r"own\.yaml: not valid YAML"),
    ],
)
def test_what_is_not_yaml(tmp_path: Path, raw: bytes, where: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(raw)
    with pytest.raises(UserError, match=where) as caught:
        read_yaml(path)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(UserError, match=f"{path}: cannot be read"):
            read_yaml(path)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_built_in_environments_hold_what_is_synthesised(name: str) -> None:
    path = SPACES / f"{name}.yaml"
    environment = environment_from(read_yaml(path), path)
    assert environment.name == name
    assert environment.events == RECIPES[name].events
    assert environment.subsets
    assert not set(environment.aliases) & set(environment.events)


def test_every_built_in_file_has_its_recipe() -> None:
    assert {path.stem for path in SPACES.glob("*.yaml")} == {*RECIPES, "default"}
    read_yaml(SPACES / "default.yaml")
