"""The plan of windows keeps every frame once, with context on both sides of it."""

import pytest

from sedkd.features.windows import plan, window_sizes


@pytest.mark.parametrize(("size", "context"), [(125, 12), (7, 2), (3, 1), (5, 0)])
def test_every_frame_is_kept_once_and_in_order(size: int, context: int) -> None:
    for frames in [*range(1, 40), 124, 125, 126, 149, 150, 226, 227, 1000, 22500]:
        windows = list(plan(frames, size, context))
        kept = [frame for w in windows for frame in range(w.keep_start, w.keep_stop)]
        assert kept == list(range(frames))
        for window in windows:
            assert 0 <= window.start <= window.keep_start < window.keep_stop <= window.stop <= frames
            assert window.stop - window.start <= size
            assert window.start == 0 or window.keep_start - window.start == context
            assert window.stop == frames or window.stop - window.keep_stop == context


def test_a_window_is_full_but_for_the_last() -> None:
    *full, last = plan(1000, 125, 12)
    assert all(w.stop - w.start == 125 for w in full)
    assert last.stop == 1000
    assert len(full) + 1 == 10  # 125 frames, then 101 new ones each: ceil(875 / 101) more


def test_what_fits_is_one_window() -> None:
    assert list(plan(125, 125, 12)) == [(0, 125, 0, 125)]
    assert list(plan(1, 125, 12)) == [(0, 1, 0, 1)]


def test_sizes_in_frames() -> None:
    assert window_sizes(0.08) == (125, 12)
    assert window_sizes(0.01) == (1000, 100)
