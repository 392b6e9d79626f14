"""Search strategies replayed over a table of recorded training curves, at equal training seconds of one worker.

Run: python -m benchmarks.replay TABLE.json --out DIR [--seeds 10] [--before TABLE.json] [--answer-peers]
Prints a table, and writes it, curves.csv and hypervolume.png. Trains nothing; `record_curves.py` makes the table.
A draw is answered by the nearest row, so that strategies draw rows again far more often than they would configurations.
"""

import argparse
import sys
import time
from pathlib import Path

from benchmarks.replay.figure import keep
from benchmarks.replay.outside import PYTHON, installed
from benchmarks.replay.strategies import ours, peers
from benchmarks.replay.summary import result
from benchmarks.replay.table import default_space, read_table
from search.cli.guard import ended


def main() -> None:
    options = _options()
    table, space = read_table(options.table), default_space()
    before = read_table(options.before) if options.before else None
    results = []
    for strategy in [*peers(space, installed(options.peers), options.answer_peers), *ours(space, table, before)]:
        start = time.monotonic()
        results.append(result(strategy.name, strategy.is_peer, strategy.replay(table, range(options.seeds))))
        print(f"{strategy.name}: replayed in {time.monotonic() - start:.0f} s", flush=True)
    keep(results, table, options.out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.replay", description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--before", type=Path, help="another environment's table, as a study that came before")
    parser.add_argument("--answer-peers", action="store_true", help="what a peer trained before is free for it as well")
    parser.add_argument("--peers", type=Path, default=PYTHON, help="a Python that has peers.txt")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(ended(main))
