"""What is made once, by one process, while others wait and can be interrupted."""

import threading
import time
from pathlib import Path

import pytest

from sedkd.disk.kept import made_once


def test_it_is_made_when_it_is_not_there(tmp_path):
    target, made = tmp_path / "new" / "thing.txt", []

    def make() -> None:
        made.append(1)
        target.write_text("made")

    assert made_once(target, make, Path.read_text) == "made"
    assert made_once(target, make, Path.read_text) == "made"
    assert made == [1]


def test_others_wait_and_do_not_make_it_again(tmp_path):
    target, made, begun = tmp_path / "thing.txt", [], threading.Event()

    def slowly() -> None:
        begun.set()
        time.sleep(1.2)
        made.append(1)
        target.write_text("made")

    first = threading.Thread(target=made_once, args=(target, slowly, Path.read_text))
    first.start()
    begun.wait()
    told = []
    made_once(target, slowly, Path.read_text, lambda done, total: told.append((done, total)))
    first.join()
    assert made == [1]
    assert (0, 1) in told


def test_who_waits_can_be_interrupted_and_a_failure_leaves_the_turn_to_others(tmp_path):
    target, begun, end = tmp_path / "thing.txt", threading.Event(), threading.Event()

    def never() -> None:
        begun.set()
        end.wait()
        raise RuntimeError("failed")

    def first() -> None:
        with pytest.raises(RuntimeError):
            made_once(target, never, Path.read_text)

    def interrupted(done: int, total: int) -> None:
        raise KeyboardInterrupt

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait()
    with pytest.raises(KeyboardInterrupt):
        made_once(target, lambda: None, Path.read_text, interrupted)
    end.set()
    thread.join()
    assert made_once(target, lambda: target.write_text("made") and None, Path.read_text) == "made"
