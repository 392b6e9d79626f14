"""What an architecture costs, counted once: a search looks at hundreds of them before it trains one."""

import json
from dataclasses import asdict
from pathlib import Path

from sedkd.cost.summary import Cost, cost_of
from sedkd.disk.json_file import digest, write_json
from sedkd.disk.kept import kept
from sedkd.disk.paths import cache_root
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student

VERSION = 3  # raise it with every change of what students are or how their cost is counted


def known_cost(settings: StudentSettings, labels: int) -> Cost:
    """The cost of an untrained student for so many labels, from the cache or counted now; latency is not measured."""
    key = digest([VERSION, settings.as_key(), labels], 10, sort_keys=True)
    target = cache_root() / "costs" / f"{key}.json"
    found = kept(target, _read)
    if found is not None:
        return found
    cost = cost_of(Student(settings, tuple(map(str, range(labels)))), with_latency=False)
    write_json(target, asdict(cost))
    return cost


def _read(path: Path) -> Cost:
    found = json.loads(path.read_text())
    if not all(isinstance(found[name], int | float) for name in ("macs", "total_macs", "params", "bytes")):
        raise ValueError("no costs")
    return Cost(**found)
