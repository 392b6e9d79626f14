"""Two searches side by side: what the front of each has to offer at the same cost, on validation and on test.

Run: sedkd-search --env farm --data esc ... --trials 60 --confirm 5
     sedkd-search --env farm --data esc ... --trials 60 --confirm 5 --space spaces/examples/scratch.yaml
     python benchmarks/two_fronts.py farm-592b56 farm-0c1d2e --store mlruns     # two: the first's and the second's

At each cost the student that validation prefers among those that cost no more, with its F1 on validation, the mean of
its confirming seeds there, where it was confirmed, and its F1 on test. One search each: no intervals, and the best of
many scores of one seed flatters.
"""

import argparse
import sys
from collections.abc import Sequence

from search.cli.guard import ended
from search.pareto.front import front, hypervolume
from search.show.words import human, strategy_words, student_words
from search.study.opening import load_study
from search.study.records import FinishedTrial
from search.study.store import open_store
from search.study.view import StudyView

COSTS = (5e4, 1e5, 2e5, 4e5, 8e5, 1.6e6, 2.5e7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs=2, help="their names")
    parser.add_argument("--store", nargs="+", default=[None])
    options = parser.parse_args()
    stores = [open_store(place) for place in (options.store[0], options.store[-1])]
    studies = [load_study(store, None, name) for store, name in zip(stores, options.studies, strict=True)]
    fronts = [front(study.finished(), study.objectives) for study in studies]
    print("| | trials | hours | hypervolume on validation |\n|---|---|---|---|")
    for study, members in zip(studies, fronts, strict=True):
        volume = hypervolume(members, study.objectives, study.objectives.reference)
        hours = sum(trial.record.seconds for trial in study.trained()) / 3600
        print(f"| {study.name} | {study.spent()} | {hours:.2f} | {volume:.3f} |")
    heads = [f"{study.name}: {what}" for study in studies for what in ("student", "validation", "new seeds", "test")]
    print(f"\n| {studies[0].objectives.cost} at most | {' | '.join(heads)} |" + "\n|" + "---|" * (1 + len(heads)))
    for most in COSTS:
        cells = [cell for study, members in zip(studies, fronts, strict=True) for cell in _cells(study, members, most)]
        print(f"| {human(most)} | {' | '.join(cells)} |")


def _cells(study: StudyView, members: Sequence[FinishedTrial], most: float) -> list[str]:
    """What this front has for at most so much."""
    quality, able = study.objectives.quality, [m for m in members if m.measure(study.objectives.cost) <= most]
    if not able:
        return ["-"] * 4
    best = max(able, key=lambda member: member.measure(quality))
    test, again = study.test_scores(best.number), study.confirmed(best.number)
    on_test = None if test is None else test.values[quality]
    found, cost = best.record.configuration, human(best.measure(study.objectives.cost))
    return [
        f"{student_words(found)}, {strategy_words(found)} ({cost})",
        f"{best.measure(quality):.3f}",
        "-" if again is None else f"{again.values[quality]:.3f}",
        "-" if on_test is None else f"{on_test:.3f}",
    ]


if __name__ == "__main__":
    sys.exit(ended(main))
