"""Which of an environment's named subsets of events are searched for: one, several, or all of them and all events."""

from dataclasses import replace

from search.setup.preparation import Subject
from search.setup.setting import setting
from sedkd.errors import UserError

ALL = "all"


def each_subset(subject: Subject) -> list[Subject]:
    """The subject, once for each subset that its `subset` names: a name, several joined by commas, or `all`, which is
    all events first, and then each subset that the environment knows.

    Raises:
        UserError: none, one twice, or one that the environment does not know, before anything is searched for.
    """
    asked = subject.subset
    if asked is None or (asked != ALL and "," not in asked):
        return [subject]
    found = setting(
        subject.environment, subject.data, subject.space, subject.dataset, subject.fold, subject.label_column
    ).environment
    if asked in found.subsets:  # that is its name
        return [subject]
    names = [None, *found.subsets] if asked == ALL else [name.strip() for name in asked.split(",")]
    if asked == ALL and len(names) == 1:
        raise UserError(f"--subset all: environment {found.name} names no subset of its events; leave it out")
    if len(set(names)) < len(names) or "" in names:
        raise UserError(f"--subset {asked}: expected one subset, several different ones joined by commas, or all")
    for name in names:
        found.narrowed(subset=name)
    return [replace(subject, subset=name) for name in names]
