"""What a person sees when a search has ended: the front, the teacher beside it, and what to type next."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from search.pareto.front import front
from search.pareto.luck import luck_words, seeds_words
from search.pareto.picks import knee
from search.pareto.rungs import FACTOR, FEWEST_STEPS, rungs_of
from search.show.display import Display
from search.show.subsets_table import beside, subsets_table, wider
from search.show.tables import CSV_HAS_ALL, KEPT, LEAST, front_table, placed_table, score_words
from search.show.words import features_words, macs_words, rung_words, strategy_words, student_words
from search.study.names import label_of
from search.study.opening import load_studies, load_study
from search.study.options import as_typed
from search.study.scores import SplitScores, notes_on_test
from search.study.store import Store
from search.study.view import StudyView
from sedkd.words import several


def show(study: StudyView, display: Display, teacher: dict[str, SplitScores] | None) -> None:
    """The front, what early stopping ended, the teacher's scores, and the next commands."""
    members, objectives = study.finished(), study.objectives
    if not members:
        return
    on_front = front(members, objectives)
    tests = {m.number: study.test_scores(m.number) for m in on_front}
    means = {m.number: study.confirmed(m.number) for m in on_front}
    title = f"{study.title}: the front of {several(study.spent(), 'trial')}"
    display.table(front_table(members, objectives, tests, title, means), KEPT, LEAST, CSV_HAS_ALL)
    placed = placed_table(members, objectives, {m.number: study.eight_bits(m.number) for m in on_front})
    if placed is not None:
        display.table(placed, more=CSV_HAS_ALL)
    for note in notes_on_test(tests.values()):
        display.notice(note)
    steps = study.facts["train"]["steps"]
    if rungs := rung_words(members):
        display.print(rungs)
    elif len(rungs_of(steps)) == 1:
        more = FACTOR * FEWEST_STEPS
        display.print(
            f"trained to {steps} steps each; --steps {more} or more trains the promising ones on, as another study"
        )
    early = len(study.ended_early())
    if early:
        were = "was" if early == 1 else "were"
        display.print(f"{early} of the trials {were} ended early, because others did better for no more")
    if seeds := seeds_words(on_front):
        display.print(seeds)
    if not any(means.values()):
        display.print(f"{luck_words(members, objectives)}; --confirm 5 trains the five best again with new seeds")
    if features := features_words(on_front, objectives):
        display.print(features)
    if teacher:
        shown = ", ".join(f"{split} {score_words(s.values[objectives.quality])}" for split, s in teacher.items())
        display.print(f"teacher: {objectives.quality} {shown} ({study.facts['teacher']})")
    _what_next(study.name, study.store, display)


def _what_next(study: str, store: Store, display: Display) -> None:
    """By the study's name: an environment has as many as there are subsets and manners to search."""
    place = "" if store.root == Path.cwd() / "mlruns" else f" --store {shlex.quote(str(store.root))}"
    if store.server and store.server != os.environ.get("SEDKD_STORAGE"):
        place += f" --storage {shlex.quote(store.storage.place)}"
    named, out = as_typed("study", study), shlex.quote(f"{label_of(study)}-knee")
    display.print(
        f"export one:  sedkd export {named} --pick knee --out {out}{place}\n"
        f"one page:    sedkd report {named}{place}\n"
        f"look at all: sedkd ui{place}"
    )


def show_summary(names: Sequence[str], store: Store) -> None:
    """One table over the studies of several environments or subsets, and one of what students for fewer events are
    worth beside those for all."""
    from rich.table import Table

    table = Table(title="all studies", title_justify="left", header_style="bold", pad_edge=False)
    for head in ("study", "trials", "front", "pick", "validation", "test", "MACs/s", "student", "strategy"):
        table.add_column(head, no_wrap=head not in ("student", "strategy"))
    studies = [load_study(store, None, name) for name in names]
    for study in studies:
        for row in _summary_rows(study):
            table.add_row(*row)
    display = Display()
    display.table(table, ("study", "pick", "student", "strategy"))
    wide = {study.name: every for study in studies if (every := wider(study, load_studies(store, None, None)))}
    if wide:
        rows = [row for study in studies if study.name in wide for row in beside(study, wide[study.name])]
        display.table(subsets_table(rows, wide))
        display.print("one study each; sedkd compare --subset NAME tells whether such a difference is more than luck")


def _summary_rows(study: StudyView) -> list[list[str]]:
    """A line for the knee and one for the best of a study."""
    objectives, members = study.objectives, study.finished()
    on_front = front(members, objectives)
    if not on_front:
        return [[study.name, "0", "0", "-", "-", "-", "-", "-", "-"]]
    best = max(on_front, key=lambda m: m.measure(objectives.quality))
    synthetic = " (SYNTHETIC)" if study.facts["synthetic"] else ""
    head = [f"{study.name}{synthetic}", str(study.spent()), str(len(on_front))]
    rows: list[list[str]] = []
    for word, member in (("knee", knee(on_front, objectives)), ("best", best)):
        test = study.test_scores(member.number)
        configuration = member.record.configuration
        rows.append(
            [
                *(head if not rows else ["", "", ""]),
                word,
                f"{member.measure(objectives.quality):.3f}",
                score_words(test.values[objectives.quality] if test else None),
                macs_words(member.record.measures, objectives),
                student_words(configuration),
                strategy_words(configuration),
            ]
        )
    return rows
