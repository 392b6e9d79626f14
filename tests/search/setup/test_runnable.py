"""What cannot be trained is left out before anything is, with its reason, and the study keeps its name."""

from collections.abc import Callable, Sequence
from pathlib import Path

import optuna
import own_parts
import pytest
import torch
from invented_study import invented_study
from small_study import arguments, quick_search, write_clip, write_farm

from search.cli import main
from search.sampling.choice import with_sampler
from search.sampling.narrowed import Narrowed
from search.setup.budget import Budget, Limits
from search.setup.runnable import runnable
from search.space.reading import space_from
from search.space.space import Space
from search.study.records import LACK
from search.study.store import open_store
from sedkd.compare.arms import Arm
from sedkd.data.pool import folder_pool
from sedkd.errors import UserError
from sedkd.task.task import Task
from sedkd.teach.teacher import Teacher
from sedkd.train.settings import TrainSettings

TIMM = "timm:mobilenetv3_small_050"
OWN = "own_parts:Quiet"


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """With a teacher of one's own that has neither map nor classifier, and weak clips of more than a minute."""
    folder = tmp_path_factory.mktemp("runnable")
    root = write_farm(folder)
    _weak(root, seconds=62.0)
    pool = folder_pool(root, {}, "farm")
    torch.manual_seed(0)
    teacher = Teacher(own_parts.Plain(("bell", "hum")).eval(), "own", "own_parts:plain", "a test")
    farm = pool.environments["farm"]
    return Task(pool, farm, farm.events, teacher, torch.device("cpu"))


def _weak(root: Path, seconds: float) -> None:
    import numpy as np
    import soundfile

    write_clip(root / "farm" / "weak" / "w.wav", np.random.default_rng(5))
    soundfile.write(root / "farm" / "weak" / "w.wav", np.zeros(round(seconds * 16000), np.float32), 16000)
    (root / "farm" / "weak.tsv").write_text("filename\tevent_labels\nw.wav\tbell\n")


def space_of(**dimensions) -> Space:
    return space_from({"dimensions": dimensions}, Path("own.yaml"))


def choice(*values, **more):
    return {"type": "choice", "of": list(values), **more}


def test_what_teacher_clips_and_students_lack(task: Task) -> None:
    space = space_of(
        **{
            "student.block": choice("separable", TIMM),
            "strategy": choice(
                "none", "response", "attention", "weak", "joint", "hint+attention", OWN, "own_parts:Silent"
            ),
            "teacher.adaptation": choice("adapted", "general"),
        }
    )
    notices: list[str] = []
    left = runnable(space, task, notices)
    assert left.choices("strategy") == ("none", "response", "joint", OWN, "own_parts:Silent")
    assert left.choices("teacher.adaptation") == ("general",)
    assert left.defaults(strategy="response")["teacher.adaptation"] == "general"
    told = "\n".join(notices)
    assert "left out of strategy: attention, hint+attention (strategy attention: this teacher has no feature" in told
    assert "left out of strategy: weak (strategy weak: no clip of weak.tsv is as short as 60 s" in told
    assert "left out of teacher.adaptation: adapted (teacher own_parts:plain: cannot be adapted" in told
    assert f"left out of strategy: joint where student.block is {TIMM} (strategy joint: widens" in told
    assert left.as_dict() == space.as_dict()  # the same study
    assert left.distributions() == space.distributions()


def test_without_any_of_them_nothing_changes(task: Task) -> None:
    space = space_of(strategy=choice("none", "response", "hint", OWN))
    notices: list[str] = []
    assert runnable(space, task, notices) == space
    assert notices == []


