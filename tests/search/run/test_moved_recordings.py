"""Recordings that lie elsewhere now: the search line with the new folder continues the study, and mends its export."""

import json
from pathlib import Path

from small_study import arguments

from search.cli import main as sedkd
from search.cli import search
from search.run.site_clips import kept_clips
from search.study.opening import load_study
from search.study.store import open_store


def test_the_search_line_tells_a_study_where_its_recordings_are(farm: Path, tmp_path: Path, capsys) -> None:
    assert search.main(arguments(farm, 1, lookahead=160)) == 0
    store = open_store(str(farm.parent / "runs"))
    before = load_study(store, "farm", None)
    moved = farm.rename(farm.with_name("elsewhere"))
    export = ["export", "--env", "farm", "--store", str(farm.parent / "runs"), "--pick", "best", "--out"]
    assert sedkd.main([*export, str(tmp_path / "lost")]) == 2
    assert "run its search line again with --data DIR, where they are now" in capsys.readouterr().err

    assert search.main(arguments(moved, 1, lookahead=160)) == 0
    after = load_study(store, "farm", None)
    assert after.name == before.name
    assert after.facts == {
        **before.facts,
        "data": str(moved),
        "validation": [path.replace(str(farm), str(moved)) for path in before.facts["validation"]],
    }
    clips = kept_clips(after.folder)
    assert not isinstance(clips, str)
    assert all(clip.path.is_relative_to(moved) for split in clips.values() for clip in split)
    assert sedkd.main([*export, str(tmp_path / "found")]) == 0
    assert json.loads((tmp_path / "found" / "student.json").read_text())
