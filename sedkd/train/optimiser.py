"""AdamW (Loshchilov and Hutter 2019) over the weights of several students, each with its own rate, decay and clipping.

A student's numbers are those that torch's AdamW and `clip_grad_norm_` would give it alone, within rounding.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

BETAS, EPS = (0.9, 0.999), 1e-8  # torch's defaults


class CohortAdamW:
    """`parameters` are tensors `[K, ...]`; `rates` and `decays` `[K]` are each student's own.

    clip_norm: the largest norm that all of a student's gradients together may have.
    """

    def __init__(self, parameters: Sequence[Tensor], rates: Tensor, decays: Tensor, clip_norm: float) -> None:
        self.parameters, self.rates, self.decays, self.clip_norm = list(parameters), rates, decays, clip_norm
        self.first = [torch.zeros_like(p) for p in self.parameters]
        self.second = [torch.zeros_like(p) for p in self.parameters]
        self.steps = torch.zeros((), dtype=torch.float64, device=rates.device)

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor], factor: float | Tensor) -> None:
        """One step down the gradients, at `factor` of the rates. It can be captured as a CUDA graph."""
        self.steps.add_(1)
        norm = torch.stack([gradient.flatten(1).norm(dim=1) for gradient in gradients]).norm(dim=0)
        kept = (self.clip_norm / (norm + 1e-6)).clamp(max=1.0)
        rates = self.rates * factor
        one, two = (1 - beta**self.steps for beta in BETAS)
        for parameter, gradient, first, second in zip(self.parameters, gradients, self.first, self.second, strict=True):
            gradient = gradient * _along(kept, gradient)
            first.lerp_(gradient, 1 - BETAS[0])
            second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            parameter.mul_(_along(1 - rates * self.decays, parameter))
            parameter.sub_(_along(rates / one, parameter) * first / (second.sqrt().div_(two**0.5).add_(EPS)))


def _along(values: Tensor, like: Tensor) -> Tensor:
    """Values `[K]` in a shape that goes along `like` `[K, ...]`."""
    return values.view(-1, *([1] * (like.dim() - 1)))
