"""The front as a picture."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from invented_study import invented_study

from search.cli import main
from search.show.figure import pareto_figure, pareto_html, score_range
from search.show.front_figure import front_picture
from search.study.objectives import Objectives
from search.study.store import open_store
from sedkd.errors import UserError

TWO = Objectives(("f1_segment", "macs"))


def test_the_picture_names_the_picks(tmp_path: Path) -> None:
    members = invented_study(TWO, 12).finished()
    front_picture(members, TWO, "farm $1$", tmp_path / "front.svg")
    words = {"".join(e.itertext()).strip() for e in ElementTree.parse(tmp_path / "front.svg").iter() if "text" in e.tag}
    assert {"farm $1$", "front", "controls", "other trials"} <= words
    assert any("knee" in word for word in words)
    three = Objectives(("f1_segment", "psds1", "macs"))
    front_picture(invented_study(three, 8).finished(), three, "farm", tmp_path / "front.PNG")
    assert (tmp_path / "front.PNG").read_bytes().startswith(b"\x89PNG")


def test_quotes_stand_in_a_title_as_they_are() -> None:
    """Of entities plotly knows few, and theirs is none of them."""
    members = invented_study(TWO, 3).finished()
    page = pareto_html(members, TWO, 'the "quiet" farm <b>', [])
    assert r'"the \"quiet\" farm &lt;b&gt;"' in page


@pytest.mark.parametrize(
    ("scores", "axis"),
    [([0.5], (0.45, 0.55)), ([1.0], (0.95, 1.0)), ([0.0, 0.97], (0.0, 1.0)), ([], (0.0, 1.0))],
)
def test_an_axis_of_scores_ends_at_one(scores: list[float], axis: tuple[float, float]) -> None:
    assert score_range(scores) == pytest.approx(axis)


def test_one_student_alone_has_an_axis_of_scores() -> None:
    (member,) = invented_study(TWO, 1).finished()
    low, high = pareto_figure([member], TWO).layout.yaxis.range
    assert 0 <= low < member.measure("f1_segment") < high <= 1
    assert high - low < 0.11


def test_other_names_and_places_are_one_line(tmp_path: Path) -> None:
    members = invented_study(TWO, 3).finished()
    with pytest.raises(UserError, match=r"front\.pdf: the name of a picture must end in \.png or \.svg"):
        front_picture(members, TWO, "farm", tmp_path / "front.pdf")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        front_picture(members, TWO, "farm", tmp_path / "file" / "front.png")


def test_a_mistake_is_told_before_the_front_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(str(tmp_path / "runs"))
    invented_study(TWO, 3, storage=store.storage.trials())
    assert main.main(["front", "--env", "farm", "--store", str(store.root), "--picture", "front.pdf"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "error: front.pdf: the name of a picture must end in .png or .svg\n"
