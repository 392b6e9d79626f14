"""What people answered on a review's page, read back."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sedkd.errors import UserError
from sedkd.review.review import Clip, Review
from sedkd.spelling import folded

FORMAT, VERSION = "sedkd answers", 1
YES, NO, OTHER, SKIP = "yes", "no", "other", "skip"
MEND = "download the answers from the page again"


@dataclass(frozen=True)
class Answer:
    """Whether the clip's label is heard in its span; if not, perhaps `other`, which is."""

    place: int
    clip: Clip
    yes: bool
    other: str | None = None


@dataclass(frozen=True)
class Answers:
    """What was answered; how many clips were skipped only; and how many are left out because people disagree."""

    answers: tuple[Answer, ...]
    skipped: int
    disputed: int


def read_answers(review: Review, files: Sequence[Path]) -> Answers:
    """The answers of one or several people to the same review, in the order of its clips.

    Where they agree that the clip's label is not heard, but not on what is, it is a no.

    Raises:
        UserError: a file is damaged, holds no answers, or answers to another review.
    """
    said: dict[int, set[tuple[str, str | None]]] = defaultdict(set)
    for file in files:
        for place, answer in _answers_in(file, review).items():
            said[place].add(answer)
    found, skipped, disputed = [], 0, 0
    for place in sorted(said):
        told = {answer for answer in said[place] if answer[0] != SKIP}
        if not told:
            skipped += 1
        elif len({kind == YES for kind, _ in told}) > 1:
            disputed += 1
        else:
            kind, other = told.pop()
            agreed = None if told else other  # where all say no, perhaps not what else is heard
            found.append(Answer(place, review.clips[place], kind == YES, agreed))
    return Answers(tuple(found), skipped, disputed)


def _answers_in(file: Path, review: Review) -> dict[int, tuple[str, str | None]]:
    content = _content(file)
    if content.get("format") != FORMAT:
        raise UserError(f"{file}: holds no answers of a review; {MEND}")
    if content.get("version") != VERSION:
        raise UserError(f"{file}: answers of version {content.get('version')!r}; this sedkd reads {VERSION}")
    if content.get("review") != review.digest:
        raise UserError(
            f"{file}: answers to the review {content.get('review')}, but the page is of {review.digest}; "
            "name the page that they were given on"
        )
    given = content.get("answers")
    if not isinstance(given, dict):
        raise UserError(f"{file}: holds no answers; {MEND}")
    return {_place(key, review, file): _answer(key, one, review, file) for key, one in given.items()}


def _content(file: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))  # some editors save a mark in front
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror}); check the path") from error
    except ValueError as error:
        raise UserError(f"{file}: is no whole JSON file ({error}); {MEND}") from error
    if not isinstance(content, dict):
        raise UserError(f"{file}: holds no answers of a review; {MEND}")
    return content


def _place(key: str, review: Review, file: Path) -> int:
    if not key.isdecimal() or int(key) >= len(review.clips):
        raise UserError(f"{file}: answers clip {key!r}, of which the review has none; {MEND}")
    return int(key)


def _answer(key: str, given: Any, review: Review, file: Path) -> tuple[str, str | None]:
    kind = given.get("answer") if isinstance(given, dict) else None
    if kind not in (YES, NO, OTHER, SKIP):
        raise UserError(f"{file}: clip {key}: the answer {kind!r} is none of yes, no, other, skip; {MEND}")
    if kind != OTHER:
        return str(kind), None
    label, asked = given.get("label"), review.clips[int(key)].label
    if label != asked and folded(str(label)) == folded(asked):  # a page may offer both spellings of one event
        return YES, None
    if label not in review.labels or label == asked:
        raise UserError(f"{file}: clip {key}: {label!r} is no other label of this review ({', '.join(review.labels)})")
    return str(kind), str(label)
