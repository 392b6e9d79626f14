"""torch's GRU, whose frames are gone through by one loop where a CPU trains or infers: torch's own makes a dozen small
tensors a frame, which takes longer than a small student's convolutions."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


class GRU(nn.GRU):
    """`nn.GRU` of one layer over `[batch, frames, inputs]`, in one or in both directions."""

    def __init__(self, inputs: int, units: int, bidirectional: bool = False) -> None:
        super().__init__(inputs, units, batch_first=True, bidirectional=bidirectional)

    def forward(self, x: Tensor, state: Tensor | None = None) -> Any:
        looped = self.training or torch.is_inference_mode_enabled()
        if not looped or state is not None or x.device.type != "cpu" or x.dtype != torch.float32:
            return nn.GRU.forward(self, x, state)
        frames = x.transpose(0, 1)
        ways = [self._direction(frames, name) for name in ("", "_reverse")[: 1 + self.bidirectional]]
        last = [way[0 if backwards else -1] for backwards, way in enumerate(ways)]
        return torch.cat(ways, 2).transpose(0, 1), torch.stack(last)

    def _direction(self, frames: Tensor, name: str) -> Tensor:
        """States `[frames, batch, units]`."""
        kinds = ("weight_ih_l0", "bias_ih_l0", "weight_hh_l0", "bias_hh_l0")
        weight, bias, recurrent, recurrent_bias = (getattr(self, kind + name) for kind in kinds)
        states: Tensor = _ThroughTime.apply(linear(frames, weight, bias), recurrent, recurrent_bias, bool(name))
        return states


class _ThroughTime(torch.autograd.Function):
    """See `sedkd.models.loops.gru.through_time`; the recurrent weight is `[3 H, H]`."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor, backwards: bool) -> Tensor:
        from sedkd.models.loops.gru import through_time

        frames, batch, _ = inputs.shape
        units = weight.shape[1]
        states, gates = torch.empty(frames, batch, units), torch.empty(frames, batch, 4 * units)
        given = (inputs.contiguous(), weight.t().contiguous(), bias)
        through_time(*(tensor.detach().numpy() for tensor in given), backwards, states.numpy(), gates.numpy())
        ctx.save_for_backward(weight, states, gates)
        ctx.backwards = backwards
        return states

    @staticmethod
    def backward(ctx: Any, *passed: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        from sedkd.models.loops.gru import back_through_time

        weight, states, gates = ctx.saved_tensors
        frames, batch, units = states.shape
        inputs, recurrent = torch.empty(2, frames, batch, 3 * units)
        given = (passed[0].contiguous().numpy(), weight.detach().numpy(), ctx.backwards)
        back_through_time(*given, *(tensor.numpy() for tensor in (states, gates, inputs, recurrent)))
        later, before = (recurrent[:-1], states[1:]) if ctx.backwards else (recurrent[1:], states[:-1])
        of_weight = later.flatten(0, 1).t() @ before.flatten(0, 1)
        return inputs, of_weight, recurrent.sum((0, 1)), None
