"""Which students were trained on from rung to rung, and what they gained."""

from search.pareto.rungs import FACTOR, students
from search.show.page.findings import Findings
from search.show.page.markup import paragraph, table
from search.show.words import rung_words, strategy_words, student_words
from search.study.records import FinishedTrial


def rung_parts(found: Findings) -> list[str]:
    """A table of the students that were continued, the longest trained first; nothing where all have as many steps."""
    told = rung_words(found.members)
    if not told:
        return []
    there = {member.number: member for member in found.members}
    quality = found.objectives.quality
    ladder = sorted({member.record.steps for member in found.members})
    continued = [member for member in students(found.members) if member.record.continues is not None]
    continued.sort(key=lambda m: (-m.record.steps, -m.measure(quality)))
    rows = []
    for member in continued:
        chain = _chain(member, there)
        scores = {one.record.steps: f"{one.measure(quality):.3f}" for one in chain}
        numbers = " > ".join(str(one.number) for one in chain)
        words = (student_words(member.record.configuration), strategy_words(member.record.configuration))
        rows.append([numbers, *words, *(scores.get(steps, "") for steps in ladder)])
    head = ["trials", "student", "strategy", *(f"{steps} steps" for steps in ladder)]
    rule = (
        f"{told}. Of those that reached a number of steps one in {FACTOR} was trained on, by the hypervolume that it "
        "promised per second; when all were begun, so were those of which the front may be made."
    )
    return [paragraph(rule), table(f"{quality} on validation of the students that were trained on", head, rows)]


def _chain(member: FinishedTrial, there: dict[int, FinishedTrial]) -> list[FinishedTrial]:
    """The trials of a student, from its first rung on."""
    chain = [member]
    while chain[0].record.continues is not None and chain[0].record.continues in there:
        chain.insert(0, there[chain[0].record.continues])
    return chain
