"""Students of comparisons of before are found again: what names them does not change when a setting is added."""

from pathlib import Path

from sedkd.compare.training import Run
from sedkd.models.settings import StudentSettings
from sedkd.train.settings import TrainSettings
from sedkd.trial.configuration import Configuration


def test_a_student_has_the_name_that_commit_2eabb5e_gave_it() -> None:
    recipe = Configuration(StudentSettings(16, 3), TrainSettings(steps=2400, learning_rate=0.016, mixture=0.5))
    assert Run(recipe, 0, Path()).path == Path("51ced94017a3dec2-seed-0.json")
    assert repr(recipe) == (  # of which the comparison's own name is made
        "Configuration(student=StudentSettings(width=16, depth=3, block='separable', head='none'), "
        "train=TrainSettings(steps=2400, batch=32, frames=32, learning_rate=0.016, weight_decay=0.01, "
        "unlabeled_share=0.0, foreign_share=0.0, mixture=0.5, seed=0), "
        "teacher=TeacherSettings(targets='own', adaptation='general', ensemble='first'), strategy='none', "
        "parameters={}, initialisation='random')"
    )


def test_a_setting_that_came_later_counts_where_it_changes_something() -> None:
    plain, warmed = (Configuration(train=TrainSettings(warmup=warmup)) for warmup in (None, 20))
    assert repr(warmed).count("warmup=20") == 1
    assert Run(plain, 0, Path()).path != Run(warmed, 0, Path()).path
