"""Train one frame-level model on a corpus for a fixed number of steps."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from sedkd.data.sealed import require_sealed
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.train.allocation import freed_memory_kept
from sedkd.train.corpus import Corpus
from sedkd.train.optimiser import averaged, optimiser_for
from sedkd.train.sampler import OneSampler
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Lesson, Term
from sedkd.train.trunk import FROM_THE_FIRST, FitState, Resume

CLIP_NORM = 5.0
MAGNITUDE_DECAY = 0.98
REDUCED = ("cuda",)  # kinds of device on which half the bytes is twice the speed


class TrainingDiverged(RuntimeError):
    """The loss is no longer a finite number."""


@dataclass(frozen=True)
class Checkpoint:
    """Where training stands: steps done of how many, mean loss since the last checkpoint, what `evaluate`
    answered (NaN without it), seconds since training began."""

    step: int
    steps: int
    loss: float
    score: float
    seconds: float


@dataclass(frozen=True)
class Watch:
    """How training is looked at: `evaluate` scores the model after each of `checkpoints` equal parts of the steps;
    `report` hears of each, and may end training by raising."""

    evaluate: Callable[[FrameModel], float] | None = None
    checkpoints: int = 4
    report: Callable[[Checkpoint], None] | None = None

    def marks(self, steps: int) -> set[int]:
        """The steps after which it looks; the last one always."""
        if self.evaluate is None:
            return {steps}
        return {max(round(steps * (i + 1) / self.checkpoints), 1) for i in range(self.checkpoints)}


@freed_memory_kept()
def fit(
    model: FrameModel,
    corpus: Corpus,
    terms: Sequence[Term],
    settings: TrainSettings,
    watch: Watch | None = None,
    progress: Callable[[int, int], None] | None = None,
    resume: Resume = FROM_THE_FIRST,
) -> list[Checkpoint]:
    """Train `model` in place, on the device it lies on, and return the curve.

    Each loss term is divided by its own running magnitude and multiplied by the first term's, so that one range of
    weights serves every kind of distillation. See `sedkd.train.optimiser` for the steps. Only terms that
    `sedkd.train.trunk.can_go_on` tells of may go on from a trunk or leave one.

    Raises:
        TrainingDiverged: a loss was not finite.
    """
    require_sealed("training")
    watch = watch or Watch()
    start, marks, curve = time.perf_counter(), watch.marks(settings.steps), list[Checkpoint]()
    if resume.trunk:
        start -= resume.trunk.seconds
        curve += [Checkpoint(**point) for point in resume.trunk.curve]
    device = next(model.parameters()).device
    corpus = corpus.to(device)
    draw = OneSampler(corpus, settings, device, model.features.scale)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a tenth to a quarter faster for convolutions on a CPU
    for term in terms:
        term.begin(Lesson(model, corpus, settings))
    modules = nn.ModuleList([model, *terms]).to(device).train()
    parameters = [p for p in modules.parameters() if p.requires_grad]
    begun, since = (resume.trunk.step, resume.trunk.since) if resume.trunk else (0, 0)
    optimiser = optimiser_for(parameters, settings)
    magnitudes = Magnitudes()
    total = torch.zeros((), device=device)
    state = FitState(modules, terms, parameters, optimiser, total)
    if resume.trunk:
        state.restore(resume.trunk)
        magnitudes.restore(resume.trunk.tensors["magnitudes"].to(device), begun)
        draw.skip(begun)

    def look(step: int) -> None:
        loss = float(total) / since
        if not math.isfinite(loss):
            raise TrainingDiverged(f"the loss became {loss} before step {step}")
        with averaged(optimiser, parameters):
            score = watch.evaluate(model.eval()) if watch.evaluate else math.nan
        curve.append(Checkpoint(step, settings.steps, loss, score, time.perf_counter() - start))
        modules.train()
        if watch.report:
            watch.report(curve[-1])

    try:
        for step in range(begun + 1, settings.steps + 1):
            batch, heard = draw()
            output = answer(model, heard)
            losses = torch.stack([term(batch, output) for term in terms])
            weights = torch.tensor([term.weight for term in terms], device=device)  # some change on the way
            loss = (losses * weights * magnitudes.scales(losses.detach())).sum()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
            optimiser.step()
            for term in terms:
                term.after_step()
            total.add_(loss.detach())
            since += 1
            if step in marks:
                look(step)
                total.zero_()
                since = 0
                if resume.keep_each and step < settings.steps:
                    points = [asdict(point) for point in curve]
                    resume.keep_each(state.trunk(step, since, magnitudes.means, points))
            if progress:
                progress(step, settings.steps)
        if resume.keep:
            resume.keep(state.trunk(settings.steps, since, magnitudes.means))
    finally:  # also where somebody ended it
        optimiser.eval()  # what answers is the average
        model.eval()
    return curve


def answer(model: nn.Module, features: Tensor) -> FrameOutput:
    """The model's output; on a GPU computed in bfloat16 where that costs nothing, answered in float32."""
    with torch.autocast(features.device.type, torch.bfloat16, enabled=features.device.type in REDUCED):
        output = model(features)
    feature_map = None if output.feature_map is None else output.feature_map.float()
    return FrameOutput(output.logits.float(), output.embedding.float(), feature_map)


class Magnitudes:
    """Running mean of each term's loss, to bring all of them to the first one's scale. It is kept where the losses lie,
    so that a step on a GPU waits for nothing."""

    def __init__(self) -> None:
        self.mean: Tensor | None = None
        self.seen = torch.zeros(())

    @property
    def means(self) -> Tensor:
        assert self.mean is not None  # after a step
        return self.mean

    def restore(self, mean: Tensor, steps: int) -> None:
        """Go on where they stood after so many steps."""
        self.mean, self.seen = mean.clone(), torch.tensor(float(steps), device=mean.device)

    def scales(self, losses: Tensor) -> Tensor:
        """What to multiply losses `[..., terms]` with; a leading axis is of students, each with its own means."""
        if self.mean is None:
            self.mean, self.seen = torch.zeros_like(losses), self.seen.to(losses.device)
        self.seen.add_(1)
        self.mean.mul_(MAGNITUDE_DECAY).add_(losses, alpha=1 - MAGNITUDE_DECAY)
        mean = self.mean / (1 - MAGNITUDE_DECAY**self.seen)  # as in Adam: the first steps count in full
        label = mean[..., :1]
        first = torch.where(label == 0, 1.0, label)  # 0 where no batch holds a label: the others still count
        return first / mean.clamp_min(1e-8)
