"""How long it pays to train: what the tries of comparisons scored on validation, by steps.

Run: sedkd compare --env farm --data esc --steps 2400 ...      # and 600, 150: as many as there are
     python benchmarks/learning_curve.py runs/comparisons/*/comparison.json

Of every arm, with and without mixtures, the best of its tries (over rates, of `aware` over recipes as well), by their
first seed, segment F1 on validation: the best of several flatters. A comparison of 1200 steps or more tries all for a
quarter of its steps and three of an arm to the end: a cell at the end may have few tries behind it, or none.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from search.cli.guard import ended
from sedkd.disk.json_file import read_json
from sedkd.errors import UserError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comparisons", type=Path, nargs="+", help="their comparison.json")
    found: dict[tuple[str, bool], dict[tuple[str, int], list[float]]] = defaultdict(lambda: defaultdict(list))
    for path in parser.parse_args().comparisons:
        if not path.is_file():
            raise UserError(f"{path}: no such file; name the comparison.json of a comparison")
        result = read_json(path, dict, "the line that made it writes it anew")
        for arm in result["arms"]:
            for one in arm["tries"]:
                if one["seeds"][0] is not None:
                    column = result["environment"], one.get("steps", result["steps"])
                    found[arm["name"], one["mixture"] > 0][column].append(one["seeds"][0])
    columns = sorted({column for row in found.values() for column in row})
    print("| arm | mixtures | " + " | ".join(f"{name}, {steps} steps" for name, steps in columns) + " |")
    print("|---" * (2 + len(columns)) + "|")
    for (arm, mixed), row in found.items():
        cells = [f"{max(row[column]):.3f}" if column in row else "-" for column in columns]
        print(f"| {arm} | {'yes' if mixed else 'no'} | {' | '.join(cells)} |")


if __name__ == "__main__":
    sys.exit(ended(main))
