"""A space that varies what students hear: drawn, counted, trained, told, exported."""

import json
from pathlib import Path

import optuna
import pytest
from small_study import SPACE, arguments, finish, start

from search.sampling.sampler import Observation, _in_space
from search.setup.architecture import architecture
from search.setup.front_end import with_features
from search.setup.setting import default_space
from search.show.words import student_words
from search.space.added import HOP, MELS, with_added
from search.space.controls import largest, smallest
from search.space.reading import space_from
from search.study.objectives import parse
from search.study.store import Store
from sedkd.errors import UserError
from sedkd.export.reading import read_bundle
from sedkd.models.settings import StudentSettings
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat

BANDS = {"features.n_mels": {"type": "choice", "of": [64, 32]}, "features.hop": {"type": "choice", "of": [20, 40]}}
MORE = """
  features.n_mels: {type: choice, of: [24, 64]}
  features.hop: {type: choice, of: [40]}
"""


def test_the_ends_of_a_space_are_those_of_cost():
    space = space_from({"dimensions": BANDS}, Path("own.yaml"))
    ends = [from_flat(values, TrainSettings()).student for values in (smallest(space), largest(space))]
    assert [(end.n_mels, end.hop) for end in ends] == [(32, 40), (64, 20)]


def test_the_ends_of_a_space_of_choices_are_those_of_cost_as_well():
    sizes = {
        "student.width": {"type": "choice", "of": [16, 2, 32]},
        "student.depth": {"type": "choice", "of": [3, 2]},
    }
    space = space_from({"dimensions": sizes}, Path("own.yaml"))
    ends = [from_flat(values, TrainSettings()).student for values in (smallest(space), largest(space))]
    assert [(end.width, end.depth) for end in ends] == [(2, 2), (32, 3)]


def test_what_is_typed():
    assert MELS.typed("32,64") == (64, 32)
    assert MELS.typed("24, 40") == (40, 24)
    assert HOP.typed("40,20") == (20, 40)
    for added, text, said in (
        (MELS, "7", "must be a whole number in 8..64, not 7"),
        (MELS, "64,many", "not many"),
        (MELS, "32,32", "one twice; give each once, such as 64,32"),
        (HOP, "10", "must be 20 or 40"),
        (HOP, "", "not $"),
    ):
        with pytest.raises(UserError, match=f"{added.option} {text}: .*{said}"):
            added.typed(text)


def test_draws_have_what_is_asked_for():
    space = with_added(with_added(default_space(), MELS, (32,), []), HOP, (20, 40), [])
    assert space.defaults()["features.n_mels"] == 32
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    drawn = {from_flat(space.suggest(study.ask()), TrainSettings()).student for _ in range(40)}
    assert {(student.n_mels, student.hop) for student in drawn} == {(32, 20), (32, 40)}
    notices: list[str] = []
    blocks = {"student.block": {"type": "choice", "of": ["separable", "mobilenet"]}}
    only = with_added(space_from({"dimensions": blocks}, Path("own.yaml")), HOP, (40,), notices)
    assert only.choices("student.block") == ("separable",)
    assert notices == [
        "left out of student.block: mobilenet (hears 64 bands every 20 ms; --hop 20 allows it)",
    ]


def test_macs_of_the_features_count_where_they_vary():
    notices: list[str] = []
    plain = parse("f1_segment,macs,params")
    assert with_features(plain, default_space(), notices) is plain
    assert not notices
    space = space_from({"dimensions": BANDS}, Path("own.yaml"))
    assert with_features(plain, space, notices).names == ("f1_segment", "total_macs", "params")
    assert notices == [
        "objectives: total_macs in the place of macs, which leaves out what features.n_mels and features.hop change"
    ]
    both = parse("f1_segment,macs,total_macs")
    assert with_features(both, space, notices) is both


