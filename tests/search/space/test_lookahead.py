"""`--lookahead`: which look-aheads students may have, and what stays as it was where none is asked for."""

import json
from pathlib import Path

import optuna
import pytest
from small_study import arguments, finish, start

from search.cli import search
from search.cli.search import parser, request_of
from search.run.site_clips import site_clips
from search.sampling.sampler import Observation, _in_space
from search.setup.architecture import architecture
from search.setup.setting import default_space
from search.show.tables import student_words
from search.space.added import HOP, LOOKAHEAD, MELS, with_added
from search.space.reading import space_from
from search.space.space import Space
from search.study.store import Store
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings
from sedkd.stream.network import StreamNetwork
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import from_flat


def space_of(blocks: list[str]) -> Space:
    return space_from({"dimensions": {"student.block": {"type": "choice", "of": blocks}}}, Path("own.yaml"))


def test_what_is_typed():
    assert LOOKAHEAD.typed("full") == ("full",)
    assert LOOKAHEAD.typed("0, 480,full,160") == ("full", 480, 160, 0)
    for text, said in (("-1", "-1"), ("50", "multiple of 80"), ("1040", "up to 960"), ("0,0", "one twice"), ("", "")):
        with pytest.raises(UserError, match=f"--lookahead.*{said}"):
            LOOKAHEAD.typed(text)


def test_full_alone_leaves_every_study_as_it_is():
    space = default_space()
    subject = request_of(parser().parse_args(["--env", "street"])).subject
    for added, asked in ((LOOKAHEAD, subject.lookahead), (MELS, subject.mels), (HOP, subject.hop)):
        assert with_added(space, added, asked, []) is space
    assert LOOKAHEAD.name not in {dimension.name for dimension in space.dimensions}


def test_draws_have_the_look_aheads_that_are_asked_for():
    space = with_added(default_space(), LOOKAHEAD, LOOKAHEAD.typed("0,160,full"), [])
    assert space.defaults()[LOOKAHEAD.name] == "full"
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    drawn = {from_flat(space.suggest(study.ask()), TrainSettings()).student.lookahead for _ in range(40)}
    assert drawn == {"full", 160, 0}
    assert with_added(default_space(), LOOKAHEAD, (480, 0), []).defaults()[LOOKAHEAD.name] == 480


def test_blocks_that_hear_whole_recordings():
    notices: list[str] = []
    both = with_added(space_of(["separable", "mobilenet"]), LOOKAHEAD, ("full", 0), notices)
    assert LOOKAHEAD.name not in both.defaults(student_block="mobilenet")
    assert both.defaults(student_block="separable")[LOOKAHEAD.name] == "full"
    assert not notices
    streams = with_added(space_of(["separable", "mobilenet"]), LOOKAHEAD, (0,), notices)
    assert streams.choices("student.block") == ("separable",)
    assert notices == [
        "left out of student.block: mobilenet (hears whole recordings; --lookahead full allows it)",
    ]
    with pytest.raises(UserError, match="nothing but mobilenet, which hears whole recordings; allow conv"):
        with_added(space_of(["mobilenet"]), LOOKAHEAD, (0,), [])


def test_a_file_may_have_the_dimension_itself(tmp_path: Path):
    own = {"type": "choice", "of": ["full", 0]}
    space = space_from({"dimensions": {LOOKAHEAD.name: own}}, Path("own.yaml"))
    assert space.has(LOOKAHEAD.name, 0)
    with pytest.raises(UserError, match="leave one of the two out"):
        with_added(space, LOOKAHEAD, (0,), [])
    blocks = {"type": "choice", "of": ["mobilenet"]}
    with pytest.raises(UserError, match=r"own.yaml: dimensions.student.lookahead: .*needs student.block conv or separ"):
        space_from({"dimensions": {LOOKAHEAD.name: own, "student.block": blocks}}, Path("own.yaml"))


def test_a_mistake_is_one_line_before_anything_is_made(capsys, tmp_path: Path):
    assert search.main(["--env", "street", "--lookahead", "100", "--store", str(tmp_path)]) == 2
    assert (
        capsys.readouterr()
        .err.strip()
        .splitlines()[-1]
        .endswith("student.lookahead must be full, or a multiple of 80 ms up to 960, not 100")
    )


def test_what_hears_recordings_tells_nothing_of_what_does_not():
    seen = Observation({"student.block": "conv"}, 0.5, 6.0, 10.0)
    assert _in_space(seen, with_added(space_of(["conv"]), LOOKAHEAD, (480, 0), [])) is None
    there = _in_space(seen, with_added(space_of(["conv"]), LOOKAHEAD, ("full", 0), []))
    assert there is not None
    assert there.configuration[LOOKAHEAD.name] == "full"


@pytest.mark.slow
def test_from_a_search_to_eight_bits(farm: Path, tmp_path: Path):
    store, out = str(tmp_path / "runs"), tmp_path / "smallest"
    told = finish(start("search.cli.search", *arguments(farm, 3, lookahead="160,0"), cwd=tmp_path))
    assert "4x2@160ms" in told
    words = ("export", "--env", "farm", "--pick", "smallest", "--out", str(out), "--store", store)
    told = finish(start("search.cli.main", *words, cwd=tmp_path))
    facts = json.loads((out / "student.json").read_text())
    scores, measured = facts["int8"]["scores"]["f1_segment"], facts["provenance"]["validation"]["f1_segment"]
    assert scores["float"] == pytest.approx(measured)  # step by step as it was scored
    assert f"stream.onnx: an answer waits 160 ms for sound\nint8.onnx: f1_segment {scores['int8']:.3f} (float" in told
    assert facts["provenance"]["cost"]["algorithmic_latency"] == 0.16
    assert "algorithmic_latency" not in facts["provenance"]["validation"]
    assert StreamNetwork(out).bundle.labels == ("bell", "hum")
    (farm / "farm" / "validation" / "1.wav").unlink()
    bundle = StreamNetwork(out).bundle
    study = next((tmp_path / "runs" / "studies").iterdir())
    found = site_clips(study, ("bell", "hum"), bundle.features, bundle.post)
    assert str(found).endswith("1.wav is gone")
    assert "its search line, run again on this machine, writes it" in str(
        site_clips(tmp_path, ("bell",), bundle.features, bundle.post)
    )


def test_it_stands_in_the_students_words():
    assert student_words({"student.lookahead": "full"}) == "separable 16x3"
    words = student_words({"student.lookahead": 160, "student.head": "gru"})
    assert words == "separable+gru 16x3@160ms"
    settings = StudentSettings(16, 3, "separable", "gru", 160)
    assert architecture(words, Store(Path("nowhere")), "street") == settings
    with pytest.raises(UserError, match=r"needs student\.block conv or separable, not mobilenet"):
        architecture("mobilenet 8x3@0ms", Store(Path("nowhere")), "street")
