"""Words for people."""

import pytest

from sedkd.words import several


@pytest.mark.parametrize(("count", "words"), [(0, "0 trials"), (1, "1 trial"), (2, "2 trials")])
def test_how_many(count: int, words: str) -> None:
    assert several(count, "trial") == words
