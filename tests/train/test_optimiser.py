"""A cohort's AdamW gives every student what torch's gives it alone."""

import torch

from sedkd.train.optimiser import CohortAdamW


def test_it_is_torchs_with_a_rate_a_decay_and_a_clipping_for_each() -> None:
    random = torch.Generator().manual_seed(0)
    shapes = ((7,), (2, 3))
    start = [torch.randn(3, *shape, generator=random, dtype=torch.float64) for shape in shapes]
    rates, decays = torch.tensor([1e-2, 0.3, 1e-3]), torch.tensor([0.1, 0.0, 0.5])
    factors = (0.1, 1.0, 0.7, 0.2)
    size = torch.tensor([0.1, 100.0, 1.0], dtype=torch.float64)  # of gradients: one is clipped at once
    gradients = [
        [
            torch.randn(3, *shape, generator=random, dtype=torch.float64) * size.view(3, *[1] * len(shape))
            for shape in shapes
        ]
        for _ in factors
    ]
    together = [part.clone() for part in start]
    optimiser = CohortAdamW(together, rates.double(), decays.double(), 5.0)
    for factor, found in zip(factors, gradients, strict=True):
        optimiser.step(found, factor)
    for k in range(3):
        alone = [torch.nn.Parameter(part[k].clone()) for part in start]
        torchs = torch.optim.AdamW(alone, weight_decay=float(decays[k]))
        for factor, found in zip(factors, gradients, strict=True):
            for part, gradient in zip(alone, found, strict=True):
                part.grad = gradient[k].clone()
            torch.nn.utils.clip_grad_norm_(alone, 5.0)
            torchs.param_groups[0]["lr"] = float(rates[k]) * factor
            torchs.step()
        for part, expected in zip(together, alone, strict=True):
            torch.testing.assert_close(part[k], expected.detach(), rtol=1e-6, atol=1e-9)


def test_a_student_whose_gradients_are_no_numbers_harms_no_other() -> None:
    parameters = [torch.ones(2, 3)]
    optimiser = CohortAdamW(parameters, torch.tensor([0.1, 0.1]), torch.zeros(2), 5.0)
    optimiser.step([torch.stack([torch.full((3,), torch.nan), torch.ones(3)])], 1.0)
    assert parameters[0][0].isnan().all()
    torch.testing.assert_close(parameters[0][1], torch.full((3,), 0.9))
