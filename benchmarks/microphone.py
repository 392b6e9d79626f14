"""A microphone that did not record: what `--impulse-responses` is worth. Segment F1 on validation, several seeds.

Run: python benchmarks/microphone.py --env home --data esc --steps 600

Responses are MADE UP: a band that begins at 100 to 600 Hz and ends at 2 to 6 kHz, and one early echo. Students are
distilled (`response`, mixtures) with and without eight of them. All choose thresholds on validation as it was recorded,
and are scored on it so, and as heard through each of four further responses (their mean); test is not touched.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import torch

from search.cli.guard import ended
from search.setup.preparation import Subject, prepare
from sedkd.data.impulse_responses import ImpulseResponse, impulse_responses
from sedkd.features.pack import features_of
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.models.settings import STRIDE, StudentSettings
from sedkd.score.summary import score
from sedkd.task.task import Task
from sedkd.train.corpus import corpus_from
from sedkd.train.settings import TrainSettings
from sedkd.train.split import FRAME_SECONDS, Split
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import TrialResult, run_trials

RATE, TAPS = 16000, 1023
TRAINING, OTHERS = 8, 4  # responses to train with, and to be scored through


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", default="mn04_as")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rate", type=float, default=0.016, help="learning rate (0.016)")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    subject = Subject(options.env, (options.data,), teacher=options.teacher, device="cpu", teacher_minutes=0)
    plain = prepare(subject, 0, lambda *_: None).task
    with tempfile.TemporaryDirectory() as folder:
        for number in range(TRAINING + OTHERS):
            place = Path(folder, "training" if number < TRAINING else "others")
            place.mkdir(exist_ok=True)
            soundfile.write(place / f"{number}.wav", made_up(number), RATE)
        through = replace(plain, responses=impulse_responses(Path(folder, "training")))
        heard = [plain.validation, *(split_through(plain, one) for one in impulse_responses(Path(folder, "others")))]
        print("| training clips | validation as recorded | through other microphones |\n|---|---|---|")
        for name, task in (("as recorded", plain), ("and through responses", through)):
            print(f"| {name} | {' | '.join(row(task, heard, options))} |", flush=True)


def made_up(seed: int) -> np.ndarray:
    """Samples of a response: a band, and an echo after 2 to 20 ms."""
    from scipy.signal import firwin

    random = np.random.default_rng(seed)
    low, high = np.exp(random.uniform(np.log([100, 2000]), np.log([600, 6000])))
    band = firwin(TAPS, [low, high], pass_zero=False, fs=RATE)
    echoed = np.zeros(TAPS + round(0.02 * RATE))
    echoed[:TAPS] = band
    delay = round(random.uniform(0.002, 0.02) * RATE)
    echoed[delay : delay + TAPS] += random.uniform(0.2, 0.6) * band
    return echoed


def split_through(task: Task, response: ImpulseResponse) -> Split:
    """Validation as it is heard through a response."""
    recordings = task.validation.recordings
    pack = features_of(recordings, STUDENT_FEATURES, responses=[response])
    return Split(recordings, corpus_from(recordings, pack, STRIDE, FRAME_SECONDS, task.events, task.pool.annotated))


def row(task: Task, heard: list[Split], options: argparse.Namespace) -> list[str]:
    train = TrainSettings(steps=options.steps, learning_rate=options.rate, unlabeled_share=0.5, mixture=0.5)
    configuration = Configuration(
        StudentSettings(16, 3), train, strategy="response", parameters={"response": {"temperature": 2.0, "weight": 2.0}}
    )
    seeded = [replace(configuration, train=replace(train, seed=seed)) for seed in range(options.seeds)]
    found: list[list[float]] = []

    def done(_: int, result: TrialResult | Exception) -> None:
        if isinstance(result, Exception):
            raise result
        answers = [split.answers(result.student) for split in heard]
        found.append([score(each, result.post, False).values["f1_segment"] or 0.0 for each in answers])

    run_trials(seeded, task, done)
    scores = np.array(found)
    columns = (scores[:, 0], scores[:, 1:].mean(1))
    return [f"{values.mean():.3f} ± {values.std(ddof=1):.3f}" for values in columns]


if __name__ == "__main__":
    sys.exit(ended(main))
