"""The initialisations of a student, and which of its architectures allows which.

`random` and `generic` are for every student. `slice` takes the most important channels of a wide generic student.
`audioset`, `timm` and `timm:FILE` are published weights, of whose architecture the student must be: where a space
varies `student.block`, its dimension `initialisation` says for which ones it is drawn (`when`); others start randomly.
"""

from pathlib import Path

from sedkd.models.settings import TIMM, StudentSettings

STARTS = ("random", "generic", "slice", "audioset", "timm")
WIDEST = 32  # the student of which slices are cut
SLICED_BLOCKS = ("conv", "separable")
FILES = (".safetensors", ".pth", ".pt", ".bin")  # of a timm model's weights
AUDIOSET_WIDTHS = {8: "mn04_as", 20: "mn10_as"}  # student.width, and the published weights that it fits


def check_start(initialisation: str, student: StudentSettings) -> None:
    """ValueError names both where this student cannot begin like this."""
    kind, _, file = initialisation.partition(":")
    if kind not in STARTS or (":" in initialisation and kind != "timm"):
        raise ValueError(f"initialisation must be one of {', '.join(STARTS)}, timm:FILE, not {initialisation}")
    if kind == "slice":
        _require_block(initialisation, student, SLICED_BLOCKS)
        if student.width > WIDEST:
            raise ValueError(f"initialisation {kind} needs student.width up to {WIDEST}, not {student.width}")
    if kind == "audioset":
        _require_block(initialisation, student, ("mobilenet",))
        if student.width not in AUDIOSET_WIDTHS:
            known = " or ".join(f"{width} ({name})" for width, name in AUDIOSET_WIDTHS.items())
            raise ValueError(f"initialisation audioset needs student.width {known}, not {student.width}")
    if kind == "timm" and not student.block.startswith(TIMM):
        raise ValueError(f"initialisation {initialisation} needs student.block {TIMM}NAME, not {student.block}")
    if ":" in initialisation and Path(file).suffix not in FILES:
        raise ValueError(f"initialisation {initialisation}: expected a file {', '.join(FILES)}")


def _require_block(initialisation: str, student: StudentSettings, blocks: tuple[str, ...]) -> None:
    if student.block not in blocks:
        needed = " or ".join(blocks)
        raise ValueError(f"initialisation {initialisation} needs student.block {needed}, not {student.block}")