def test_a_block_that_hears_otherwise_is_said_with_its_place():
    dimensions = {**BANDS, "student.block": {"type": "choice", "of": ["separable", "mobilenet"]}}
    with pytest.raises(UserError, match=r"own.yaml: dimensions.features.n_mels: .* conv or separable, not mobilenet"):
        space_from({"dimensions": {**dimensions, "student.block": {"type": "choice", "of": ["mobilenet"]}}},
                   Path("own.yaml"))  # fmt: skip


def test_what_heard_64_bands_tells_nothing_of_32():
    seen = Observation({"student.width": 8}, 0.5, 6.0, 10.0)
    few = {**BANDS, "features.n_mels": {"type": "choice", "of": [32]}}
    assert _in_space(seen, space_from({"dimensions": few}, Path("own.yaml"))) is None
    assert _in_space(seen, space_from({"dimensions": BANDS}, Path("own.yaml"))) is not None
    heard = Observation({"student.width": 8, "features.hop": 40}, 0.5, 6.0, 10.0)
    assert _in_space(heard, default_space()) is None


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        ("separable 8x3/32mel/40ms", StudentSettings(8, 3, n_mels=32, hop=40)),
        ("separable 8x3@160ms/40ms", StudentSettings(8, 3, lookahead=160, hop=40)),
        ("conv+gru 8x3/24mel", StudentSettings(8, 3, "conv", "gru", n_mels=24)),
    ],
)
def test_it_stands_in_the_students_words(words: str, settings: StudentSettings):
    assert student_words(settings.flat()) == words
    assert architecture(words, Store(Path("nowhere")), "street") == settings


@pytest.mark.slow
def test_from_a_search_to_detections(farm: Path, tmp_path: Path):
    space, store, out = tmp_path / "own.yaml", str(tmp_path / "runs"), tmp_path / "smallest"
    space.write_text(SPACE + MORE.lstrip("\n"))
    told = finish(start("search.cli.search", *arguments(farm, 4, space=space, lookahead="160"), cwd=tmp_path))
    assert "total_macs in the place of macs" in told
    assert "@160ms/24mel/40ms" in told
    words = ("export", "--env", "farm", "--pick", "smallest", "--out", str(out), "--store", store)
    finish(start("search.cli.main", *words, cwd=tmp_path))
    bundle = read_bundle(out)
    assert (bundle.features.n_mels, bundle.features.hop, bundle.frame_seconds) == (24, 640, 0.08)
    facts = json.loads((out / "student.json").read_text())
    assert facts["provenance"]["cost"]["total_macs"] > facts["provenance"]["cost"]["macs"] > 0
    assert facts["provenance"]["lowest_rate"] == 16000
    measured = facts["provenance"]["validation"]["f1_segment"]
    assert facts["int8"]["scores"]["f1_segment"]["float"] == pytest.approx(measured)  # step by step as it was scored
    clip = farm / "farm" / "validation" / "0.wav"
    finish(start("search.cli.main", "detect", str(out), str(clip), "--out", "found.tsv", cwd=tmp_path))
    finish(start("search.cli.main", "detect", "--stream", str(out), str(clip), "--out", "heard.tsv", cwd=tmp_path))
    assert (tmp_path / "found.tsv").read_text() == (tmp_path / "heard.tsv").read_text()
    assert (tmp_path / "found.tsv").read_text().startswith("filename")
    finish(start("search.cli.main", "report", "--env", "farm", "--store", store, cwd=tmp_path))
    page = next(tmp_path.rglob("*.html")).read_text()
    assert "24 bands every 40 ms" in page
    compare = ("compare", "--env", "farm", "--data", str(farm), "--architecture", "smallest", "--steps", "4")
    teacher = str(farm.parent / "teacher.safetensors")
    told = finish(start("search.cli.main", *compare, "--seeds", "1", "--teacher", teacher, "--store", store,
                        cwd=tmp_path))  # fmt: skip
    assert "/24mel/40ms" in told
