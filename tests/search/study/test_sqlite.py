"""Trials in a SQLite file that several processes open at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from optuna.storages import RDBStorage  # by one thread, before several do

from search.study.sqlite import SQLiteStorage


def test_who_opens_a_new_store_at_once_finds_it_whole(tmp_path: Path) -> None:
    for attempt in range(4):
        together = Barrier(6)

        def opened(store: Path, together: Barrier = together) -> RDBStorage:
            together.wait()
            return SQLiteStorage(store).trials()

        with ThreadPoolExecutor(6) as pool:
            storages = list(pool.map(opened, [tmp_path / f"store {attempt}"] * 6))
        assert [storage.get_all_studies() for storage in storages] == [[]] * 6
