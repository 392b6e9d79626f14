"""The pictures of comparisons, of whatever the environment is called."""

from pathlib import Path
from typing import Any

import pytest

from search.show.comparison_figure import comparison_png
from search.show.labels_curve import labels_png

NAME = r"at the $\nowhere{$"


def result(used: int) -> dict[str, Any]:
    f1 = {"seeds": [0.4, 0.5], "mean": 0.45, "sd": 0.07}
    difference = {"mean": 0.01, "low": -0.01, "high": 0.03, "verdict": "not distinguishable"}
    return {
        "environment": NAME,
        "synthetic": False,
        "events": ["dog"],
        "environment_events": ["dog"],
        "architecture": "separable 4x2",
        "seeds": 2,
        "criterion": "f1_segment",
        "labelled": {"used": used, "of": 40},
        "arms": [{"name": name, "test": {"f1_segment": f1}} for name in ("scratch", "generic", "aware")],
        "pairs": [{"a": "aware", "b": "scratch", "f1_segment": difference}],
        "teachers": [{"name": NAME, "values": {"f1_segment": 0.6}}],
    }


@pytest.mark.parametrize(
    "draw", [lambda path: comparison_png(result(20), path), lambda path: labels_png([result(20), result(40)], path)]
)
def test_a_name_with_dollars_is_text(tmp_path: Path, draw: Any) -> None:
    draw(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
