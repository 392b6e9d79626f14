"""Train one frame-level model on a corpus for a fixed number of steps."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sedkd.data.sealed import require_sealed
from sedkd.distill.batch import Batch
from sedkd.distill.term import Lesson, Term
from sedkd.models.frame import FrameModel
from sedkd.train.corpus import Corpus

MASKED_MELS = 8  # widest band of the model's input that is blanked (SpecAugment, Park et al. 2019)
CLIP_NORM = 5.0
WARMUP = 0.1  # share of the steps
MAGNITUDE_DECAY = 0.98


class TrainingDiverged(RuntimeError):
    """The loss is no longer a finite number."""


@dataclass(frozen=True)
class TrainSettings:
    """`frames`: output frames per window. `unlabeled_share`, `foreign_share`: shares of each batch drawn from the
    environment's unlabelled clips and from other environments'; where there are none, labelled clips take the place.
    """

    steps: int = 150
    batch: int = 32
    frames: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    unlabeled_share: float = 0.0
    foreign_share: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.unlabeled_share, self.foreign_share) < 0 or self.unlabeled_share + self.foreign_share > 1:
            raise ValueError(
                f"train.unlabeled_share {self.unlabeled_share} and train.foreign_share {self.foreign_share} must not "
                "be negative, nor above 1 together"
            )


@dataclass(frozen=True)
class Checkpoint:
    """Where training stands: steps done, mean loss since the last checkpoint, and what `evaluate` answered."""

    step: int
    loss: float
    score: float


def fit(
    model: FrameModel,
    corpus: Corpus,
    terms: Sequence[Term],
    settings: TrainSettings,
    evaluate: Callable[[FrameModel], float] | None = None,
    checkpoints: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> list[Checkpoint]:
    """Train `model` in place, on the device it lies on, and return the curve.

    Each loss term is divided by its own running magnitude and multiplied by the first term's, so that one range of
    weights serves every kind of distillation. The rate follows a cosine after a short warm-up.

    Raises:
        TrainingDiverged: a loss was not finite.
    """
    require_sealed("training")
    device = next(model.parameters()).device
    corpus = corpus.to(device)
    draw = _Sampler(corpus, settings, device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a tenth to a quarter faster for convolutions on a CPU
    for term in terms:
        term.begin(Lesson(model, corpus, settings))
    modules = nn.ModuleList([model, *terms]).to(device).train()
    parameters = [p for p in modules.parameters() if p.requires_grad]
    optimiser, schedule = optimiser_for(parameters, settings)
    magnitudes = _Magnitudes(len(terms), device)
    curve: list[Checkpoint] = []
    total, since = torch.zeros((), device=device), 0
    marks = {round(settings.steps * (i + 1) / checkpoints) for i in range(checkpoints)} if evaluate else set()
    for step in range(1, settings.steps + 1):
        batch = draw()
        output = model(draw.masked(batch.features))
        losses = torch.stack([term(batch, output) for term in terms])
        weights = torch.tensor([term.weight for term in terms], device=device)
        loss = (losses * weights * magnitudes.scales(losses.detach())).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
        optimiser.step()
        schedule.step()
        for term in terms:
            term.after_step()
        total, since = total + loss.detach(), since + 1
        if step in marks or step == settings.steps:
            mean_loss = float(total) / since
            if not math.isfinite(mean_loss):
                raise TrainingDiverged(f"the loss became {mean_loss} before step {step}")
            score = evaluate(model.eval()) if evaluate else math.nan
            curve.append(Checkpoint(step, mean_loss, score))
            total, since = torch.zeros((), device=device), 0
            modules.train()
        if progress:
            progress(step, settings.steps)
    model.eval()
    return curve


def optimiser_for(
    parameters: Sequence[nn.Parameter], settings: TrainSettings
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    """AdamW, and its rate as a cosine after a short warm-up."""
    optimiser = torch.optim.AdamW(parameters, settings.learning_rate, weight_decay=settings.weight_decay)
    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, settings.steps))


class _Sampler:
    """Draws windows: recordings uniformly, positions uniformly; labelled, unlabelled and foreign ones by share."""

    def __init__(self, corpus: Corpus, settings: TrainSettings, device: torch.device) -> None:
        self.corpus, self.frames, self.device = corpus, settings.frames, device
        self.generator = torch.Generator().manual_seed(settings.seed)
        shares = ((corpus.unlabeled, settings.unlabeled_share), (corpus.elsewhere, settings.foreign_share))
        others = [(pool.cpu(), int(settings.batch * share + 1e-6)) for pool, share in shares if len(pool)]
        self.parts = [(corpus.labeled.cpu(), settings.batch - sum(count for _, count in others)), *others]
        self.lengths = (corpus.out_starts[1:] - corpus.out_starts[:-1]).cpu()

    def __call__(self) -> Batch:
        drawn = [
            pool[torch.randint(len(pool), (count,), generator=self.generator)] for pool, count in self.parts if count
        ]
        recordings = torch.cat(drawn)
        room = (self.lengths[recordings] - self.frames).clamp_min(0)
        first = (torch.rand(len(recordings), generator=self.generator) * (room + 1)).long()
        return self.corpus.window(recordings.to(self.device), first.to(self.device), self.frames)

    def masked(self, features: Tensor) -> Tensor:
        """Features `[batch, frames, mels]` with one random band per window set to the window's mean."""
        count, _, mels = features.shape
        width = torch.randint(MASKED_MELS + 1, (count, 1), generator=self.generator)
        low = (torch.rand(count, 1, generator=self.generator) * (mels - width + 1)).long()
        band = torch.arange(mels)
        hidden = ((band >= low) & (band < low + width)).to(self.device)[:, None]
        return torch.where(hidden, features.mean(dim=(1, 2), keepdim=True), features)


class _Magnitudes:
    """Running mean of each term's loss, to bring all of them to the first one's scale."""

    def __init__(self, terms: int, device: torch.device) -> None:
        self.mean, self.seen = torch.zeros(terms, device=device), 0

    def scales(self, losses: Tensor) -> Tensor:
        self.seen += 1
        self.mean = MAGNITUDE_DECAY * self.mean + (1 - MAGNITUDE_DECAY) * losses
        mean = self.mean / (1 - MAGNITUDE_DECAY**self.seen)  # as in Adam: the first steps count in full
        first = torch.where(mean[0] == 0, 1.0, mean[0])  # 0 where no batch holds a label: the others still count
        return first / mean.clamp_min(1e-8)


def _rate(step: int, steps: int) -> float:
    warmup = max(round(steps * WARMUP), 1)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(steps - warmup, 1)))
