"""A teacher from AudioSet weights, in two stages: a head over stored embeddings, then the whole network from there.

Training the head first leaves the features as they were learnt from two million clips, so that fine-tuning begins with
small gradients and distorts them less (linear probing then fine-tuning, Kumar et al. 2022). Both stages keep the
weights that do best on validation of all environments, and end when they have stopped to gain.
"""

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import torch

from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording
from sedkd.features.pack import features_of
from sedkd.models.audioset import AudioSetNet, audioset_start
from sedkd.models.frame import FrameModel
from sedkd.progress import Counter, Progress, counting
from sedkd.teach.embeddings import Embeddings, HeadAlone
from sedkd.teach.model import Stage, corpus_for
from sedkd.teach.validation import Best, Ended, validation_of
from sedkd.train.corpus import Corpus
from sedkd.train.fit import Watch, fit
from sedkd.train.labels import Labels
from sedkd.train.settings import TrainSettings
from sedkd.train.split import Split

HEAD = "gru"
HEAD_SETTINGS = TrainSettings(steps=200, frames=64, learning_rate=4e-3)
FINE_SETTINGS = TrainSettings(steps=300, learning_rate=1e-3)
LOOKS = 5  # at validation in a stage, at most
LOOKING = 0.2  # share of the time of fine-tuning that they may take
PLANNED = 0.9  # share of that time for which steps are planned: a machine has slower minutes, too
TRIED = 2  # steps by which the time of one is measured


def head_over(
    checkpoint: Path, pool: Pool, seed: int, device: torch.device, progress: Progress | None, head: str = HEAD
) -> tuple[AudioSetNet, Stage]:
    """The network of a published checkpoint with a new head, trained on the embeddings of all labelled clips."""
    begun = time.perf_counter()
    torch.manual_seed(seed)
    model = audioset_start(checkpoint, pool.labels, head).to(device)
    embeddings = Embeddings(checkpoint, model, pool, progress)
    corpus, validation = embeddings.split(_training(pool)).corpus, validation_of(pool, embeddings.split)
    alone, settings = HeadAlone(model), replace(HEAD_SETTINGS, seed=seed)
    best = Best(alone, validation)
    steps = _trained(best, corpus, settings, LOOKS, counting(progress, "training the teacher's head"))
    return model.eval(), Stage("head", steps, time.perf_counter() - begun, validation.scores(alone))


def fine_tune(model: AudioSetNet, pool: Pool, seed: int, minutes: float, progress: Progress | None) -> Stage:
    """Train the whole network from its head on, in place; `minutes` is the longest that it may take, infinity: as
    long as it gains, up to the steps of `FINE_SETTINGS`."""
    begun = time.perf_counter()
    device = next(model.parameters()).device
    report = counting(progress, "computing the teacher's features")

    def split(recordings: Sequence[Recording]) -> Split:
        pack = features_of(recordings, model.features, report)
        return Split(recordings, corpus_for(model, recordings, pool, pack).to(device))

    corpus, validation = split(_training(pool)).corpus, validation_of(pool, split)
    settings, looks = replace(FINE_SETTINGS, seed=seed), LOOKS
    tell = counting(progress, "fine-tuning the teacher")
    if tell:
        tell(0, settings.steps)
    best, looking = Best(model, validation), time.perf_counter()
    if validation.splits:
        best.look()  # the head alone may stay the best
    look = time.perf_counter() - looking
    if math.isfinite(minutes):
        deadline, step = begun + 60 * minutes, _step_seconds(model, corpus, settings)
        steps, looks = fitting(PLANNED * (deadline - time.perf_counter()), step, look)
        settings, tell = replace(settings, steps=min(steps, settings.steps)), _until(deadline, tell)
    steps = _trained(best, corpus, settings, looks, tell) if settings.steps else 0
    return Stage("fine-tuned", steps, time.perf_counter() - begun, validation.scores(model))


def fitting(seconds: float, step: float, look: float) -> tuple[int, int]:
    """How many steps, and looks at validation between them, go into so many seconds, where each takes so long."""
    looks = max(min(int(LOOKING * seconds / max(look, 1e-3)), LOOKS), 1)
    return max(int((seconds - looks * look) / step), 0), looks


def _trained(best: Best, corpus: Corpus, settings: TrainSettings, looks: int, report: Counter | None) -> int:
    """Train the model of `best` and give it its best weights; the steps that they have seen. Without validation, the
    last weights are the best."""
    done = 0

    def count(step: int, total: int) -> None:
        nonlocal done
        done = step
        if report:
            report(step, total)

    watched = bool(best.validation.splits)
    with suppress(Ended):  # when its time is up
        fit(best.model, corpus, [Labels()], settings, best.watch(looks) if watched else Watch(), count)
    if not watched:
        return done
    best.restore()
    return best.steps


def _step_seconds(model: FrameModel, corpus: Corpus, settings: TrainSettings) -> float:
    """What a step takes here and now; the model stays as it is."""
    tried = deepcopy(model)
    fit(tried, corpus, [Labels()], replace(settings, steps=1))  # the first one is slower
    begun = time.perf_counter()
    fit(tried, corpus, [Labels()], replace(settings, steps=TRIED))
    return (time.perf_counter() - begun) / TRIED


def _until(deadline: float, report: Counter | None) -> Counter:
    """A counter that ends training when its time is up."""

    def count(done: int, total: int) -> None:
        if report:
            report(done, total)
        if time.perf_counter() > deadline:
            raise Ended

    return count


def _training(pool: Pool) -> list[Recording]:
    return [clip for name in pool.environments for clip in pool.training(name)]
