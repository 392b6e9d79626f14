"""The least seconds of whoever knew a table: between its bounds lies what trying every choice finds."""

import itertools
import math
import random
from pathlib import Path

import pytest

from benchmarks.replay.least import Student, least, students_of, volume_of
from sedkd.errors import UserError

TABLES = Path(__file__).parents[2] / "benchmarks" / "replay"


@pytest.mark.parametrize("seed", range(6))
def test_the_least_of_all_choices_lies_between_the_bounds(seed: int) -> None:
    draw = random.Random(seed)
    students = [Student(draw.uniform(4.5, 6), draw.uniform(0.3, 0.8), draw.uniform(1, 30)) for _ in range(9)]
    volume = draw.uniform(0.9, 1.0) * volume_of(students)
    choices = (c for size in range(1, 10) for c in itertools.combinations(students, size) if volume_of(c) >= volume)
    true = min(sum(student.seconds for student in choice) for choice in choices)
    found = least(students, volume)
    assert found.at_least <= true + 1e-6
    assert true <= found.at_most + 1e-6
    assert volume_of(found.students) >= volume


def test_one_student_that_is_enough() -> None:
    found = least([Student(5, 0.5, 9.0), Student(5, 0.5, 4.0), Student(6, 0.5, 1.0)], 2.0)
    assert [student.seconds for student in found.students] == [4.0]
    assert math.isclose(found.at_least, 4.0, rel_tol=0.2)


def test_more_than_the_table_holds() -> None:
    with pytest.raises(UserError, match=r"all trainings of the table together have 2\.0000"):
        least([Student(5, 0.5, 9.0)], 2.1)


@pytest.mark.parametrize(("name", "of_a_row"), [("farm.json", 8), ("farm-rungs.json", 2)])
def test_every_checkpoint_of_a_recorded_table_is_a_student(name: str, of_a_row: int) -> None:
    students = students_of(TABLES / name)
    assert len(students) % of_a_row == 0
    assert all(student.seconds > 0 and 0 <= student.f1 <= 1 for student in students)
