"""What answers to a review are worth: F1 on validation of the next student, by how many questions were answered.

Run: sedkd data synthesise --events esc10 --recipe spaces/recipes/esc10.yaml --train 260 --unlabeled 0 --out esc
     python benchmarks/review.py --env farm --data esc

A first student learns from `--labelled` clips and hears the others, whose labels are hidden. A simulated reviewer is
asked about what it heard there: yes where the event sounds in at least half of the span, no where it does not sound at
all, skip in between. The next student, trained from scratch (no teacher), learns from the labelled clips and the
answers. Beside it: as many answers to random questions, and all labels of as many random clips, which is far more work
for a person. A seed decides labelled clips, draw and student. Thresholds are tuned on validation; test is not touched.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from search.cli.guard import ended
from search.setup.setting import setting
from sedkd.data.environment import Environment
from sedkd.data.fewer import with_labels
from sedkd.data.recordings import Recording
from sedkd.data.reviewed import read_reviewed
from sedkd.features.pack import features_of
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.models.settings import STRIDE, StudentSettings
from sedkd.models.student import Student
from sedkd.review.answers import Answer
from sedkd.review.candidates import Scored, candidates_in
from sedkd.review.review import Clip, review_of
from sedkd.review.taking import take
from sedkd.score.postprocess import PostProcessing, tune
from sedkd.score.summary import score
from sedkd.score.thresholding import smooth
from sedkd.train.corpus import corpus_from
from sedkd.train.fit import fit
from sedkd.train.labels import Labels
from sedkd.train.settings import TrainSettings
from sedkd.train.split import FRAME_SECONDS, Split

CRITERION = "f1_segment"
STUDENT = StudentSettings(16, 3, "separable", "none")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--labelled", type=int, default=40, help="clips that the first student learns from (40)")
    parser.add_argument("--answers", default="50,100,200", metavar="N,M")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rate", type=float, default=1e-2, help="learning rate (0.01)")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    counts = [int(number) for number in options.answers.split(",")]
    begin, found = time.perf_counter(), {}
    for seed in range(options.seeds):
        for key, f1 in one_seed(options, counts, seed).items():
            found.setdefault(key, []).append(f1)
    print(f"{options.env}: {CRITERION} on validation, mean of {options.seeds} seeds ± deviation (each seed's gain)")
    for (what, count), scores in found.items():
        gains = " ".join(f"{100 * (a - b):+.1f}" for a, b in zip(scores, found["first", 0], strict=True))
        print(f"{what:<10}{count:>5}  {np.mean(scores):.3f} ± {np.std(scores):.3f}  ({gains})")
    print(f"{time.perf_counter() - begin:.0f} s")


def one_seed(options: argparse.Namespace, counts: Sequence[int], seed: int) -> dict[tuple[str, int], float]:
    """F1 by what was learnt from, and of how many."""
    pool = with_labels(setting(options.env, (options.data,)).pool, options.env, options.labelled, seed)
    place = pool.environments[options.env]
    train = TrainSettings(steps=options.steps, learning_rate=options.rate, mixture=0.5, seed=seed)
    labelled, validation = pool.training(options.env), split_of(pool.validation(options.env), place)
    hidden = [clip for clip in setting(options.env, (options.data,)).pool.training(options.env)
              if clip.path in pool.hidden]  # fmt: skip
    found: dict[tuple[str, int], float] = {}

    def next_student(what: str, count: int, more: Sequence[Recording]) -> tuple[Student, PostProcessing]:
        student, post, found[what, count] = trained([*labelled, *more], validation, place, train)
        print(f"  seed {seed}, {what} {count}: {found[what, count]:.3f}", flush=True)
        return student, post

    student, post = next_student("first", 0, [])
    scored = heard_by(student, post, hidden, place)
    for by in ("uncertain", "random"):
        answers = {count: answered(scored, hidden, place, count, by, seed) for count in counts}
        for count, clips in answers.items():
            next_student(by, count, clips)
    order = np.random.default_rng(seed).permutation(len(hidden))
    for count in counts:
        next_student("clips", count, [hidden[i] for i in order[:count]])
    return found


def split_of(recordings: Sequence[Recording], place: Environment) -> Split:
    pack = features_of(recordings, STUDENT_FEATURES)
    annotated = {place.name: place.events}
    return Split(recordings, corpus_from(recordings, pack, STRIDE, FRAME_SECONDS, place.events, annotated))


def trained(
    recordings: Sequence[Recording], validation: Split, place: Environment, train: TrainSettings
) -> tuple[Student, PostProcessing, float]:
    """A student of these clips, its thresholds and filters, and its score on validation."""
    torch.manual_seed(train.seed)
    corpus, student = split_of(recordings, place).corpus, Student(STUDENT, place.events)
    student.standardise_by(*corpus.statistics())
    fit(student, corpus, [Labels()], train)
    answers = validation.answers(student)
    post = tune(answers, CRITERION)
    f1 = score(answers, post, with_psds=False).values[CRITERION]
    return student, post, float(f1 or 0)


def heard_by(student: Student, post: PostProcessing, clips: Sequence[Recording], place: Environment) -> Scored:
    found = []
    for clip, probability in zip(clips, split_of(clips, place).answers(student).probabilities, strict=True):
        smoothed = smooth(probability, post.median_frames)
        found += candidates_in(clip.path, smoothed, student.frame_seconds, place.events)
    hours = sum(clip.duration for clip in clips) / 3600
    return Scored(found, hours, dict(zip(place.events, post.thresholds, strict=True)))


def answered(
    scored: Scored, clips: Sequence[Recording], place: Environment, count: int, by: str, seed: int
) -> list[Recording]:
    """The reviewed split of a review of which the reviewer answers `count` questions and skips the others."""
    truth = {str(clip.path.resolve()): clip for clip in clips}
    asked = count
    while True:  # until so many are not skipped
        review = review_of(scored, place.events, asked, by, seed, "peak")
        said = [(i, clip, answer_of(clip, truth[clip.file])) for i, clip in enumerate(review.clips)]
        answers = [Answer(i, clip, yes) for i, clip, yes in said if yes is not None]
        if len(answers) >= count or asked > len(scored.candidates):
            break
        asked += count - len(answers)
    folder = Path(tempfile.mkdtemp()) / place.name
    print(f"    {by}: {take(review, answers, folder, place)} of {len(scored.candidates)} questions", flush=True)
    return read_reviewed(folder.parent, place)


def answer_of(clip: Clip, recording: Recording) -> bool | None:
    overlap = sum(
        max(min(event.offset, clip.offset) - max(event.onset, clip.onset), 0.0)
        for event in recording.events or ()
        if event.event_label == clip.label
    )
    return True if overlap >= 0.5 * (clip.offset - clip.onset) else None if overlap > 0 else False


if __name__ == "__main__":
    sys.exit(ended(main))
