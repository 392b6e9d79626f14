"""All costs of one model."""

from dataclasses import dataclass

from sedkd.cost.algorithmic import algorithmic_latency
from sedkd.cost.device import device_cost
from sedkd.cost.latency import latency_ms_per_second
from sedkd.cost.macs import feature_macs_per_second, macs_per_second, parameter_count, weight_bytes
from sedkd.models.frame import FrameModel


@dataclass(frozen=True)
class Cost:
    """MACs per second of audio, trained parameters, bytes of float32 weights, milliseconds per second of audio, all of
    the network alone; of students for streams the seconds that an answer waits for sound (`sedkd.cost.algorithmic`),
    bytes of static RAM and bytes of flash on a microcontroller (`sedkd.cost.device`); and the network's MACs with those
    of its features (`sedkd.cost.macs.feature_macs_per_second`)."""

    macs: float
    params: int
    bytes: int
    latency: float | None = None
    algorithmic_latency: float | None = None
    ram: int | None = None
    flash: int | None = None
    total_macs: float | None = None


def cost_of(model: FrameModel, with_latency: bool = True) -> Cost:
    """The costs; `with_latency` measures on one CPU thread, which wants a quiet machine."""
    latency = latency_ms_per_second(model) if with_latency else None
    macs, waiting = macs_per_second(model), algorithmic_latency(model)
    total = macs + feature_macs_per_second(model.features)
    ram, flash = device_cost(model)
    return Cost(macs, parameter_count(model), weight_bytes(model), latency, waiting, ram, flash, total)
