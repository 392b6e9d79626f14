"""What a person sees when a search has ended: the front, the teacher beside it, and what to type next."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from search.pareto.front import front
from search.pareto.picks import knee
from search.show.display import Display
from search.show.tables import front_table, placed_table, score_words
from search.show.words import human, strategy_words, student_words
from search.study.names import cleaned
from search.study.objectives import Objectives
from search.study.opening import load_study
from search.study.records import FACTS, finished, objectives_of, spent, stopped
from search.study.scores import SplitScores, confirmed, notes_on_test, test_scores
from search.study.store import Store, open_store

if TYPE_CHECKING:
    import optuna


def show(
    study: "optuna.Study",
    objectives: Objectives,
    store: Store,
    display: Display,
    teacher: dict[str, SplitScores] | None,
) -> None:
    """The front, what early stopping ended, the teacher's scores, and the next commands."""
    members = finished(study)
    if not members:
        return
    facts = study.user_attrs[FACTS]
    on_front = front(members, objectives)
    tests = {m.number: test_scores(store, study.study_name, m.number) for m in on_front}
    means = {m.number: confirmed(store, study.study_name, m.number) for m in on_front}
    title = f"{study.study_name}: the front of {spent(study)} trials"
    if facts["synthetic"]:
        title += " (SYNTHETIC soundscapes)"
    display.table(front_table(members, objectives, tests, title, means))
    placed = placed_table(members, objectives)
    if placed is not None:
        display.table(placed)
    for note in notes_on_test(tests.values()):
        display.notice(note)
    early = len(stopped(study))
    if early:
        display.print(f"{early} of the trials were ended early, because others did better for no more")
    if not any(means.values()):
        display.print("one seed each; --confirm 5 trains the five best again with new seeds, for means and intervals")
    if teacher:
        shown = ", ".join(f"{split} {score_words(s.values[objectives.quality])}" for split, s in teacher.items())
        display.print(f"teacher: {objectives.quality} {shown} ({facts['teacher']})")
    _what_next(facts["environment"], store, display)


def _what_next(environment: str, store: Store, display: Display) -> None:
    place = "" if store.root == Path.cwd() / "mlruns" else f" --store {shlex.quote(str(store.root))}"
    out = shlex.quote(f"{cleaned(environment)}-knee")
    environment = shlex.quote(environment)
    display.print(
        f"export one:  sedkd export --env {environment} --pick knee --out {out}{place}\n"
        f"one page:    sedkd report --env {environment}{place}\n"
        f"look at all: sedkd ui{place}"
    )


def show_summary(names: Sequence[str], root: str | None) -> None:
    """One table over the studies of several environments."""
    from rich.table import Table

    store = open_store(root)
    table = Table(title="all environments", title_justify="left", header_style="bold", pad_edge=False)
    for head in ("study", "trials", "front", "pick", "validation", "test", "MACs/s", "student", "strategy"):
        table.add_column(head, no_wrap=head not in ("student", "strategy"))
    for name in names:
        study = load_study(store, None, name)
        for row in _summary_rows(study, store):
            table.add_row(*row)
    Display().table(table)


def _summary_rows(study: "optuna.Study", store: Store) -> list[list[str]]:
    """A line for the knee and one for the best of a study."""
    objectives, members = objectives_of(study), finished(study)
    on_front = front(members, objectives)
    if not on_front:
        return [[study.study_name, "0", "0", "-", "-", "-", "-", "-", "-"]]
    best = max(on_front, key=lambda m: m.measure(objectives.quality))
    synthetic = " (SYNTHETIC)" if study.user_attrs[FACTS]["synthetic"] else ""
    head = [f"{study.study_name}{synthetic}", str(spent(study)), str(len(on_front))]
    rows: list[list[str]] = []
    for word, member in (("knee", knee(on_front, objectives)), ("best", best)):
        test = test_scores(store, study.study_name, member.number)
        configuration = member.record["configuration"]
        rows.append(
            [
                *(head if not rows else ["", "", ""]),
                word,
                f"{member.measure(objectives.quality):.3f}",
                score_words(test.values[objectives.quality] if test else None),
                human(member.measure("macs")),
                student_words(configuration),
                strategy_words(configuration),
            ]
        )
    return rows
