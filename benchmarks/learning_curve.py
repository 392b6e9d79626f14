"""How long it pays to train: what the tries of comparisons scored on validation, by steps.

Run: sedkd compare --env farm --data esc --steps 2400 ...      # and 600, 150: as many as there are
     python benchmarks/learning_curve.py runs/comparisons/farm-*/comparison.json

Of every arm, with and without mixtures, the best of its tries (over rates, of `aware` over recipes as well), one seed
each, segment F1 on validation: the best of several flatters. A comparison of 1200 steps or more tries all for a quarter
of its steps and three of an arm to the end, so that a cell at the end may have few tries behind it, or none.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comparisons", type=Path, nargs="+", help="comparison.json of an environment")
    found: dict[tuple[str, bool], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for path in parser.parse_args().comparisons:
        for arm in json.loads(path.read_text())["arms"]:
            for one in arm["tries"]:
                if one["validation"] is not None:
                    found[arm["name"], one["mixture"] > 0][one["steps"]].append(one["validation"])
    lengths = sorted({steps for by_steps in found.values() for steps in by_steps})
    print("| arm | mixtures | " + " | ".join(f"{steps} steps (tries)" for steps in lengths) + " |")
    print("|---" * (2 + len(lengths)) + "|")
    for (arm, mixed), by_steps in found.items():
        cells = [f"{max(own):.3f} ({len(own)})" if (own := by_steps.get(steps)) else "-" for steps in lengths]
        print(f"| {arm} | {'yes' if mixed else 'no'} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
