"""A place that several machines reach, through fsspec: file://, s3://, gs:// and whatever else it opens.

What is called NAME lies there as NAME/DIGEST, the SHA-256 of its content: what was damaged or changed is known when it
is read, two machines that write the same write the same file, and of two that wrote different ones all read the same. A
file is written under a temporary name and renamed. fsspec's own caches of files are not used, as they are not safe for
several processes (https://github.com/fsspec/filesystem_spec/issues/639).
"""

import hashlib
import re
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sedkd.disk.paths import written_atomically
from sedkd.errors import SedkdWarning, UserError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

VARIABLE = "SEDKD_CACHE_REMOTE"
BLOCK = 1 << 23  # bytes at once: as much as an object store likes to send and take
EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}  # object stores: they have no folders to be made
_FAST = {"connect_timeout": 5, "read_timeout": 60, "retries": {"max_attempts": 1}}  # s3fs itself tries five times
_DIGEST = re.compile("[0-9a-f]{64}")

Waiting = Callable[[], None]
"""Called now and then; may raise to end what takes long."""


class Unreachable(Exception):
    """The place cannot be read or written now; the reason in a few words."""


class Remote:
    """The place that `url` names.

    Raises:
        UserError: it is no URL, its protocol is unknown, or the package for it is not installed.
    """

    def __init__(self, url: str) -> None:
        self.place = re.sub("://[^/@]*@", "://", url)
        self.protocol = url.partition("://")[0]
        self._url = url
        self._files: AbstractFileSystem | None = None
        _require_known(url, self.place)

    def has(self, name: str) -> bool:
        """Whether anything lies there under this name. Unreachable."""
        with self._reaching():
            return bool(self._digests(name))

    def bring(self, name: str, target: Path, waiting: Waiting, digest: str | None = None) -> bool:
        """Write what lies there under this name (of this digest, if one is named) to `target`; False where there is
        nothing that is whole. What is not is named in a warning. Unreachable; an OSError of this machine's disk."""
        with self._reaching():
            digests = [there for there in self._digests(name) if digest in (None, there)]
        for digest in digests:
            found = hashlib.sha256()
            with suppress(_Damaged), written_atomically(target) as temporary:
                with temporary.open("wb") as file:
                    for block in self._blocks(f"{name}/{digest}"):
                        waiting()
                        found.update(block)
                        file.write(block)
                if found.hexdigest() != digest:
                    raise _Damaged
                return True
            warnings.warn(
                f"${VARIABLE} {self.place}: {name}/{digest[:12]}... is damaged (its content has another digest) and is "
                "not used",
                SedkdWarning,
                stacklevel=2,
            )
        return False

    def send(self, source: Path, name: str, waiting: Waiting) -> str:
        """Put a file there under this name; its digest. Unreachable."""
        with self._reaching():
            files, temporary = self.files, f"{self._root}/unfinished/{uuid.uuid4().hex}"
            self._make_folder(f"{self._root}/unfinished")
            digest, size = hashlib.sha256(), 0
            try:
                with source.open("rb") as file, files.open(temporary, "wb", block_size=BLOCK) as there:
                    while block := file.read(BLOCK):
                        waiting()
                        digest.update(block)
                        size += there.write(block)
                if files.info(temporary)["size"] != size:
                    raise Unreachable(f"{name} did not arrive whole")
                self._make_folder(f"{self._root}/{name}")
                files.mv(temporary, f"{self._root}/{name}/{digest.hexdigest()}")
            except BaseException:
                with suppress(Exception):
                    files.rm_file(temporary)
                raise
            return digest.hexdigest()

    def remove(self, name: str, digest: str) -> None:
        """Remove what lies there under this name with this digest, if it does. Unreachable."""
        with self._reaching(), suppress(FileNotFoundError):
            self.files.rm_file(f"{self._root}/{name}/{digest}")

    @property
    def files(self) -> "AbstractFileSystem":
        if self._files is None:
            from fsspec.core import url_to_fs

            more: dict[str, Any] = {"config_kwargs": _FAST} if EXTRAS.get(self.protocol) == "s3" else {}
            self._files, root = url_to_fs(self._url, use_listings_cache=False, skip_instance_cache=True, **more)
            self._root = root.rstrip("/")
        if self.protocol == "file" and not self._files.isdir(self._root):
            raise Unreachable("there is no such folder; make or mount it")
        return self._files

    def _digests(self, name: str) -> list[str]:
        files = self.files
        try:
            found = files.ls(f"{self._root}/{name}", detail=False)
        except FileNotFoundError:
            return []
        return sorted(last for path in found if _DIGEST.fullmatch(last := path.rpartition("/")[2]))

    def _blocks(self, path: str) -> Iterator[bytes]:
        with self._reaching():
            stream = self.files.open(f"{self._root}/{path}", "rb", block_size=BLOCK)
        with stream:
            while True:
                with self._reaching():
                    block = stream.read(BLOCK)
                if not block:
                    return
                yield block

    def _make_folder(self, path: str) -> None:
        if self.protocol not in EXTRAS:
            self.files.makedirs(path, exist_ok=True)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Whatever the libraries behind fsspec raise: each has errors of its own."""
        try:
            yield
        except Unreachable:
            raise
        except Exception as error:
            strerror = error.strerror if isinstance(error, OSError) else None
            reason = " ".join((strerror or str(error) or type(error).__name__).split())
            raise Unreachable(re.sub("://[^/@ ]*@", "://", reason)) from error


class _Damaged(Exception):
    pass


def _require_known(url: str, place: str) -> None:
    from fsspec import get_filesystem_class
    from fsspec.registry import known_implementations

    protocol, mark, rest = url.partition("://")
    if not mark or "::" in protocol or (protocol == "file" and not rest.startswith("/")):
        raise UserError(f"${VARIABLE} {place}: expected file:///FOLDER, s3://BUCKET/FOLDER or gs://BUCKET/FOLDER")
    try:
        get_filesystem_class(protocol)
    except ValueError as error:
        raise UserError(
            f"${VARIABLE} {place}: the protocol {protocol} is unknown; file://, s3:// and gs:// are known"
        ) from error
    except ImportError as error:
        known = known_implementations.get(protocol, {}).get("err", str(error))
        mend = f"pip install 'sedkd[{EXTRAS[protocol]}]'" if protocol in EXTRAS else known
        raise UserError(f"${VARIABLE} {place}: the package for {protocol}:// is not installed; {mend}") from error
