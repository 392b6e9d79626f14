"""The notes that a person reads on MLflow's pages of a study and of a trial."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.pareto.picks import picks_of
from search.show.words import human, macs_words, strategy_words, student_words
from search.study.objectives import Objectives
from search.study.records import FinishedTrial
from search.study.trial_record import FinishedRecord, StoppedRecord
from search.tracking.links import run_link, trials_link

NOTE_TAG = "mlflow.note.content"
MAX_LISTED = 30  # front members in a note: MLflow takes 8000 characters


def study_note(
    facts: Mapping[str, Any],
    experiment: str,
    study: str,
    objectives: Objectives,
    on_front: Sequence[tuple[FinishedTrial, str]],
) -> str:
    """What a study is about, and its front, each member with its run's id."""
    source = "**SYNTHETIC soundscapes** made by sedkd." if facts["synthetic"] else f"Recordings: `{facts['data']}`."
    return "\n\n".join(
        [
            f"Students for **{facts['environment']}** ({facts['scene']}), events: {', '.join(facts['events'])}.",
            _front_lines(experiment, objectives, on_front),
            f"[All trials, the front first]({trials_link(experiment, study)}). Under Artifacts, `pareto.html` is the "
            "front as it grows, `front.csv` its table.",
            f"{source} Teacher: {facts['teacher']}.",
            "Trials carry `pareto_rank` (1 is the front, 10 is 10 or more), `on_front`, `log10_flops` per second of "
            "audio, scores on validation and, for front members once the search has ended, on test (`test_...`).",
        ]
    )


def trial_note(record: FinishedRecord | StoppedRecord, objectives: Objectives) -> str:
    """A trial in a sentence."""
    measures, configuration = record.measures, record.configuration
    control = f"Control: {record.control}. " if record.control else ""
    if isinstance(record, FinishedRecord) and record.second_seed_of is not None:
        control = f"Trial {record.second_seed_of} with a second seed. "
    costs = f"{macs_words(measures, objectives)} MACs/s, {human(measures['params'])} parameters"
    if isinstance(record, StoppedRecord):
        score = f"ended early at {record.rung} with {record.score:.3f}: others did better for no more"
    else:
        heard = " in eight bits" if objectives.int8 else ""
        score = f"{objectives.quality} {measures[objectives.quality]:.3f}{heard} on validation"
    return f"{control}{student_words(configuration)}, {strategy_words(configuration)}: {score}; {costs}."


def _front_lines(experiment: str, objectives: Objectives, on_front: Sequence[tuple[FinishedTrial, str]]) -> str:
    if not on_front:
        return "No trial has finished yet."
    picks = picks_of([member for member, _ in on_front], objectives)
    # The picks first: where not all find room, these do.
    named = sorted(on_front, key=lambda pair: pair[0].number not in picks)[:MAX_LISTED]
    lines = [
        f"| [{member.number}]({run_link(experiment, run)}) | {', '.join(picks.get(member.number, ()))} "
        f"| {member.measure(objectives.quality):.3f} | {macs_words(member.record.measures, objectives)} "
        f"| {student_words(member.record.configuration)} | {strategy_words(member.record.configuration)} |"
        for member, run in sorted(named, key=lambda pair: pair[0].measure(objectives.cost))
    ]
    head = f"| trial | pick | {objectives.quality} | MACs/s | student | strategy |\n|---|---|---|---|---|---|"
    more = f"\n\n... and {len(on_front) - len(named)} more on the front." if len(on_front) > len(named) else ""
    return "\n".join([head, *lines]) + more
