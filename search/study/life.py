"""Which life of a study a folder's trials are of: a study whose database was moved away, or whose rows were deleted,
begins anew under its name, and trial 6 is another student than before."""

import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

from search.study.records import LIFE
from sedkd.disk.kept import one_at_a_time
from sedkd.disk.paths import written_atomically
from sedkd.errors import SedkdWarning, UserError

if TYPE_CHECKING:
    from search.study.view import StudyView


def claim(study: "StudyView") -> None:
    """Make the study's folder one of this life: trials of an earlier one are moved aside in it, with a warning.

    A study of before lives were told apart is left alone.

    Raises:
        UserError: they cannot be moved.
    """
    life, folder = study.optuna.user_attrs.get(LIFE), study.folder
    if life is None or _life_in(study) == life:
        return
    with suppress(OSError), one_at_a_time(folder / ".life.lock"):
        if _life_in(study) != life:
            _move_aside(study)
            with written_atomically(folder / LIFE) as temporary:
                temporary.write_text(life)
    if _life_in(study) != life and any(folder.glob("trial-*")):
        raise UserError(
            f"{folder}: holds trials of an earlier study of this name, and cannot be written to: move it away"
        )


def _life_in(study: "StudyView") -> str | None:
    file = study.folder / LIFE
    return file.read_text() if file.exists() else None


def _move_aside(study: "StudyView") -> None:
    former = sorted(study.folder.glob("trial-*"))
    if not former:
        return
    aside = study.folder / f"former-{1 + len(list(study.folder.glob('former-*')))}"
    aside.mkdir()
    for trial in former:
        trial.rename(aside / trial.name)
    told = f"{study.folder}: holds {len(former)} trials of an earlier study of this name; they are in {aside.name}/ now"
    warnings.warn(told, SedkdWarning, stacklevel=4)
