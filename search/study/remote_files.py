"""Files of studies at $SEDKD_CACHE_REMOTE, where the storage of the trials keeps none.

Each content lies there under its digest (`sedkd.disk.remote`). Which one is a study's file now, an attribute of a study
of Optuna's says, which is written at once or not at all.
"""

import os
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from search.study.bookkeeping import bookkeeping
from sedkd.disk.remote import VARIABLE, Remote
from sedkd.errors import SedkdWarning, UserError

if TYPE_CHECKING:
    from optuna.storages import BaseStorage


def remote_of_environment(address: str) -> Remote:
    """The place that $SEDKD_CACHE_REMOTE names. UserError where it names none."""
    url = os.environ.get(VARIABLE)
    if not url:
        raise UserError(
            f"--storage {address}: a gRPC proxy passes on no files; name a place for students and scores that all "
            f"machines reach, {VARIABLE}=file:///FOLDER, s3://BUCKET/FOLDER or gs://BUCKET/FOLDER"
        )
    return _opened(url)


class RemoteFiles:
    """Files by study and path below its folder."""

    def __init__(self, storage: "BaseStorage", remote: Remote) -> None:
        self.storage, self.remote = storage, remote

    def share(self, study: str, path: str, file: Path) -> None:
        """Put a file there as it is now. `sedkd.disk.remote.Unreachable`."""
        name, before = _name(study, path), self.digests(study).get(path)
        digest = self.remote.send(file, name, _nobody_waits)
        self.storage.set_study_user_attr(self._index(study), path, digest)
        if before not in (None, digest):
            self.remote.remove(name, before)

    def fetch(self, study: str, path: str, file: Path) -> None:
        """Write it to `file`, if it was shared. `sedkd.disk.remote.Unreachable`."""
        for _ in range(2):  # it may be another one since the index was read
            digest = self.digests(study).get(path)
            if digest is None or self.remote.bring(_name(study, path), file, _nobody_waits, digest):
                return
        warnings.warn(
            f"${VARIABLE} {self.remote.place}: lacks {_name(study, path)}/{digest}, which was shared",
            SedkdWarning,
            stacklevel=2,
        )

    def forget(self, study: str, path: str) -> None:
        """Remove it there. `sedkd.disk.remote.Unreachable`."""
        digest = self.digests(study).get(path)
        if digest is not None:
            self.storage.set_study_user_attr(self._index(study), path, None)
            self.remote.remove(_name(study, path), digest)

    def digests(self, study: str) -> Mapping[str, str]:
        """Of each file that was shared the SHA-256 of its content, by path."""
        found = self.storage.get_study_user_attrs(self._index(study))
        return {path: digest for path, digest in found.items() if digest is not None}

    def _index(self, study: str) -> int:
        """The study of Optuna's whose attributes say which files there are."""
        return bookkeeping(self.storage, f"sedkd files {study}")


_opened = cache(Remote)  # an object store's client is made once a process


def _name(study: str, path: str) -> str:
    return f"studies/{study}/{path}"


def _nobody_waits() -> None:
    """A student is small: nothing is shown while it is on its way."""
