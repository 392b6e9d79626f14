"""Numbers and texts as C writes them."""

from collections.abc import Iterable

import numpy as np

WIDTH = 110


def for_cpp(declarations: str) -> str:
    """Declarations of a header as C++ may include them, too."""
    return f'#ifdef __cplusplus\nextern "C" {{\n#endif\n\n{declarations}\n#ifdef __cplusplus\n}}\n#endif\n'


def real(value: float) -> str:
    """A float literal that reads back as the same 32-bit number."""
    return f"{np.float32(value)!s}f"


def text(value: str) -> str:
    """A string literal of the text's UTF-8; what is not plain ASCII as octal escapes, which end after three digits."""
    plain = (chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in value.encode())
    return f'"{"".join(plain)}"'


def array(kind: str, name: str, values: np.ndarray) -> str:
    """A constant array of one or two dimensions."""
    literal = real if kind == "float" else repr
    shape = "".join(f"[{size}]" for size in values.shape)
    if values.ndim == 2:
        body = ",\n".join(f"    {{\n{_rows(map(literal, row.tolist()), 8)}\n    }}" for row in values)
    else:
        body = _rows(map(literal, values.tolist()), 4)
    return f"const {kind} {name}{shape} = {{\n{body}\n}};\n"


def _rows(cells: Iterable[str], indent: int) -> str:
    lines, line = [], ""
    for cell in cells:
        if line and len(line) + len(cell) + 2 > WIDTH:
            lines.append(line)
            line = ""
        line += f"{', ' if line else ''}{cell}"
    return ",\n".join(" " * indent + each for each in [*lines, line])
