"""Studies of Optuna's that are no searches: they hold what a storage of trials alone has no other place for."""

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.storages import BaseStorage


def bookkeeping(storage: "BaseStorage", name: str) -> int:
    """Optuna's number of the study of this name, which is made where there is none. It lacks the facts that a search's
    study has, so that nothing takes it for one."""
    from optuna.exceptions import DuplicatedStudyError
    from optuna.study import StudyDirection

    with suppress(KeyError):
        return storage.get_study_id_from_name(name)
    with suppress(DuplicatedStudyError):  # another process made it meanwhile
        return storage.create_new_study([StudyDirection.MINIMIZE], name)
    return storage.get_study_id_from_name(name)
