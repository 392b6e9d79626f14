"""Which life of a study a folder's trials are of: a study whose database was moved away, or whose rows were deleted,
begins anew under its name, and trial 6 is another student than before; and so it is where an earlier copy of the
database was put back."""

import uuid
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from search.study.records import LIFE
from sedkd.disk.kept import one_at_a_time
from sedkd.disk.paths import written_atomically
from sedkd.errors import SedkdWarning, UserError

if TYPE_CHECKING:
    import optuna

    from search.study.view import StudyView


def begin_life(study: "optuna.Study") -> None:
    """Tell a study apart from those that had its name, or that it was itself."""
    study.set_user_attr(LIFE, uuid.uuid4().hex)


def claim(study: "StudyView") -> None:
    """Make the study's folder one of this life: trials of an earlier one are moved aside in it, with a warning, and so
    are those that the study no longer has, where its life goes on from an earlier copy of its database.

    A study of before lives were told apart is left alone.

    Raises:
        UserError: they cannot be moved.
    """
    life, folder = study.optuna.user_attrs.get(LIFE), study.folder
    if life is None or (_life_in(study) == life and not _unknown(study)):
        return
    with suppress(OSError), one_at_a_time(folder / ".life.lock"):
        life = study.optuna.user_attrs[LIFE]  # another process may have begun it anew meanwhile
        if _life_in(study) != life:
            _move_aside(study, _trials_in(study), "trials of an earlier study of this name")
        elif unknown := _unknown(study):  # first aside: who is killed after a life was begun would move all of them
            _move_aside(study, unknown, "trials that the study lacks, since a copy of its database was put back")
            begin_life(study.optuna)
        life = study.optuna.user_attrs[LIFE]
        with written_atomically(folder / LIFE) as temporary:
            temporary.write_text(life)
    if _life_in(study) != life and _trials_in(study):
        raise UserError(
            f"{folder}: holds trials of an earlier study of this name, and cannot be written to: move it away"
        )


def _life_in(study: "StudyView") -> str | None:
    file = study.folder / LIFE
    return file.read_text() if file.exists() else None


def _trials_in(study: "StudyView") -> list[Path]:
    return sorted(study.folder.glob("trial-*"), key=_number)


def _number(folder: Path) -> int:
    number = folder.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1


def _unknown(study: "StudyView") -> list[Path]:
    """The folders of trials whose numbers the study has not come to: a trial is there before its folder is."""
    folders = _trials_in(study)
    if not folders or _has(study, _number(folders[-1])):
        return []
    return [folder for folder in folders if not _has(study, _number(folder))]


def _has(study: "StudyView", number: int) -> bool:
    """Whether a study has a trial of this number, asked of its storage by itself: all trials take long to read."""
    storage, study_id = study.optuna._storage, study.optuna._study_id
    try:
        storage.get_trial_id_from_study_id_trial_number(study_id, number)
    except KeyError:
        return False
    return True


def _move_aside(study: "StudyView", former: Sequence[Path], what: str) -> None:
    if not former:
        return
    aside = study.folder / f"former-{1 + len(list(study.folder.glob('former-*')))}"
    aside.mkdir()
    for trial in former:
        trial.rename(aside / trial.name)
    told = f"{study.folder}: holds {len(former)} {what}; they are in {aside.name}/ now"
    warnings.warn(told, SedkdWarning, stacklevel=4)
