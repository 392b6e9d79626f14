"""Trials in a SQLite file that several processes open at once."""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import optuna
import pytest
from optuna.storages import RDBStorage  # by one thread, before several do

from search.study.sqlite import SQLiteStorage
from sedkd.errors import UserError


def test_who_opens_a_new_store_at_once_finds_it_whole(tmp_path: Path) -> None:
    for attempt in range(4):
        together = Barrier(6)

        def opened(store: Path, together: Barrier = together) -> RDBStorage:
            together.wait()
            return SQLiteStorage(store).trials()

        with ThreadPoolExecutor(6) as pool:
            storages = list(pool.map(opened, [tmp_path / f"store {attempt}"] * 6))
        assert [storage.get_all_studies() for storage in storages] == [[]] * 6


@pytest.fixture
def store_of_another(tmp_path: Path) -> Iterator[Path]:
    """A store with a study, which this process cannot write to."""
    store = tmp_path / "100% theirs?"
    optuna.create_study(study_name="farm", storage=SQLiteStorage(store).trials())
    if os.geteuid():
        store.chmod(0o555)
        yield store
        store.chmod(0o755)
        return
    # Permissions do not bind root: a mount does.
    for command in (["mount", "--bind", store, store], ["mount", "-o", "remount,ro,bind", store]):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            subprocess.run(["umount", "--lazy", store], capture_output=True, check=False)
            pytest.skip("nothing may be mounted here")
    yield store
    subprocess.run(["umount", "--lazy", store], check=True)


def test_a_store_that_can_only_be_read_is_looked_at(store_of_another: Path) -> None:
    storage = SQLiteStorage(store_of_another)
    assert [study.study_name for study in storage.trials().get_all_studies()] == ["farm"]
    with pytest.raises(UserError, match="can be looked at, but not written to; name another folder"):
        storage.require()


def test_one_that_is_ones_own_is_not_refused(tmp_path: Path) -> None:
    storage = SQLiteStorage(tmp_path / "own")
    storage.require()
    storage.trials()
    storage.require()
