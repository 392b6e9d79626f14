"""The teacher: which network, trained on what, found again in the cache.

Kinds: `crnn` (the widest student architecture, from scratch), `timm:NAME` (any convolutional timm backbone, from
scratch), `mn04_as` and `mn10_as` (EfficientAT's AudioSet weights, fetched before), `module:callable` (a network of
one's own, trained from its own start), or a file: an EfficientAT checkpoint (.pt), which is trained like the named
ones (`sedkd.teach.stages`), or a teacher that `sedkd teacher train` wrote, which is used as it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from sedkd.data.audio import content_hash
from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording, digest_of
from sedkd.disk.json_file import digest
from sedkd.disk.paths import cache_root, expanded
from sedkd.disk.shared import made_once_for_all
from sedkd.errors import UserError
from sedkd.features.pack import Pack, features_of
from sedkd.features.settings import STUDENT_FEATURES, FeatureSettings
from sedkd.models.audioset import AudioSetNet, audioset_start
from sedkd.models.checkpoint import Build, load_model, read_header, save_model
from sedkd.models.frame import FrameModel
from sedkd.models.settings import STRIDE, TIMM, StudentSettings
from sedkd.models.student import Student
from sedkd.models.timm_backbone import require_backbone
from sedkd.models.timm_net import TimmNet
from sedkd.progress import Progress, counting
from sedkd.teach.kinds import built, features_of_kind, has_stages, own_builder, require_answers, sources_of, start_file
from sedkd.teach.model import Stage, Teacher, corpus_for, stages_from
from sedkd.teach.stages import FINE_SETTINGS, HEAD, HEAD_SETTINGS, fine_tune, head_over
from sedkd.teach.weights import AUDIOSET_WEIGHTS
from sedkd.train.fit import TrainingDiverged, fit
from sedkd.train.labels import Labels
from sedkd.train.settings import TrainSettings

VERSION, STAGES_VERSION = 3, 3
CRNN = StudentSettings(width=40, depth=5, block="conv", head="gru")
FROM_SCRATCH = TrainSettings(steps=500)


def require_kind(kind: str) -> None:
    """UserError where there is no teacher of this kind: before anything is computed, or another teacher trained."""
    path = expanded(kind)
    if path.suffix == ".safetensors":
        load_model(path)
        return
    _settings(kind, 0.0)
    own_builder(kind)
    file = start_file(kind)
    if file is not None and kind not in AUDIOSET_WEIGHTS:  # those are known by their digest
        audioset_start(file, ("event",))
    if kind.startswith(TIMM):
        require_backbone(kind.removeprefix(TIMM), STUDENT_FEATURES.n_mels, STRIDE)


def teacher_for(
    pool: Pool,
    kind: str,
    device: torch.device,
    seed: int = 0,
    progress: Progress | None = None,
    minutes: float = 0.0,
) -> Teacher:
    """The teacher of `kind` for the environments of `pool`: from the cache (of this machine, or the one that machines
    share), or trained and kept there, by one process while others wait.

    minutes: how long one from AudioSet weights is fine-tuned at most, on this machine; 0: its head alone is trained,
        infinity: as long as it gains. Others have no such stages.

    Raises:
        UserError: the kind is unknown, its weights are not there, or a given teacher misses labels.
    """
    path = expanded(kind)
    if path.suffix == ".safetensors":
        return _given(path, pool, device)
    settings, build = _settings(kind, minutes), own_builder(kind)
    features = features_of_kind(kind, build, pool, settings)
    recordings = [recording for name in pool.environments for recording in pool.training(name)]
    pack = _features(recordings, features, progress)
    settings = replace(settings, seed=seed)
    staged = _staged(pool, minutes) if has_stages(kind) else {}
    key = teacher_key(kind, pool, recordings, pack, settings, staged)
    target = teachers_folder() / f"{key}.safetensors"

    def make() -> None:
        try:
            if staged:
                model, stages = _from_audioset(kind, pool, device, seed, progress, minutes)
            else:
                model, stages = _train(kind, build, pool, recordings, pack, settings, device, progress), ()
        except TrainingDiverged as error:
            raise UserError(
                f"--teacher {kind}: its training diverged: {error}; look at what it answers, or try another --seed"
            ) from error
        about = {
            "kind": kind,
            "data": pool.origin,
            "environments": list(pool.environments),
            "synthetic": pool.synthetic,
            "stages": [asdict(stage) for stage in stages],
        }
        save_model(model, target, {**about, "origin": _origin(kind, pool, stages), "settings": asdict(settings)})

    waiting = counting(progress, "waiting for the teacher, which another process trains")
    model = made_once_for_all(target, make, partial(load_model, build=build), waiting)
    stages = stages_from(json.loads(read_header(target)["notes"]))
    return Teacher(model.to(device), key, kind, _origin(kind, pool, stages), stages=stages)


def teachers_folder() -> Path:
    return cache_root() / "teachers"


def teacher_key(
    kind: str,
    pool: Pool,
    recordings: Sequence[Recording],
    pack: Pack,
    settings: TrainSettings,
    staged: Mapping[str, Any],
) -> str:
    """Key of a trained teacher: everything that its weights depend on, the annotations as they stand among it."""
    file, build = start_file(kind), own_builder(kind)
    start = content_hash(file) if file else kind
    if build:
        start += "".join(f" {content_hash(source)}" for source in sources_of(kind, build))
    network = CRNN.as_key() if kind == "crnn" else None
    annotated = {name: list(labels) for name, labels in pool.annotated.items()}
    parts = [VERSION, start, network, pack.key, digest_of(recordings), annotated, settings.as_key()]
    parts += [staged] if staged else []
    return digest(parts, sort_keys=True)


def _staged(pool: Pool, minutes: float) -> dict[str, Any]:
    """What the stages of a teacher depend on besides, for its key: not on how many steps went into the minutes."""
    names = [name for name in pool.environments if pool.has_validation(name)]
    validation = {name: digest_of(pool.validation(name)) for name in names}
    return {"version": STAGES_VERSION, "head": HEAD, "settings": HEAD_SETTINGS.as_key(), "minutes": float(minutes),
            "validation": validation}  # fmt: skip


def _from_audioset(
    kind: str, pool: Pool, device: torch.device, seed: int, progress: Progress | None, minutes: float
) -> tuple[FrameModel, tuple[Stage, ...]]:
    """The head alone, or the whole network from there; a head that is in the cache is not trained again."""
    file = start_file(kind)
    assert file is not None
    if minutes == 0:
        model, stage = head_over(file, pool, seed, device, progress)
        return model, (stage,)
    begin = teacher_for(pool, kind, device, seed, progress)
    assert isinstance(begin.model, AudioSetNet)
    stage = fine_tune(begin.model, pool, seed, minutes, progress)
    return begin.model, (*begin.stages, stage)


def _train(
    kind: str,
    build: Build | None,
    pool: Pool,
    recordings: Sequence[Recording],
    pack: Pack,
    settings: TrainSettings,
    device: torch.device,
    progress: Progress | None,
) -> FrameModel:
    torch.manual_seed(settings.seed)
    model = built(kind, build, pool) if build else _untrained(kind, pool.labels)
    corpus = corpus_for(model, recordings, pool, pack)
    if isinstance(model, Student | TimmNet):
        model.standardise_by(*corpus.statistics())
    report = counting(progress, "training the teacher")
    fit(model.to(device), corpus, [Labels()], settings, progress=report)
    if build:
        require_answers(kind, model, settings)  # a loss may be finite that hides what is not
    return model


def _untrained(kind: str, labels: tuple[str, ...]) -> FrameModel:
    if kind.startswith(TIMM):
        return TimmNet(kind.removeprefix(TIMM), labels)
    return Student(CRNN, labels)


def _settings(kind: str, minutes: float) -> TrainSettings:
    if has_stages(kind):
        return HEAD_SETTINGS if minutes == 0 else FINE_SETTINGS
    if kind == "crnn" or all(kind.partition(":")):
        return FROM_SCRATCH
    raise UserError(
        f"--teacher {kind}: expected crnn, timm:NAME, {', '.join(AUDIOSET_WEIGHTS)}, an EfficientAT .pt file, "
        "a .safetensors file of `sedkd teacher train`, or module:callable"
    )


def _origin(kind: str, pool: Pool, stages: Sequence[Stage]) -> str:
    start = "AudioSet weights" if has_stages(kind) else "random weights"
    data = "synthetic soundscapes" if pool.synthetic else "labelled clips"
    how = " and ".join(f"{stage.name} {stage.steps} steps" for stage in stages)
    done = f" ({how})" if how else ""
    return f"{kind}: {start}, trained on the {data} of {', '.join(pool.environments)}{done}"


def _given(path: Path, pool: Pool, device: torch.device) -> Teacher:
    model = load_model(path)
    if not set(model.labels) & set(pool.labels):
        raise UserError(f"{path}: this teacher knows none of the events; it knows: {', '.join(model.labels)}")
    return Teacher(model.to(device), content_hash(path), str(path), f"{path.name}, used as it is")


def _features(recordings: Sequence[Recording], features: FeatureSettings, progress: Progress | None) -> Pack:
    return features_of(recordings, features, counting(progress, "computing the teacher's features"))
