"""Further forms of a student in its bundle: each function writes a file and answers what `student.json` says of it.

To add one, write a function and a row of `EXPORTERS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sedkd.export.int8 import NO_GRU, SiteClips, export_int8
from sedkd.export.stream_facts import STREAM, stream_facts_from
from sedkd.export.stream_model import checked_stream, export_stream
from sedkd.models.student import Student

INT8 = "int8.onnx"


@dataclass(frozen=True)
class Exporting:
    """A bundle on its way: its `folder` with what was written so far, and the `facts` of that.

    audio: waveforms `[samples]` at the student's rate to check with. clips: the site's own, or why there are none.
    """

    folder: Path
    student: Student
    audio: Sequence[np.ndarray]
    clips: SiteClips | str
    facts: Mapping[str, Any]


def stream(bundle: Exporting) -> dict[str, Any]:
    """One step of a stream, of a student that hears one."""
    if not bundle.student.settings.causal:
        return {}
    path = bundle.folder / STREAM
    found = checked_stream(path, export_stream(bundle.student, path), bundle.student, bundle.audio)
    return {"stream": {"file": STREAM, **found.as_dict()}}


def int8(bundle: Exporting) -> dict[str, Any]:
    """The same step in eight bits, or why there is none."""
    if "stream" not in bundle.facts:
        return {}
    recurrent = bundle.student.gru is not None
    if recurrent or isinstance(bundle.clips, str):
        return {"int8": {"lack": NO_GRU if recurrent else bundle.clips}}
    step = stream_facts_from(bundle.facts["stream"])
    return {"int8": export_int8(bundle.folder / STREAM, bundle.folder / INT8, step, bundle.clips)}


EXPORTERS: dict[str, Callable[[Exporting], dict[str, Any]]] = {STREAM: stream, INT8: int8}
"""By the file that each writes, in the order in which they are written."""
