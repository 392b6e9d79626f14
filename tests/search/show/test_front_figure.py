"""The front as a picture."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from invented_study import invented_study

from search.cli import main
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
