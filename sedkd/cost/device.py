"""What a student for streams takes of a microcontroller, known from its architecture: static RAM and flash.

Counted is what `make cortex-m4` links of the C library (`sedkd.device`): a Cortex-M4, the spectrum in single precision,
median filters of the greatest length that is tried, so that every filter fits. The stack comes on top of the RAM.
"""

from sedkd.cost.step_memory import FLOAT, state_bytes, weight_bytes_of, working_bytes
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.models.frame import FrameModel
from sedkd.models.step import StreamStep
from sedkd.models.student import Student
from sedkd.score.postprocess import longest_median

INT = POINTER = 4
WIDE = 8  # a counter of samples
RUNTIME_RAM = 296  # what newlib-nano and firmware.c keep, measured: the same for every student
# Of code and tables, fitted to ten students that arm-none-eabi-gcc 12.2 -Os linked: off by 112 bytes at most. That of a
# TCN by four more: off by 70.
CODE, CONVOLUTION, STATE, GRU, TCN = 14000, 116, 271, 1417, 750
# By how much less for each band less than the 64 of that fit, for a convolution on a single band, whose loops over them
# are none, and for one of a single channel: fitted to 62 random students more (`benchmarks/flash.py`).
BAND, ONE_BAND, ONE_CHANNEL = 14, 115, 129


def device_cost(model: FrameModel) -> tuple[int, int] | tuple[None, None]:
    """Bytes of static RAM and of flash; None for a network that hears whole recordings."""
    if not isinstance(model, Student) or not model.settings.causal:
        return None, None
    step = StreamStep(model)
    return detector_bytes(model, step) + working_bytes(step) + RUNTIME_RAM, weight_bytes_of(step) + code_bytes(step)


def code_bytes(step: StreamStep) -> int:
    """Of code and tables, a guess: every convolution and every state that it needs is a function of its own."""
    body = set(step.layers)
    code = CODE + GRU * (step.gru is not None) + TCN * bool(step.tcn)
    code -= BAND * (STUDENT_FEATURES.n_mels - len(step.mean))
    for layer, _, bands in step.convolutions():
        if layer in body:
            code += CONVOLUTION + STATE * (layer.past > 0)
            code -= ONE_BAND * (bands == 1) + ONE_CHANNEL * (layer.convolution.out_channels == 1)
    return code


def detector_bytes(student: Student, step: StreamStep) -> int:
    """Of the C struct `sedkd_detector`: listener, front end, states, decisions, the frames of a step, counters."""
    s = student.features
    half = s.n_fft // 2
    frontend = 2 * (half + s.hop) + 2 * INT + FLOAT * (s.n_fft + half + 1)
    ring = _aligned(longest_median(student.frame_seconds), INT)
    decisions = len(student.labels) * (ring + 6 * INT) + INT
    frames = FLOAT * step.frames * s.n_mels
    before = 5 * POINTER + _aligned(frontend, INT) + state_bytes(step) + decisions + frames + 2 * INT
    return _aligned(before, WIDE) + 3 * WIDE


def _aligned(size: int, to: int) -> int:
    return -(-size // to) * to
