"""Which file of the ground truth a table means that names it by another path: `detect` tells the path it was given."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from sedkd.data.folders import without_audio_suffix
from sedkd.errors import UserError


def names_of(table: Iterable[str], truth: Iterable[str], source: str) -> dict[str, str]:
    """File of the ground truth -> what a table calls it.

    A name that the truth lists is that file. Any other is the one whose path ends alike, in its last part at least;
    where there is none, the one that is called so but for the ending of an audio file: `a` and `a.flac` are `a.wav`.

    Raises:
        UserError: a name fits several files, or several names fit one; both are named, as is `source`.
    """
    known = list(truth)
    ends: dict[str, list[str]] = {}
    without_suffix: dict[str, list[str]] = {}
    for name in known:
        ends.setdefault(_parts(name)[-1], []).append(name)
        without_suffix.setdefault(_parts(without_audio_suffix(name))[-1], []).append(name)
    listed, meant = set(known), dict[str, str]()
    for name in table:
        alike = ends.get(_parts(name)[-1]) or without_suffix.get(_parts(without_audio_suffix(name))[-1], [])
        target = name if name in listed else _meant(name, alike, source)
        if target in meant:
            raise UserError(
                f"{source}: {meant[target]!r} and {name!r} both stand for {target!r} of the ground truth: "
                "keep one, or name both as the ground truth does"
            )
        meant[target] = name
    return meant


def of_other_folders(names: Mapping[str, str]) -> list[str]:
    """A line where some of `names_of` lie in folders that are called otherwise, and may be other recordings of the same
    name: `north/001.wav` for `south/001.wav`, but not for `001.wav`."""
    apart = [(name, target) for target, name in names.items() if _is_apart(name, target)]
    if not apart:
        return []
    which = f"such as {apart[0][0]!r} for {apart[0][1]!r}"
    return [f"{len(apart)} files are matched by name, though their folders differ, {which}: are they the same?"]


def _is_apart(name: str, target: str) -> bool:
    one, other = without_audio_suffix(name), without_audio_suffix(target)
    return _common_end(one, other) < min(len(_parts(one)), len(_parts(other)))


def _meant(name: str, candidates: list[str], source: str) -> str:
    """Of files whose last part is that of `name`, the one whose path agrees farthest; `name` where there is none."""
    if not candidates:
        return name
    agreement = {other: _common_end(without_audio_suffix(name), without_audio_suffix(other)) for other in candidates}
    best = [other for other, length in agreement.items() if length == max(agreement.values())]
    if len(best) > 1:
        raise UserError(
            f"{source}: {name!r} may be {best[0]!r} or {best[1]!r} of the ground truth: name it as it stands there"
        )
    return best[0]


def _common_end(first: str, second: str) -> int:
    """How many parts two paths have in common at their ends."""
    pairs = zip(reversed(_parts(first)), reversed(_parts(second)), strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(_parts(first)), len(_parts(second))))


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts or ("",)
