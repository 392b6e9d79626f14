"""Schedule-Free AdamW (Defazio et al. 2024, "The Road Less Scheduled"): one student's, and several students' at once.

Weights z go down the gradients at a rate that never falls; what answers is their average x, in which later steps weigh
more; and gradients are taken between the two, at y = 0.9 x + 0.1 z, where the weights stand while training goes on. So
training may end, and be looked at, after any step, and goes on from there as if it had not ended.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from schedulefree import AdamWScheduleFree
from torch import Tensor, nn

from sedkd.train.rate import factor_at
from sedkd.train.settings import TrainSettings

BETAS, EPS = (0.9, 0.999), 1e-8  # schedulefree's defaults
POWER = 3  # of its number, as a step's weight in the average: by all steps alike, long training lags behind
TO_AVERAGE = 1 - 1 / BETAS[0]  # from y, as a share of the way to z


def optimiser_for(parameters: Sequence[nn.Parameter], settings: TrainSettings) -> AdamWScheduleFree:
    """What trains one student."""
    optimiser = AdamWScheduleFree(
        parameters, settings.learning_rate, betas=BETAS, eps=EPS, weight_decay=settings.weight_decay,
        warmup_steps=settings.warmup_steps, r=POWER,
    )  # fmt: skip
    optimiser.train()
    return optimiser


@contextmanager
def averaged(optimiser: AdamWScheduleFree, parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """In here the parameters are the average that answers; afterwards they are, to the last bit, what they were."""
    before = [parameter.detach().clone() for parameter in parameters]
    optimiser.eval()
    try:
        yield
    finally:
        optimiser.train()
        with torch.no_grad():
            for parameter, kept in zip(parameters, before, strict=True):
                parameter.copy_(kept)


class CohortScheduleFree:
    """`parameters` are tensors `[K, ...]`; `rates` and `decays` `[K]` are each student's own, `settings` what they have
    in common. A student's numbers are those that `optimiser_for` and `clip_grad_norm_` would give it alone, within
    rounding.

    clip_norm: the largest norm that all of a student's gradients together may have.
    """

    def __init__(
        self, parameters: Sequence[Tensor], rates: Tensor, decays: Tensor, settings: TrainSettings, clip_norm: float
    ) -> None:
        self.parameters, self.rates, self.decays, self.clip_norm = list(parameters), rates, decays, clip_norm
        self.fast = [p.detach().clone() for p in self.parameters]  # z
        self.second = [torch.zeros_like(p) for p in self.parameters]
        self.steps = torch.zeros((), dtype=torch.float64, device=rates.device)
        factors = torch.tensor([factor_at(step, settings.warmup_steps) for step in range(settings.steps)]).double()
        weights = factors**2 * torch.arange(1.0, settings.steps + 1, dtype=torch.float64) ** POWER  # in the average
        self.factors, self.shares = factors.to(rates), (weights / weights.cumsum(0)).to(rates)

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor]) -> None:
        """One step down the gradients. It can be captured as a CUDA graph."""
        at = self.steps.long().view(1)
        factor, share = self.factors.index_select(0, at), self.shares.index_select(0, at)
        self.steps.add_(1)
        norm = torch.stack([gradient.flatten(1).norm(dim=1) for gradient in gradients]).norm(dim=0)
        kept = (self.clip_norm / (norm + 1e-6)).clamp(max=1.0)
        rates, correction = self.rates * factor, 1 - BETAS[1] ** self.steps
        for parameter, gradient, fast, second in zip(self.parameters, gradients, self.fast, self.second, strict=True):
            gradient = gradient * _along(kept, gradient)
            second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            down = gradient / (second / correction).sqrt_().add_(EPS) + _along(self.decays, gradient) * parameter
            parameter.lerp_(fast, _along(share, parameter))
            parameter.sub_(_along(rates * (1 - BETAS[0] * (1 - share)), parameter) * down)
            fast.sub_(_along(rates, parameter) * down)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """As the function: in here the parameters are the average."""
        before = [parameter.detach().clone() for parameter in self.parameters]
        with torch.no_grad():
            for parameter, fast in zip(self.parameters, self.fast, strict=True):
                parameter.lerp_(fast, TO_AVERAGE)
        try:
            yield
        finally:
            with torch.no_grad():
                for parameter, kept in zip(self.parameters, before, strict=True):
                    parameter.copy_(kept)


def _along(values: Tensor, like: Tensor) -> Tensor:
    """Values `[K]`, or `[1]` for all, in a shape that goes along `like` `[K, ...]`."""
    return values.view(-1, *([1] * (like.dim() - 1)))
