"""One line over an environment's subsets of events: a study each, and a table of what narrowing is worth."""

from pathlib import Path

import pytest
from small_study import SPACE, arguments, write_farm

from search.cli import search
from search.show.subsets_table import beside, wider
from search.study.objectives import parse
from search.study.opening import load_studies
from search.study.records import HOW
from search.study.store import open_store
from search.study.view import StudyView

KNOWN = """
environment: farm
scene: a farm
events: [bell, hum]
subsets:
  ring: [bell]
  low: [hum]
"""


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_farm(tmp_path_factory.mktemp("run"))
    (root.parent / "space.yaml").write_text(KNOWN + SPACE)
    return root


@pytest.mark.slow
def test_all_subsets_in_one_line(farm, tmp_path, capsys):
    words = arguments(farm, 4, store=tmp_path / "runs", subset="all")
    assert search.main(words) == 0
    out = capsys.readouterr().out
    studies = load_studies(open_store(str(tmp_path / "runs")), "farm", None)
    events = {study.name.rpartition("-")[0]: study.facts["events"] for study in studies}
    assert events == {"farm": ["bell", "hum"], "farm.ring": ["bell"], "farm.low": ["hum"]}
    assert "all studies" in out
    assert "for all events" in out
    assert "from none): farm-" in out  # a narrower study guesses by what the wider one found

    ring = next(study for study in studies if study.name.startswith("farm.ring"))
    every = wider(ring, studies)
    assert every.name.startswith("farm-")
    assert wider(every, studies) is None
    by_psds = StudyView(ring.optuna, ring.store)
    vars(by_psds)["objectives"] = parse("psds1,macs")  # of each event by itself it tells nothing
    assert wider(by_psds, studies) is None
    every.facts["parts"][HOW] = "an earlier version's"
    assert wider(ring, studies) is None
    every.facts["parts"][HOW] = ring.facts["parts"][HOW]
    for part in ("recordings or their annotations", "teacher"):  # the labels were mended between the two, say
        kept = every.facts["parts"][part]
        every.facts["parts"][part] = "another"
        assert wider(ring, studies) is None
        every.facts["parts"][part] = kept
    for row in beside(ring, every):
        if row.other is not None:
            assert row.other.measure("macs") <= 1.02 * row.own.measure("macs")
            expected = row.other.record.per_class["bell"]["f1_segment"]
            assert f"{expected:.3f}" in out
    typed = (ring.folder / "study.yaml").read_text()
    assert "subset: ring" in typed
    assert "subset" not in (every.folder / "study.yaml").read_text()


@pytest.mark.parametrize(
    ("subset", "message"),
    [
        ("ring,high", "--subset high: environment farm has the subsets: ring, low"),
        ("ring,ring", "--subset ring,ring: expected one subset, several different ones joined by commas, or all"),
        ("ring,", "--subset ring,: expected one subset"),
        ("high", "--subset high: environment farm has the subsets: ring, low"),
    ],
)
def test_subsets_that_are_not_there(farm, tmp_path, capsys, subset, message):
    assert search.main(arguments(farm, 3, store=tmp_path / "runs", subset=subset)) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs" / "optuna.db").exists()


def test_an_environment_without_subsets(farm, tmp_path, capsys):
    words = arguments(farm, 3, store=tmp_path / "runs", subset="all")
    del words[words.index("--space") : words.index("--space") + 2]
    assert search.main(words) == 2
    assert "--subset all: environment farm names no subset of its events; leave it out" in capsys.readouterr().err


def test_what_the_second_environment_lacks_is_told_before_the_first_is_searched_for(tmp_path, capsys):
    root = write_farm(tmp_path)
    for split in ("train", "validation", "test"):
        table = root / "yard" / f"{split}.tsv"
        table.write_text(table.read_text().replace("\thum", "\tmoo"))
    words = arguments(root, 1, store=tmp_path / "runs", env="farm,yard", events="hum")
    assert search.main(words) == 2
    assert "--events: no event 'hum'; environment yard has: " in capsys.readouterr().err
    assert not (tmp_path / "runs" / "optuna.db").exists()
