"""Weak labels through a pooling head, as in DESED (Turpault et al. 2019): clip-level labels teach a frame-level model.

A weak label says that an event occurs in a clip, not where. The student answers every frame of whole clips, pooling
makes one probability per clip and label of its answers, and that one is held against the label. Wang, Li and Metze
(2019) compare the pooling functions.
"""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy

from sedkd.errors import SedkdWarning, UserError
from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Lesson, Sizes, Teaching, Term, mean_where

if TYPE_CHECKING:
    from sedkd.models.settings import StudentSettings
    from sedkd.train.corpus import Corpus

POOLINGS = ("linear_softmax", "attention")
BATCH_SHARE = 0.25  # clips drawn per step, as a share of the batch
MAX_SECONDS = 60.0  # a label of a longer clip says next to nothing of a frame


def linear_softmax(p: Tensor, valid: Tensor) -> Tensor:
    """Linear softmax pooling: `sum p^2 / sum p` over valid frames (Wang et al. 2019), so that loud answers weigh more.

    p: probabilities `[clips, frames, labels]`. valid: `[clips, frames]`, 1 where the frame is audio.
    Returns probabilities `[clips, labels]`, 0 where every frame answers 0.
    """
    p = p * valid[..., None]
    return p.square().sum(1) / p.sum(1).clamp_min(1e-8)


def attention_pool(p: Tensor, scores: Tensor, valid: Tensor) -> Tensor:
    """Attention pooling: `sum w p`, `w` being the softmax of `scores` over valid frames (Wang et al. 2019).

    p: probabilities `[clips, frames, labels]`. scores: any numbers, of the same shape. valid: `[clips, frames]`, 1
    where the frame is audio, at least once per clip. Returns probabilities `[clips, labels]`.
    """
    weights = torch.softmax(scores.masked_fill(valid[..., None] == 0, -torch.inf), dim=1)
    return (weights * p).sum(1)


def short_enough(corpus: "Corpus", frame_seconds: float) -> Tensor:
    """Indices of the clips with clip-level labels that are not longer than `MAX_SECONDS`."""
    weak = corpus.weak.cpu()
    return weak[corpus.out_starts.diff().cpu()[weak] * frame_seconds < MAX_SECONDS + 0.5]


def _lack(corpus: "Corpus", frame_seconds: float) -> str | None:
    if not len(corpus.weak):
        return "no clip has clip-level labels: add weak.tsv and weak/, or drop 'weak'"
    if not len(short_enough(corpus, frame_seconds)):
        return f"no clip of weak.tsv is as short as {MAX_SECONDS:g} s: add some, or drop 'weak'"
    return None


def clip_loss(pooled: Tensor, tags: Tensor, tagged: Tensor) -> Tensor:
    """Mean binary cross-entropy of probabilities `pooled` and `tags` where `tagged` is 1, all `[clips, labels]`."""
    # Rounding may carry a sum to 1 or past it, where the gradient is none or huge.
    loss = binary_cross_entropy(pooled.clamp(max=1 - 1e-7), tags, reduction="none")
    return mean_where(loss, tagged)


class Strategy(Term):
    """Beside each batch, a quarter as many weakly labelled clips, unmasked.

    Clips are heard whole, since no part of one need hold its events. They fill no more frames than the batch does, or
    are a single clip of at most `MAX_SECONDS`; longer ones are never drawn. Where windows are mixed
    (`train.mixture`), clips are, too.

    Raises:
        ValueError: no such pooling.
        UserError (when training begins): no clip has clip-level labels, or all of them are too long.
    """

    needs_teacher = False
    resumable = True

    def __init__(self, sizes: Sizes, pooling: str = "linear_softmax", weight: float = 0.5) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise ValueError(f"weak.pooling must be one of {', '.join(POOLINGS)}, not {pooling}")
        self.weight = weight
        self.scores = nn.Linear(sizes.student, sizes.labels) if pooling == "attention" else None

    @classmethod
    def lack(cls, task: Teaching, student: "StudentSettings") -> str | None:
        from sedkd.train.split import FRAME_SECONDS

        return _lack(task.training.corpus, FRAME_SECONDS)

    def begin(self, lesson: Lesson) -> None:
        self.lesson = lesson  # no torch module, so the student in it is not counted as a part of this one
        self.corpus = lesson.corpus.taught_by(None)
        self.generator = torch.Generator().manual_seed(lesson.settings.seed)
        self.lengths = (self.corpus.out_starts[1:] - self.corpus.out_starts[:-1]).cpu()
        reason = _lack(self.corpus, lesson.model.frame_seconds)
        if reason:
            raise UserError(f"strategy weak: {reason}")
        self.clips, every = short_enough(self.corpus, lesson.model.frame_seconds), len(self.corpus.weak)
        if len(self.clips) < every:
            warnings.warn(
                f"strategy 'weak': {every - len(self.clips)} of {every} clips of weak.tsv are longer than "
                f"{MAX_SECONDS:g} s and are left out",
                SedkdWarning,
                stacklevel=2,
            )

    def state(self) -> Mapping[str, Tensor]:
        return {"generator": self.generator.get_state()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.generator.set_state(state["generator"].cpu())

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        tags, tagged = self.corpus.tags, self.corpus.tagged
        assert tags is not None
        assert tagged is not None  # or training would not have begun
        drawn = self._draw()
        clips = drawn.to(self.corpus.starts.device)
        heard = self.corpus.window(clips, torch.zeros_like(clips), int(self.lengths[drawn].max()))
        heard, tags, tagged = self._mixed(heard, tags[clips], tagged[clips].float())
        answer = self.lesson.model(heard.features)
        p = torch.sigmoid(answer.logits)
        if self.scores is None:
            pooled = linear_softmax(p, heard.valid)
        else:
            pooled = attention_pool(p, self.scores(answer.embedding), heard.valid)
        return clip_loss(pooled, tags, tagged)

    def _mixed(self, heard: Batch, tags: Tensor, tagged: Tensor) -> tuple[Batch, Tensor, Tensor]:
        """The clips with one another on top, each with the probability `train.mixture`, and the union of their tags."""
        from sedkd.train.draws import loudness
        from sedkd.train.mixture import added, united

        share = self.lesson.settings.mixture
        if share == 0:
            return heard, tags, tagged
        louder = loudness(share, (len(tags),), self.generator).to(tags.device)
        rolled = {name: None if part is None else part.roll(1, 0) for name, part in vars(heard).items()}
        next_one = Batch(**rolled)  # type: ignore[arg-type]
        mixed = (louder > -torch.inf).float()[:, None]
        more_known = torch.where(mixed > 0, tagged.roll(1, 0), 1.0)
        tags, tagged = united(tags, tagged, mixed * tags.roll(1, 0), more_known)
        found = added(heard, next_one, louder, self.lesson.model.features.scale)
        # What is behind the end of a short clip is heard as well, or the other's events would lie where nobody listens.
        longer = torch.maximum(heard.valid, mixed * next_one.valid)
        return replace(found, valid=longer), tags, tagged

    def _draw(self) -> Tensor:
        settings = self.lesson.settings
        count = max(round(settings.batch * BATCH_SHARE), 1)
        drawn = self.clips[torch.randint(len(self.clips), (count,), generator=self.generator)]
        frames = self.lengths[drawn].cummax(0).values * torch.arange(1, count + 1)  # of the first n, padded alike
        return drawn[: max(int((frames <= settings.batch * settings.frames).sum()), 1)]
