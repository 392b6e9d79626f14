"""What a student is built of, as settings: read, checked and told without torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sedkd.features.settings import STUDENT_FEATURES, FeatureSettings

BLOCKS = ("conv", "separable", "mobilenet")
OWN_BLOCKS = ("conv", "separable")  # whose strides are sedkd's to choose
CAUSAL_BLOCKS = OWN_BLOCKS  # mobilenet's gates average over all time, and timm's code pads on both sides
TIMM = "timm:"  # before the name of a timm model: a further kind of block
MAX_DEPTH = 5  # the stem leaves 32 of 64 mel bands; five halvings leave one
STRIDE = 4  # feature frames of 20 ms per output frame of 80 ms
FULL = "full"  # the look-ahead of a network that is given whole recordings
TCN_DILATIONS, TCN_KERNEL = (1, 2, 4), 3  # of a TCN's layers, in output frames
TCN_PAST = (TCN_KERNEL - 1) * sum(TCN_DILATIONS)  # output frames, if they are causal; as many around a frame if not
HEADS = ("none", "gru", "tcn")
FRAME_MILLISECONDS = round(1000 * STRIDE * STUDENT_FEATURES.frame_seconds)
HOP = round(1000 * STUDENT_FEATURES.frame_seconds)  # milliseconds
HOPS = (HOP, 2 * HOP)
MIN_MELS, MAX_MELS = 8, STUDENT_FEATURES.n_mels  # more than 64 leave filters without a bin of the spectrum
# Settings that earlier versions lacked, and what every student of theirs had.
LATER: dict[str, int | str] = {"lookahead": FULL, "n_mels": STUDENT_FEATURES.n_mels, "hop": HOP}
FRONT_END = ("n_mels", "hop")  # the settings that say what the network hears
MAX_LOOKAHEAD = 960  # milliseconds: less than the context that windows of a recording throw away


@dataclass(frozen=True)
class StudentSettings:
    """What a student is built of.

    width: channels of the stem, of which the blocks have up to four times as many; for `mobilenet` twenty times the
        multiplier of its published channels (8 is mn04, 20 is mn10), of which each makes a multiple of eight;
        `timm:NAME` has its own and ignores this.
    depth: blocks; for `mobilenet` stages, for `timm:NAME` levels, of the published network.
    block: `conv`, `separable`, `mobilenet` or `timm:NAME`.
    head: `gru`, `tcn` (`sedkd.models.tcn`) or `none`; the GRU is bidirectional, and with a look-ahead one-directional
        with as many outputs.
    n_mels: mel bands. hop: milliseconds between feature frames; an output frame stays FRAME_MILLISECONDS. Other than 64
        and 20 of `block` conv and separable only.
    lookahead: "full" for a network that is given whole recordings; else how many milliseconds of what follows a frame
        its answer may know, a multiple of FRAME_MILLISECONDS up to MAX_LOOKAHEAD. Of `block` conv and separable only.

    Raises:
        ValueError: a value out of range.
        UserError: timm has no such backbone, or it cannot answer frame by frame.
    """

    width: int = 16
    depth: int = 3
    block: str = "separable"
    head: str = "none"
    lookahead: int | str = FULL
    n_mels: int = STUDENT_FEATURES.n_mels
    hop: int = HOP

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"student.width must be at least 1, not {self.width}")
        if not 1 <= self.depth <= MAX_DEPTH:
            raise ValueError(f"student.depth must lie in 1..{MAX_DEPTH}, not {self.depth}")
        if self.block not in BLOCKS and not self.block.startswith(TIMM):
            raise ValueError(f"student.block must be one of {', '.join(BLOCKS)}, {TIMM}NAME, not {self.block}")
        if self.head not in HEADS:
            raise ValueError(f"student.head must be one of {', '.join(HEADS)}, not {self.head}")
        if self.head == "gru" and self.block in OWN_BLOCKS and self.width == self.depth == 1:
            raise ValueError("student.head gru halves its channels: student.width 1 needs a student.depth of 2 or more")
        self._check_lookahead()
        self._check_front_end()
        if self.block.startswith(TIMM):
            from sedkd.models.timm_backbone import require_backbone

            require_backbone(self.block.removeprefix(TIMM), STUDENT_FEATURES.n_mels, STRIDE, self.depth)

    def __repr__(self) -> str:
        """As dataclasses have it, of `as_key`: comparisons are named after it."""
        return f"StudentSettings({', '.join(f'{name}={value!r}' for name, value in self.as_key().items())})"

    @property
    def causal(self) -> bool:
        """Whether it can run on a stream."""
        return self.lookahead != FULL

    @property
    def features(self) -> FeatureSettings:
        """What its network hears."""
        return features_for(self.n_mels, self.hop)

    @property
    def stride(self) -> int:
        """Feature frames per output frame."""
        return FRAME_MILLISECONDS // self.hop

    @property
    def delay(self) -> int:
        """Output frames by which its answers wait for what follows."""
        return delay_of(self.lookahead, FRAME_MILLISECONDS, self.depth, self.head)

    @property
    def remembers(self) -> bool:
        """Whether a stream of it knows more of the past than the context of a window (`sedkd.features.windows`)."""
        return self.causal and self.head != "none"

    @property
    def quantises(self) -> bool:
        """Whether its step can be of eight bits: no runtime has a GRU in integers."""
        return self.causal and self.head != "gru"

    def as_key(self) -> dict[str, Any]:
        """What names a cache or a file and rebuilds the settings: a setting that came later is left out where it
        changes nothing, so that what was made before is found again."""
        return {name: value for name, value in asdict(self).items() if name not in LATER or value != LATER[name]}

    def flat(self) -> dict[str, Any]:
        """As the flat spelling of a configuration has them: `student.width` and so on, `features.hop`."""
        return {f"{section_of(name)}.{name}": value for name, value in self.as_key().items()}

    def _check_front_end(self) -> None:
        if type(self.n_mels) is not int or not MIN_MELS <= self.n_mels <= MAX_MELS:
            raise ValueError(f"features.n_mels must be a whole number in {MIN_MELS}..{MAX_MELS}, not {self.n_mels}")
        if type(self.hop) is not int or self.hop not in HOPS:
            raise ValueError(f"features.hop must be {' or '.join(map(str, HOPS))} (milliseconds), not {self.hop}")
        if self.features != STUDENT_FEATURES and self.block not in OWN_BLOCKS:
            raise ValueError(
                f"features.n_mels {self.n_mels} and features.hop {self.hop} need student.block "
                f"{' or '.join(OWN_BLOCKS)}, not {self.block}, which hears {STUDENT_FEATURES.n_mels} and {HOP}"
            )

    def _check_lookahead(self) -> None:
        if not self.causal:
            return
        milliseconds = self.lookahead
        whole = isinstance(milliseconds, int) and not isinstance(milliseconds, bool)
        if not whole or milliseconds not in range(0, MAX_LOOKAHEAD + 1, FRAME_MILLISECONDS):
            raise ValueError(
                f"student.lookahead must be {FULL}, or a multiple of {FRAME_MILLISECONDS} ms up to {MAX_LOOKAHEAD}, "
                f"not {milliseconds}"
            )
        if self.block not in CAUSAL_BLOCKS:
            raise ValueError(
                f"student.lookahead {milliseconds} needs student.block {' or '.join(CAUSAL_BLOCKS)}, not {self.block}; "
                f"{self.block} hears whole recordings"
            )


def features_for(n_mels: int, hop: int) -> FeatureSettings:
    """Log-mel frames of so many bands, one every `hop` milliseconds."""
    return replace(STUDENT_FEATURES, n_mels=n_mels, hop=STUDENT_FEATURES.rate * hop // 1000)


def section_of(name: str) -> str:
    """What stands before a setting's name in a configuration."""
    return "features" if name in FRONT_END else "student"


def settings_from(values: Mapping[str, Any]) -> StudentSettings:
    """The settings among those of a flat configuration; ValueError where one is out of range."""
    names = {f"{section_of(each.name)}.{each.name}": each.name for each in fields(StudentSettings)}
    return StudentSettings(**{names[key]: value for key, value in values.items() if key in names})


def delay_of(lookahead: int | str, frame_milliseconds: float, depth: int, head: str) -> int:
    """Output frames by which an answer waits: as many as lie within `lookahead` milliseconds.

    Without a GRU no more than `depth` - 1, about half of what the convolutions hear (the first block one output frame
    before its own, every other two), and half of what a TCN hears besides: an answer that waits for longer has
    forgotten what it is about.
    """
    if lookahead == FULL:
        return 0
    frames = int(float(lookahead) / frame_milliseconds)
    return frames if head == "gru" else min(frames, depth - 1 + (TCN_PAST // 2 if head == "tcn" else 0))
