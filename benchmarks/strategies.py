"""What a search over strategies found: who stands on the front, which dimensions matter, the gap to scratch alone.

Run: python benchmarks/strategies.py --env farm [--store DIR] [--study NAME] [--scratch-study NAME]
Reads finished studies, trains nothing. Scores are those of validation; `default` is the strategy's control, trained
once at the default architecture.
"""

import argparse
import sys
from collections import defaultdict

from search.cli.guard import ended
from search.pareto.front import front, hypervolume
from search.pareto.importance import importances
from search.show.words import human, strategy_words, student_words
from search.study.objectives import Objectives
from search.study.opening import load_study
from search.study.store import open_store
from search.study.view import StudyView


def strategies(members, objectives: Objectives) -> None:
    """Per strategy: trials, the best score, the control's score, and the front members."""
    on_front = {member.number for member in front(members, objectives)}
    groups = defaultdict(list)
    for member in members:
        groups[member.record.configuration.get("strategy", "none")].append(member)
    quality = objectives.quality
    print(f"{'strategy':<24}{'trials':>7}{'best':>8}{'default':>9}  on the front")
    for name, group in sorted(groups.items(), key=lambda item: -max(m.measure(quality) for m in item[1])):
        control = [m.measure(quality) for m in group if is_default(m)]
        there = ", ".join(f"{student_words(m.record.configuration)} ({human(m.measure(objectives.cost))})"
                          for m in group if m.number in on_front)  # fmt: skip
        best = max(m.measure(quality) for m in group)
        print(f"{name:<24}{len(group):>7}{best:>8.3f}{f'{control[0]:.3f}' if control else '-':>9}  {there}")


def is_default(member) -> bool:
    control = member.record.control or ""
    return control == "scratch" or control.startswith("default")


def the_front(members, objectives: Objectives) -> None:
    print(f"\n{'MACs/s':>8}{objectives.quality:>12}  front")
    for m in front(members, objectives):
        configuration = m.record.configuration
        rest = {k: v for k, v in configuration.items() if k.startswith(("teacher.", "train.un", "train.fo"))}
        print(f"{human(m.measure(objectives.cost)):>8}{m.measure(objectives.quality):>12.3f}  "
              f"{student_words(configuration)}, {strategy_words(configuration)}, {rest}")  # fmt: skip


def dimensions(study: StudyView, members) -> None:
    """Importances for the score and for the Pareto rank, of what at least a third draw."""
    print(f"\n{'importance for':<24}{study.objectives.quality:>12}{'front':>8}")
    for found in importances(study, members):
        if not found.rare:
            print(f"{found.name:<24}{found.quality:>12.2f}{found.front:>8.2f}")


def gap(members, scratch, objectives: Objectives) -> None:
    """The front against the scratch-only front, both after as many trials as the shorter study has."""
    trials = min(len(members), len(scratch))
    reference = objectives.reference
    ours, theirs = (hypervolume(found[:trials], objectives, reference) for found in (members, scratch))
    print(f"\nhypervolume after {trials} trials: all strategies {ours:.4f}, scratch only {theirs:.4f}")
    print(f"{'up to MACs/s':>13}{'all':>8}{'scratch':>9}  best score at no more than that cost")
    for limit in (1e5, 3e5, 1e6, 3e6, 1e7, 3e7):
        best = [max((m.measure(objectives.quality) for m in found[:trials] if m.measure("macs") <= limit), default=None)
                for found in (members, scratch)]  # fmt: skip
        cells = ["-" if value is None else f"{value:.3f}" for value in best]
        print(f"{human(limit):>13}{cells[0]:>8}{cells[1]:>9}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", required=True)
    parser.add_argument("--store")
    parser.add_argument("--study")
    parser.add_argument("--scratch-study", help="a study of a space whose strategy is none, on the same data")
    options = parser.parse_args()
    store = open_store(options.store)
    study = load_study(store, options.env, options.study)
    objectives, members = study.objectives, study.finished()
    print(f"study {study.name}: {len(members)} trials, teacher: {study.facts['teacher']}\n")
    strategies(members, objectives)
    the_front(members, objectives)
    dimensions(study, members)
    if options.scratch_study:
        gap(members, load_study(store, options.env, options.scratch_study).finished(), objectives)


if __name__ == "__main__":
    sys.exit(ended(main))
