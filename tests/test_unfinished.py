"""Work that is taken up after a kill, by one at a time."""

import threading
from pathlib import Path

import pytest

from sedkd.disk.unfinished import alone, require_room
from sedkd.errors import UserError


@pytest.fixture(autouse=True)
def cache_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEDKD_CACHE", str(tmp_path))
    return tmp_path


def test_what_was_done_is_known_the_next_time(cache_here: Path) -> None:
    for expected, more in ((set(), ["a"]), ({"a"}, ["b", "c"]), ({"a", "b", "c"}, [])):
        with alone("work", lambda: False) as work:
            assert work is not None
            assert work.done == expected
            work.note(more)
    (cache_here / "there").touch()
    with alone("work", (cache_here / "there").exists) as work:
        assert work is None
    assert not (cache_here / "unfinished" / "work").exists()


def test_a_torn_line_does_not_count(cache_here: Path) -> None:
    with alone("work", lambda: False) as work:
        assert work is not None
        work.note(["0-100"])
        journal = work.journal
    journal.write_text("0-100\n100-2")  # killed in the midst of 100-200
    with alone("work", lambda: False) as work:
        assert work is not None
        assert work.done == {"0-100"}
        work.note(["100-200"])
    assert journal.read_text() == "0-100\n100-200\n"


def test_it_can_be_begun_anew() -> None:
    with alone("work", lambda: False) as work:
        assert work is not None
        work.note(["a"])
        work.restart()
        assert work.done == set()
        work.note(["b"])
    with alone("work", lambda: False) as work:
        assert work is not None
        assert work.done == {"b"}


def test_the_second_waits_and_hears_how_far_the_first_is(cache_here: Path) -> None:
    target, heard, reached = cache_here / "target", [], threading.Event()

    def second() -> None:
        def waiting(done: int) -> None:
            heard.append(done)
            reached.set()

        with alone("work", target.exists, waiting) as work:
            heard.append(work)

    with alone("work", target.exists) as work:
        assert work is not None
        work.note(["a", "b"])
        thread = threading.Thread(target=second)
        thread.start()
        assert reached.wait(30)
        target.touch()
    thread.join(30)
    assert heard[0] == 2
    assert heard[-1] is None


def test_room_is_looked_for_before(tmp_path: Path) -> None:
    require_room(tmp_path, 1)
    with pytest.raises(UserError, match=r"GB are needed, .* GB are free; make room, or name another disk"):
        require_room(tmp_path, 10**18)
