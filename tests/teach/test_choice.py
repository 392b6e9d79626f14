"""A teacher's settings: what may be chosen, and the line for what may not."""

import pytest

from sedkd.teach.choice import ADAPTATIONS, ENSEMBLES, TARGETS, TeacherSettings


def test_defaults_are_the_first_of_each() -> None:
    found = TeacherSettings()
    assert (found.targets, found.adaptation, found.ensemble) == ("own", "general", "first")
    assert (TARGETS[0], ADAPTATIONS[0], ENSEMBLES[0]) == ("own", "general", "first")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("targets", ("own", "environment", "all")),
        ("adaptation", ("general", "adapted")),
        ("ensemble", ("first", "mean", "weighted")),
    ],
)
def test_every_choice(name: str, known: tuple[str, ...]) -> None:
    for value in known:
        assert getattr(TeacherSettings(**{name: value}), name) == value
    for wrong in ("loud", "", None):
        with pytest.raises(ValueError, match=rf"^teacher\.{name} must be one of {', '.join(known)}, not {wrong}$"):
            TeacherSettings(**{name: wrong})


def test_equal_settings_are_one_key() -> None:
    """They name what is computed once."""
    assert len({TeacherSettings(), TeacherSettings("own"), TeacherSettings(ensemble="mean")}) == 2
