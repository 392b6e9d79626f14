"""What went wrong, in one line, where a person can mend it: mistakes in the input, and disks that do not serve."""

import errno
import os
from pathlib import Path

from sedkd.disk.paths import cache_root
from sedkd.errors import UserError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SHUT = (errno.EROFS, errno.EACCES, errno.EPERM)
_ODD = (errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG, errno.EIO, errno.ELOOP, errno.ESTALE)


def line_of(error: BaseException) -> str | None:
    """The line to show for an error that a person can mend; None for any other."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and (error.errno in (*_FULL, *_SHUT, *_ODD) or _is_gone(error)):
        return _disk_line(error)
    return None


def _is_gone(error: OSError) -> bool:
    """Whether a file or folder by its path is not there: a disk that is not mounted, or what somebody deleted since."""
    return error.errno == errno.ENOENT and error.filename is not None and os.sep in os.fsdecode(error.filename)


def _disk_line(error: OSError) -> str:
    """The file or folder that could not be written or read, the system's reason, and the mend."""
    reason = os.strerror(error.errno or 0)
    mend = "make room" if error.errno in _FULL else "see that it may be written to"
    if _is_gone(error):
        mend = "see that its disk is there"
    if error.filename is None:
        return f"{reason}; {mend} where output, results (--store) and cache ({cache_root()}) lie"
    place = _place(error).absolute()
    other = "$SEDKD_CACHE" if place.is_relative_to(cache_root().absolute()) else "--store or --out"
    return f"{place}: {reason}; {mend}, or name another folder with {other}"


def _place(error: OSError) -> Path:
    """Of two names, as of copying, linking and renaming, the second: what was to be written; the first where it is the
    one that is gone."""
    if error.filename2 is None or (_is_gone(error) and not os.path.lexists(error.filename)):
        return Path(os.fsdecode(error.filename))
    return Path(os.fsdecode(error.filename2))
