"""Embeddings of a published network, computed once for all clips, and what is trained on top of them.

The network stands still, so its embedding of a frame is always the same: a head that is trained on stored ones costs
seconds where the whole network costs minutes.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from sedkd.data.audio import content_hash
from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording
from sedkd.disk.json_file import digest
from sedkd.features.pack import features_of
from sedkd.models.audioset import AudioSetNet, audioset_start
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.progress import Progress, counting
from sedkd.teach.model import Teacher, corpus_for
from sedkd.teach.targets import teacher_outputs
from sedkd.train.split import Split

VERSION = 1


class HeadAlone(FrameModel):
    """What of `model` lies behind its embedding, the very layers: features are embeddings, one per output frame."""

    kind = "head"
    stride = 1

    def __init__(self, model: AudioSetNet) -> None:
        super().__init__()
        self.temporal, self.classifier = model.temporal, model.classifier
        self.labels, self.features, self.seconds = model.labels, model.features, model.frame_seconds

    @property
    def frame_seconds(self) -> float:
        return self.seconds

    def forward(self, features: Tensor) -> FrameOutput:
        x = self.temporal(features)
        return FrameOutput(self.classifier(x), x)


class _BodyAlone(FrameModel):
    """The published part: it has an embedding and no labels."""

    kind = "body"
    labels = ()

    def __init__(self, model: AudioSetNet) -> None:
        super().__init__()
        self.model, self.features, self.stride = model, model.features, model.stride

    def forward(self, features: Tensor) -> FrameOutput:
        x, _ = self.model.embedded(features)
        return FrameOutput(x[..., :0], x)


class Embeddings:
    """Splits whose features are the embeddings of a `checkpoint`'s network, from the cache or computed and kept there,
    with the targets of `model`, which begins from that checkpoint."""

    def __init__(self, checkpoint: Path, model: AudioSetNet, pool: Pool, progress: Progress | None) -> None:
        device = next(model.parameters()).device
        body = _BodyAlone(audioset_start(checkpoint, model.labels)).to(device).eval()
        key = digest([VERSION, content_hash(checkpoint)])
        self.teacher = Teacher(body, key, "body", f"{checkpoint.name}: its embeddings")
        self.model, self.pool = model, pool
        self.report = counting(progress, "computing the teacher's embeddings")
        self.features = counting(progress, "computing the teacher's features")

    def split(self, recordings: Sequence[Recording]) -> Split:
        """The recordings, on the model's grid of frames."""
        pack = features_of(recordings, self.model.features, self.features)
        grid = corpus_for(self.model, recordings, self.pool, pack)
        seconds = self.model.frame_seconds
        found = teacher_outputs(self.teacher, recordings, self.pool, grid, seconds, self.report)
        return Split(recordings, replace(grid, frames=found.embeddings, starts=grid.out_starts, stride=1))
