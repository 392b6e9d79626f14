"""Where the working memory of a network lies: arrays that are never needed at the same time share their place."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Array:
    """An intermediate array of `size` numbers, and the calls, counted from 0, that write it first and need it last."""

    name: str
    size: int
    first: int
    last: int

    def meets(self, other: "Array") -> bool:
        return self.first <= other.last and other.first <= self.last


def placed(arrays: Sequence[Array]) -> tuple[dict[str, int], int]:
    """By name the first number of each array, the largest placed first, and how many numbers all need together."""
    found: list[tuple[Array, int]] = []
    for array in sorted(arrays, key=lambda each: -each.size):
        place = 0
        for other, start in sorted(found, key=lambda each: each[1]):
            if array.meets(other) and start < place + array.size:
                place = max(place, start + other.size)
        found.append((array, place))
    return {array.name: place for array, place in found}, max(place + array.size for array, place in found)
