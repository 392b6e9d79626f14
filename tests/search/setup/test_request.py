"""What a person is told of a plan before anything is trained."""

from pathlib import Path

import pytest
from small_study import arguments

from search.cli.search import parser, request_of
from search.setup.request import planned

WITHOUT_A_RATE = "dimensions: {student.width: {type: int, low: 4, high: 8, step: 4}}"


@pytest.mark.parametrize("has_rate", [True, False])
def test_a_space_without_a_rate_is_told(farm: Path, tmp_path: Path, has_rate: bool) -> None:
    space = farm.parent / "space.yaml"
    if not has_rate:
        space = tmp_path / "own.yaml"
        space.write_text(WITHOUT_A_RATE)
    words = arguments(farm, 1, space=space, store=tmp_path / "runs")
    notices = planned(request_of(parser().parse_args(words)), lambda *_: None).notices
    assert (
        any("the space has no train.learning_rate: every student is trained at 0.002" in n for n in notices) != has_rate
    )
