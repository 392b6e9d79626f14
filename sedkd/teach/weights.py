"""Public AudioSet checkpoints: where they come from, how they are checked, where they lie.

EfficientAT (Schmid et al. 2023), MIT licence, release v0.0.1. Nothing is fetched but by `sedkd teacher fetch`.
"""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sedkd.disk.paths import cache_root, written_atomically
from sedkd.errors import UserError

RELEASE = "https://github.com/fschmid56/EfficientAT/releases/download/v0.0.1"
BLOCK = 1 << 16


@dataclass(frozen=True)
class PublicWeights:
    """A published file and its sha256."""

    filename: str
    sha256: str


AUDIOSET_WEIGHTS = {
    "mn04_as": PublicWeights("mn04_as_mAP_432.pt", "899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c"),
    "mn10_as": PublicWeights("mn10_as_mAP_471.pt", "0bd7dc2443af498c289a2e739f02ebb515d6aa3fd3ab9db539c86123ae368a4e"),
}


def weights_folder() -> Path:
    return cache_root() / "weights"


def weights_path(name: str) -> Path:
    """The checked file of a named checkpoint. UserError says how to get it when it is not there."""
    path = weights_folder() / AUDIOSET_WEIGHTS[name].filename
    if not path.exists():
        raise UserError(
            f"{name} is not in the cache: run `sedkd teacher fetch {name}`, or put {path.name} into {path.parent}"
        )
    _check(path, name)
    return path


def is_cached(name: str) -> bool:
    return (weights_folder() / AUDIOSET_WEIGHTS[name].filename).exists()


def fetch(name: str, progress: Callable[[int, int], None] | None = None) -> Path:
    """Bring a named checkpoint into the cache, checked by sha256. `progress(bytes, of_bytes)`.

    $SEDKD_WEIGHTS_URL replaces the release's address, for a mirror. A file that is there already is only checked.

    Raises:
        UserError: unknown name, no network (which file to put where), or another sha256 than the published one.
    """
    if name not in AUDIOSET_WEIGHTS:
        raise UserError(f"no public checkpoint {name!r}; there are: {', '.join(AUDIOSET_WEIGHTS)}")
    public, target = AUDIOSET_WEIGHTS[name], weights_folder() / AUDIOSET_WEIGHTS[name].filename
    if target.exists():
        _check(target, name)
        return target
    url = f"{os.environ.get('SEDKD_WEIGHTS_URL', RELEASE).rstrip('/')}/{public.filename}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer, written_atomically(target) as temporary:
            total, done = int(answer.headers.get("Content-Length") or 0), 0
            with temporary.open("wb") as stream:
                while block := answer.read(BLOCK):
                    stream.write(block)
                    done += len(block)
                    if progress:
                        progress(done, total)
            if _sha256(temporary) != public.sha256:
                raise UserError(
                    f"{url}: what came is not {name} (another sha256 than the published one) and was thrown away; "
                    f"download {public.filename} elsewhere and put it into {target.parent}"
                )
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        raise UserError(
            f"cannot fetch {url} ({reason}); download {public.filename} elsewhere and put it into {target.parent}"
        ) from error
    return target


def _check(path: Path, name: str) -> None:
    found = _sha256(path)
    if found != AUDIOSET_WEIGHTS[name].sha256:
        raise UserError(
            f"{path}: sha256 is {found[:12]}..., not {name}'s {AUDIOSET_WEIGHTS[name].sha256[:12]}...; "
            "remove the file and fetch it again"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
