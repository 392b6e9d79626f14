"""Answers as training data: the asked clips, cut out of their recordings, in an environment's reviewed split."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sedkd.data.audio import content_hash, read_part
from sedkd.data.clips import write_clip
from sedkd.data.datasets.leaks import sounding_alike
from sedkd.data.environment import Environment
from sedkd.data.folders import audio_below
from sedkd.data.reviewed import HELD_OUT, REVIEWED, Span, read_spans_of, write_spans
from sedkd.errors import UserError
from sedkd.review.answers import Answer
from sedkd.review.review import Clip, Review


def take(review: Review, answers: Sequence[Answer], folder: Path, environment: Environment) -> Counter[str]:
    """Write the answers into `folder`, which holds `environment`: clips to `reviewed/`, spans to reviewed.tsv.

    What an earlier call wrote of the same review is replaced; all else stays. Returns how many answers each of
    "yes", "no" and "other" there are.

    Raises:
        UserError: a label is no event of the environment, a recording moved or changed, or is one of its validation
            or test recordings, which must not be learnt from.
    """
    _require_events(environment, answers)
    _require_unchanged(answers)
    _require_not_held_out(folder, answers)
    table, audio = folder / f"{REVIEWED}.tsv", folder / REVIEWED
    spans = read_spans_of(table) if table.exists() else {}
    before = [name for name in spans if name.startswith(review.digest)]
    kept = {name: span for name, span in spans.items() if name not in before}
    for answer in answers:
        clip, name = answer.clip, f"{review.digest}-{answer.place:04d}.wav"
        kept[name] = Span(
            round(clip.onset - clip.start, 3),
            round(clip.offset - clip.start, 3),
            _heard(answer, environment),
            clip.content,
        )
        _cut(clip, audio / name)
    if kept:
        write_spans(table, kept)
    else:
        table.unlink(missing_ok=True)
    for name in before:
        if name not in kept:
            (audio / name).unlink(missing_ok=True)
    return Counter("yes" if a.yes else "other" if a.other else "no" for a in answers)


def _heard(answer: Answer, environment: Environment) -> dict[str, bool]:
    """Event -> whether it is heard. Where the other label means the same event as the clip's, it is."""
    heard = {environment.canonical(answer.clip.label): answer.yes}
    return heard | ({environment.canonical(answer.other): True} if answer.other else {})


def _cut(clip: Clip, out: Path) -> None:
    write_clip(out, *read_part(Path(clip.file), clip.start, clip.stop - clip.start))


def _require_events(environment: Environment, answers: Sequence[Answer]) -> None:
    for answer in answers:
        for label in filter(None, (answer.clip.label, answer.other)):
            if environment.spelt(label) is None:
                raise UserError(
                    f"--into {environment.name}: {label!r} is no event of it ({', '.join(environment.events)}); name "
                    "another environment, or leave such answers out with --events"
                )


def _require_unchanged(answers: Sequence[Answer]) -> None:
    for file, content in {answer.clip.file: answer.clip.content for answer in answers}.items():
        if not Path(file).is_file():
            raise UserError(f"{file}: the recording is not there any more; put it back, or make a new review")
        if content_hash(Path(file)) != content:
            raise UserError(f"{file}: the recording has changed since the review; make a new one")


def _require_not_held_out(folder: Path, answers: Sequence[Answer]) -> None:
    """Only sounds are compared: nobody looks at what the test split holds."""
    asked = list(dict.fromkeys(Path(answer.clip.file) for answer in answers))
    for split in HELD_OUT:
        pair = sounding_alike(asked, audio_below(folder / split))
        if pair is not None:
            raise UserError(
                f"{pair[0]}: is a recording of {folder.name}'s {split} ({pair[1].name}), which nothing may learn from; "
                "review other recordings, such as those of unlabeled/"
            )
