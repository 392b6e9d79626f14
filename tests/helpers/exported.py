"""A student that hears something without having been trained, and its export."""

import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import soundfile
import torch

from sedkd.data.inspection import audio_info
from sedkd.data.recordings import Recording
from sedkd.disk.kept import one_at_a_time
from sedkd.export.bundle import write_bundle
from sedkd.export.card import CardFacts
from sedkd.export.int8 import SiteClips
from sedkd.features.logmel import LogMel
from sedkd.features.pack import features_of
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.score.postprocess import PostProcessing
from sedkd.train.corpus import corpus_from
from sedkd.train.infer import probabilities

RATE = 16000
LABELS = ("bark", "rain")
MOVING = StudentSettings(8, 2, head="gru")


def noise(seconds: float, rate: int = RATE, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Low-passed bursts `[samples, channels]` of very different loudness."""
    generator = np.random.default_rng(seed)
    count = round(seconds * rate)
    loudness = np.repeat(10.0 ** generator.uniform(-4, -0.7, count * 2 // rate + 1), rate // 2)[:count, None]
    white = generator.standard_normal((count, channels))
    return (loudness * (white + np.roll(white, 1, 0) + np.roll(white, 2, 0)) / 2).clip(-1, 1).astype(np.float32)


def moving_student(settings: StudentSettings = MOVING, seed: int = 3) -> Student:
    """A student, untrained, but normalised and scaled so that its probabilities go up and down."""
    torch.manual_seed(seed)
    student = Student(settings, LABELS)
    with torch.no_grad():
        features = LogMel(student.features)(torch.from_numpy(noise(20.0, seed=9)[:, 0])[None])
        student.standardise_by(features[0].mean(0), features[0].std(0))
        for module in student.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # take the statistics of what comes
        student.train()(features)
        logits = student.eval()(features).logits[0]
        scale = 2 / logits.std(0)
        student.classifier.weight.mul_(scale[:, None])
        student.classifier.bias.copy_((student.classifier.bias - logits.mean(0)) * scale)
    return student


def scored(student: Student, path: Path) -> np.ndarray:
    """The probabilities from which a trial's scores are computed."""
    recordings = [Recording(path, path.name, "street", audio_info(path).duration)]
    pack = features_of(recordings, student.features)
    corpus = corpus_from(recordings, pack, student.stride, student.frame_seconds, LABELS, {"street": LABELS})
    return probabilities(student, corpus)[0]


def write_export(student: Student, root: Path, clips: SiteClips | str = "there are no clips") -> Path:
    """An export whose thresholds are the medians of its answers, so that it hears something. `root` also gets
    `tune.wav`, by which they were chosen. Equal students are exported once in a run of the tests, and copied."""
    if not isinstance(clips, str):
        return _written(student, root, clips)
    digest = hashlib.blake2b(repr((student.settings, clips)).encode(), digest_size=8)
    for name, tensor in student.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    shared = Path(os.environ["SEDKD_TEST_RUN"], "exports", digest.hexdigest())
    with one_at_a_time(shared.with_suffix(".lock")):
        if not shared.exists():
            shared.mkdir()
            _written(student, shared, clips)
    shutil.copytree(shared, root, dirs_exist_ok=True)
    return root / "export"


def _written(student: Student, root: Path, clips: SiteClips | str) -> Path:
    soundfile.write(root / "tune.wav", noise(30.0, seed=9), RATE)
    middle = np.median(scored(student, root / "tune.wav"), axis=0)
    post = PostProcessing(tuple(float(m) for m in middle), (1, 5))
    card = CardFacts("street", "", LABELS, "s", 1, "d", True, "t", {}, {"f1_segment": 0.5}, None, {}, {})
    return write_bundle(root / "export", student, post, [noise(1.0)[:, 0]], card, clips)
