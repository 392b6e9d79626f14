"""From names to loss terms, the user's own among them."""

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

import pytest
import torch

import sedkd.distill
from search.space.reading import space_from
from sedkd.disk.yaml_file import read_yaml
from sedkd.distill.hint import Strategy as Hint
from sedkd.distill.registry import build_terms, find, needs_teacher, parameters_of, parts
from sedkd.distill.response import Strategy as Response
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.teach.kinds import own_builder
from sedkd.train.corpus import Corpus, TeacherOutputs
from sedkd.train.fit import fit
from sedkd.train.labels import Labels
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Sizes
from sedkd.trial.configuration import from_flat, known_keys

SIZES = Sizes(student=8, teacher=5, labels=2)


def test_parts() -> None:
    assert parts("none") == ()
    assert parts("response") == ("response",)
    assert parts("response+hint") == ("response", "hint")


def test_terms() -> None:
    assert [type(t) for t in build_terms("none", {}, SIZES)] == [Labels]
    terms = build_terms("response+hint", {"response": {"temperature": 3.0}, "hint": {"weight": 0.1}}, SIZES)
    assert [type(t) for t in terms] == [Labels, Response, Hint]
    assert terms[1].temperature == 3.0
    assert [t.weight for t in terms] == [1.0, 2.0, 0.1]
    assert terms[2].projection.weight.shape == (5, 8)


def test_parameters() -> None:
    assert parameters_of("response") == ("temperature", "weight")
    assert parameters_of("hint") == ("weight",)


@pytest.mark.parametrize(
    "name", ["telepathy", "nowhere:Strategy", "sedkd.distill.response:Nothing", "", ":x", "mine:", ".:x"]
)
def test_an_unknown_strategy_is_one_line(name: str) -> None:
    with pytest.raises(UserError, match=f"^no distillation strategy '{name}'.*module:callable") as caught:
        find(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def Strategy(:\n", "the module broken_part does not load: SyntaxError: invalid syntax ({file}, line 1)"),
        (
            "\nscale = two\n",
            "the module broken_part does not load: NameError: name 'two' is not defined ({file}, line 2)",
        ),
        ("raise OSError('a\\nb')\n", "the module broken_part does not load: OSError: a b ({file}, line 1)"),
        ("raise SystemExit(3)\n", "the module broken_part does not load: SystemExit: 3 ({file}, line 1)"),
        (
            "import nowhere\n",
            "the module broken_part does not load: ModuleNotFoundError: No module named 'nowhere' ({file}, line 1)",
        ),
        ("Strategy = 3\n", "broken_part.Strategy is of the type int, which cannot be called"),
    ],
)
def test_a_module_of_ones_own_that_does_not_load_is_one_line(
    code: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "broken_part.py"
    file.write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "broken_part", raising=False)
    with pytest.raises(UserError) as caught:
        find("broken_part:Strategy")
    assert str(caught.value) == f"strategy broken_part:Strategy: {message.format(file=file)}"
    with pytest.raises(UserError) as caught:
        own_builder("broken_part:Strategy")
    assert str(caught.value) == f"--teacher broken_part:Strategy: {message.format(file=file)}"
    monkeypatch.delitem(sys.modules, "broken_part", raising=False)


def test_a_part_stands_in_a_strategy_once() -> None:
    with pytest.raises(
        UserError, match=r"strategy hint\+weak\+hint: hint stands there twice; keep one, and raise hint.w"
    ):
        from_flat({"strategy": "hint+weak+hint"}, TrainSettings())


BUILT_IN = {
    "response": True, "hint": True, "decoupled": True, "attention": True, "similarity": True, "relation": True,
    "mutual": False, "joint": False, "mean_teacher": False, "born_again": False, "weak": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("strategy", "needs"),
    [
        ("none", False),
        *BUILT_IN.items(),
        ("response+hint", True),
        ("response+mutual", True),
        ("mutual+response", True),
        ("mutual+mean_teacher", False),
    ],
)
def test_who_needs_a_teacher(strategy: str, needs: bool) -> None:
    assert needs_teacher(strategy) is needs
    assert from_flat({"strategy": strategy}, TrainSettings()).needs_teacher is needs


def test_all_that_are_built_in_are_known_here() -> None:
    modules = [info.name for info in pkgutil.iter_modules(sedkd.distill.__path__)]
    found = {name for name in modules if hasattr(importlib.import_module(f"sedkd.distill.{name}"), "Strategy")}
    assert found == set(BUILT_IN)


def test_the_need_of_one_that_does_not_exist_is_one_line() -> None:
    with pytest.raises(UserError, match=r"^no distillation strategy 'telepathy'"):
        needs_teacher("mutual+telepathy")


