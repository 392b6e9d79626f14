"""Finished trials with scores and costs as a test wants them."""

from dataclasses import replace

from search.study.objectives import parse
from search.study.records import FinishedTrial
from search.study.trial_record import FinishedRecord

OBJECTIVES = parse("f1_segment,macs")


def trial(
    number: int, quality: float, macs: float, steps: int = 150, continues: int | None = None, seconds: float = 10.0
) -> FinishedTrial:
    measures = {"f1_segment": quality, "macs": macs}
    curve = [{"step": steps, "steps": steps, "loss": 0.1, "score": quality, "seconds": 1.0}]
    record = FinishedRecord(measures=measures, curve=curve, continues=continues, seconds=seconds)
    return FinishedTrial(number, tuple(OBJECTIVES.values(measures)), record)


def with_second_seed(first: FinishedTrial, quality: float) -> FinishedTrial:
    again = replace(first.record, measures={**first.record.measures, "f1_segment": quality})
    return first.with_again((again,), OBJECTIVES)