@pytest.mark.parametrize(
    ("dimensions", "message"),
    [
        ({"strategy": choice("attention", "weak")}, "strategy has nothing but attention .*; weak .*; allow others"),
        (
            {"strategy": choice("joint"), "student.block": choice(TIMM)},
            "strategy has nothing but joint .*no width",
        ),
        (
            {"strategy": choice("response"), "teacher.adaptation": choice("adapted")},
            "nothing but response .*cannot be adapted",
        ),
        ({"strategy": choice(OWN), "student.block": choice("conv")}, "own_parts:Quiet .*no ear for full conv"),
        ({"strategy": choice("none", "own_parts:Unsure")}, "own_parts:Unsure: its `lack` raised KeyError"),
    ],
)
def test_a_space_of_nothing_is_said_before_training(task: Task, dimensions: dict, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        runnable(space_of(**dimensions), task, [])
    assert "\n" not in str(caught.value)


def test_values_that_do_not_go_together(task: Task) -> None:
    """Each has its place in the space, but no configuration can have both."""
    space = space_of(
        **{
            "student.width": {"type": "int", "low": 8, "high": 48, "step": 8},
            "initialisation": choice("random", "slice"),
            "strategy": choice("mutual"),
            "train.unlabeled_share": choice(0.0, 0.75),
            "train.foreign_share": choice(0.0, 0.5),
        }
    )
    assert runnable(space, task, []) == space
    limits = Limits(task, TrainSettings(), Budget(1))
    wide = space.defaults(initialisation="slice", student_width=48)
    assert limits.lack(wide) == "initialisation slice needs student.width up to 32, not 48"
    assert "must not be negative, nor above 1 together" in str(
        limits.lack(space.defaults(train_unlabeled_share=0.75, train_foreign_share=0.5))
    )
    assert limits.lack(space.defaults()) is None


class Stubborn(optuna.samplers.RandomSampler):
    """Insists on one value."""

    def sample_independent(self, study, trial, param_name, param_distribution):
        return param_distribution.choices[0]

    def infer_relative_search_space(self, study, trial):
        return {"strategy": optuna.distributions.CategoricalDistribution(("none", "mutual", "joint"))}

    def sample_relative(self, study, trial, search_space):
        return {"strategy": "none"}


@pytest.mark.parametrize("sampler", [Stubborn(), optuna.samplers.TPESampler(seed=0, multivariate=True, group=True)])
def test_what_is_barred_is_never_drawn_though_the_study_knows_it(sampler) -> None:
    every = space_of(strategy=choice("none", "mutual", "joint"), initialisation=choice("random", "generic"))
    space = every.barring("strategy", ["none"]).barring("initialisation", ["random"])
    study = optuna.create_study(directions=["maximize", "minimize"])
    for number in range(6):  # of a run before, that could draw all
        values = every.suggest(trial := study.ask())
        study.tell(trial, [float(values["strategy"] == "none"), number])
    study.sampler = Narrowed(sampler, space, 0)
    drawn = []
    for number in range(30):
        drawn.append(space.suggest(trial := study.ask()))
        study.tell(trial, [0.5, number])
    assert {values["strategy"] for values in drawn} == {"mutual", "joint"}
    assert {values["initialisation"] for values in drawn} == {"generic"}
    assert every.suggest(study.ask())  # a later run may draw all again


SPACE = """
dimensions:
  student.width: {type: int, low: 4, high: 8, step: 4}
  student.block: {type: choice, of: [separable, conv]}
  strategy: {type: choice, of: [own_parts:Quiet, attention, own_parts:Silent]}
  teacher.adaptation: {type: choice, of: [adapted, general]}
  initialisation: {type: choice, of: [random, generic]}
"""


def test_a_search_goes_on_with_what_can_run(farm: Path, tmp_path: Path, monkeypatch) -> None:
    import sedkd.teach.teacher
    import sedkd.trial.generic

    quick = TrainSettings(steps=2, batch=4, frames=8)
    monkeypatch.setattr(sedkd.teach.teacher, "FROM_SCRATCH", quick)
    monkeypatch.setattr(sedkd.trial.generic, "TRAINING", quick)
    (tmp_path / "own.yaml").write_text(SPACE)
    words = [*arguments(farm, 8, space=tmp_path / "own.yaml", teacher="own_parts:plain"), "--no-early-stopping"]
    study, ready = quick_search(words)
    out = "\n".join(ready.notices)
    assert "left out of strategy: attention (strategy attention: this teacher has no feature map" in out
    assert "own_parts:Quiet where student.block is conv (strategy own_parts:Quiet: has no ear" in out
    drawn = [m.record.configuration for m in study.finished()]
    assert len(drawn) == 8
    assert not [t for t in study.optuna.trials if t.state.name == "FAIL"]
    assert not any("attention" in values["strategy"] for values in drawn)
    aside = [t for t in study.optuna.trials if LACK in t.user_attrs]
    assert all(t.state.name == "PRUNED" and "no ear" in t.user_attrs[LACK] for t in aside)
    assert "infeasible" not in {key for t in study.optuna.trials for key in t.user_attrs}
    assert len(quick_search([*words, "--trials", "9"])[0].finished()) == 9  # it continues


@pytest.fixture
def compared(farm: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """`sedkd compare` with a teacher of one's own and other options than these; its exit code."""
    import sedkd.teach.teacher

    monkeypatch.setattr(sedkd.teach.teacher, "FROM_SCRATCH", TrainSettings(steps=2, batch=4, frames=8))
    asked = {"env": "farm", "data": farm, "teacher": "own_parts:plain", "architecture": "conv 4x2", "steps": 4,
             "store": farm.parent / "runs"}  # fmt: skip

    def run(**more: str) -> int:
        return main.main(["compare", *(word for k, v in (asked | more).items() for word in (f"--{k}", str(v)))])

    return run


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"strategy": "attention"}, "--strategy attention: arm 'generic' cannot be trained: strategy attention: this"),
        ({"strategy": "joint", "architecture": f"{TIMM} 8x2"}, "a timm backbone has no width"),
    ],
)
def test_a_comparison_says_so_before_training(farm: Path, capsys, compared, more: dict, message: str) -> None:
    assert compared(**more) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert not (farm.parent / "runs" / "comparisons").exists()


def test_a_teacher_that_cannot_be_adapted_is_no_try(monkeypatch: pytest.MonkeyPatch, capsys, compared) -> None:
    import search.run.comparing

    def enough(arms: Sequence[Arm], *_: object) -> None:
        tried = [c for arm in arms for c in arm.tries]
        adaptations = sorted({str(c.taught_by and c.taught_by.adaptation) for c in tried})
        raise UserError(f"tried with {adaptations}")

    monkeypatch.setattr(search.run.comparing, "train_all", enough)
    assert compared() == 2
    said = capsys.readouterr()
    assert "tried with ['None', 'general']" in said.err
    assert "left out of the tries: the adapted teacher (teacher own_parts:plain: cannot be adapted" in said.out


def test_the_samplers_of_a_search_are_narrowed(task: Task) -> None:
    from search.setup.plan import Manner, Plan
    from search.study.objectives import parse

    space = space_of(strategy=choice("none", "mutual")).barring("strategy", ["none"])
    store = open_store("/nowhere")
    for name in ("gain", "tpe"):
        plan = Plan(task, space, parse("f1_segment,macs"), TrainSettings(), Budget(9), Manner(name, carry=False), store)
        study = with_sampler(invented_study(plan.objectives, 0), plan, 0)
        assert {space.suggest(study.optuna.ask())["strategy"] for _ in range(8)} == {"mutual"}
