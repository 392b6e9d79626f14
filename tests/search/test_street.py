"""A proof that takes minutes: the built-in soundscapes are hard enough to be a search."""

import json

import pytest
from small_study import finish, start


@pytest.mark.slow
def test_the_front_spreads_and_the_teacher_is_better_than_every_student(tmp_path):
    where = ("--env", "street", "--store", str(tmp_path / "runs"))
    out = finish(start("search.cli.search", *where, "--trials", "12", cwd=tmp_path), timeout=1800)
    assert "SYNTHETIC" in out
    front = json.loads(finish(start("search.cli.main", "front", *where, "--format", "json", cwd=tmp_path)))
    quality = [row["f1_segment"] for row in front]
    assert quality[-1] - quality[0] >= 0.2  # seven runs: 0.233 to 0.317
    teacher = json.loads(next((tmp_path / "runs").glob("studies/*/teacher.json")).read_text())
    assert teacher["validation"]["values"]["f1_segment"] > max(quality)
    assert teacher["test"]["values"]["f1_segment"] > max(row["test_f1_segment"] for row in front)