def test_flat_keys() -> None:
    values = {
        "strategy": "response+hint", "response.temperature": 3.0, "hint.weight": 0.1, "student.width": 8,
        "train.steps": 5, "initialisation": "generic",
    }  # fmt: skip
    found = from_flat(values, TrainSettings(seed=7))
    assert found.parameters == {"response": {"temperature": 3.0}, "hint": {"weight": 0.1}}
    assert (found.student.width, found.train.steps, found.train.seed) == (8, 5, 7)
    assert found.needs_teacher
    assert not from_flat({}, TrainSettings()).needs_teacher
    assert "response.temperature" not in known_keys("hint")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"hint.weight": 1.0}, "hint.weight: nothing takes this"),
        ({"strategy": "hint", "response.weight": 1.0}, "response.weight: nothing takes this"),
        ({"student.colour": 1}, "student.colour: nothing takes this"),
        ({"initialisation": "lucky"}, "initialisation must be one of random, generic"),
        ({"student.width": 0}, "student.width"),
    ],
)
def test_keys_that_nothing_takes(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_flat(values, TrainSettings())


OWN = '''
import torch
from sedkd.train.term import Term

class Nearer(Term):
    """Brings the probabilities to the teacher's, by a scale of its own."""
    def __init__(self, sizes, power=2.0, weight=1.0):
        super().__init__()
        self.power, self.weight = power, weight
        self.scale = torch.nn.Parameter(torch.ones(sizes.labels))

    def forward(self, batch, output):
        gap = torch.sigmoid(self.scale * output.logits) - torch.sigmoid(batch.teacher_logits)
        return gap.abs().pow(self.power).mean()

class Alone(Nearer):
    needs_teacher = False

def halved(sizes, weight=1.0):
    return Nearer(sizes, weight=weight / 2)
'''


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "my_strategies.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_strategies", raising=False)
    return "my_strategies:Nearer"


def test_a_strategy_of_ones_own_trains(own: str) -> None:
    """Nothing is labelled: all that the student learns comes from the strategy."""
    assert parameters_of(own) == ("power", "weight")
    configuration = from_flat({"strategy": f"response+{own}", f"{own}.power": 1.0}, TrainSettings())
    assert configuration.parameters == {own: {"power": 1.0}}
    terms = build_terms(own, {own: {"power": 1.0}}, SIZES)
    torch.manual_seed(1)  # of 0 to 23 all do but 0, whose running statistics are far behind after so few steps
    features, starts = torch.randn(64 * 4, 64), torch.tensor([0, 32, 64])
    logits = torch.where(features[::4, :1] > 0, 4.0, -4.0).repeat(1, 2)
    corpus = Corpus(features.half(), starts * 4, starts, torch.zeros(64, 2).half(),
                    torch.tensor([[True, True], [False, False]]), 4, TeacherOutputs(logits, logits))  # fmt: skip
    student = Student(StudentSettings(8, 2), ("a", "b"))

    def gap() -> float:
        batch = corpus.window(torch.tensor([1]), torch.tensor([0]), 32)
        with torch.inference_mode():
            return float((student.eval()(batch.features).logits.sigmoid() - logits[32:].sigmoid()).abs().mean())

    before = gap()
    settings = TrainSettings(steps=60, batch=4, frames=16, unlabeled_share=1.0, learning_rate=1e-2)
    fit(student, corpus, terms, settings)
    assert gap() < 0.6 * before
    assert not torch.equal(terms[1].scale, torch.ones(2))


def test_a_factory_serves_as_well(own: str) -> None:
    (_, term) = build_terms("my_strategies:halved", {}, SIZES)
    assert term.weight == 0.5
    assert parameters_of("my_strategies:halved") == ("weight",)


def test_ones_own_needs_a_teacher_unless_it_says_otherwise(own: str) -> None:
    assert needs_teacher(own)
    assert needs_teacher("my_strategies:halved")  # a function, which cannot tell
    assert needs_teacher(f"mutual+{own}")
    assert not needs_teacher("my_strategies:Alone")
    assert needs_teacher("my_strategies:Alone+response")


def test_a_strategys_defaults_are_those_of_the_default_space() -> None:
    """What `sedkd space` tells is what a space without the dimension, or a call from Python, gets."""
    path = Path(__file__).parents[2] / "spaces" / "default.yaml"
    space = space_from(read_yaml(path), path)
    names = {part for strategy in space.choices("strategy") for part in parts(strategy)}
    told = {d.name: d.default for d in space.dimensions if d.name.partition(".")[0] in names}
    own = {name: inspect.signature(find(name.partition(".")[0])).parameters[name.partition(".")[2]] for name in told}
    assert {name: parameter.default for name, parameter in own.items()} == told
    assert len(told) >= len(names)
