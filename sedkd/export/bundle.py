"""An export: a folder that detects events without this project's training code, and says where it came from.

`model.onnx` answers, `student.json` holds what turns its answers into events, `model.safetensors` can be trained
further, and `README.md` is the model card. A student with a look-ahead has a `stream.onnx` too, one step of a stream,
without a GRU its twin `int8.onnx`, and where they were asked for a folder `device`, the same as C, and a page for
browsers, `detector.html`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import sedkd
from sedkd.disk.appearing import appearing, replacing
from sedkd.errors import UserError
from sedkd.export.card import CardFacts, card_text
from sedkd.export.exporters import EXPORTERS, Exporting
from sedkd.export.int8 import NO_CLIPS, SiteClips
from sedkd.export.onnx_model import checked_difference, export_onnx
from sedkd.export.reading import DIGESTS, FACTS, FORMAT, ONNX, VERSION, digests_of, read_facts
from sedkd.export.session import minimum_samples
from sedkd.features.windows import CONTEXT_SECONDS, WINDOW_SECONDS
from sedkd.models.checkpoint import save_model
from sedkd.models.student import Student
from sedkd.score.postprocess import PostProcessing

DEVICE, PAGE = "device", "detector.html"
CURVES, CALIBRATION, CONFUSION = "precision_recall.png", "calibration.png", "confusion.png"
WEIGHTS, CARD = "model.safetensors", "README.md"


def write_bundle(
    out: Path,
    student: Student,
    post: PostProcessing,
    check_audio: Sequence[np.ndarray],
    card: CardFacts,
    clips: SiteClips | str = NO_CLIPS,
    also: Callable[[Path], object] | None = None,
) -> Path:
    """Export `student` to the folder `out`, whole or not at all, and return it. An earlier export there is replaced.

    `check_audio` are waveforms `[samples]` at the student's rate on which onnxruntime must agree with torch. `clips`
    calibrate and score the eight bits of a student for streams; or say why there are none. `also` is called with the
    folder before it takes its place, to put more into it.

    Raises:
        UserError: `out` is a file, or a folder that holds anything but an export; the student cannot be written as C.
        RuntimeError: onnxruntime's answers differ from torch's.
    """
    target = out.resolve()
    _require_replaceable(target, out)
    with appearing(target, replacing) as folder:
        export_onnx(student, folder / ONNX)
        difference = checked_difference(folder / ONNX, student, check_audio)
        facts = _facts(student, post, card, difference)
        for exporter in EXPORTERS.values():
            facts |= exporter(Exporting(folder, student, check_audio, clips, facts))
        facts[DIGESTS] = digests_of(folder)
        save_model(student, folder / WEIGHTS, notes=facts["provenance"])
        (folder / FACTS).write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (folder / CARD).write_text(card_text(facts, card, target.name), encoding="utf-8")
        if also:
            also(folder)
    return out


def _facts(student: Student, post: PostProcessing, card: CardFacts, difference: float) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "labels": list(student.labels),
        "thresholds": list(post.thresholds),
        "median_frames": list(post.median_frames),
        "frame_seconds": student.frame_seconds,
        "sample_rate": student.features.rate,
        "minimum_samples": minimum_samples(student.features),
        "window_seconds": WINDOW_SECONDS,
        "context_seconds": CONTEXT_SECONDS,
        "features": student.features.as_dict(),
        "onnx_max_difference": difference,
        "provenance": {**asdict(card), "sedkd": sedkd.__version__},
    }


def _require_replaceable(target: Path, out: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise UserError(f"{out}: is a file; name a folder for the export")
    found = sorted(path.name for path in target.iterdir())
    pictures = (CURVES, CALIBRATION, CONFUSION)
    strange = [name for name in found if name not in (ONNX, *EXPORTERS, WEIGHTS, FACTS, CARD, DEVICE, *pictures, PAGE)]
    if not strange and found:
        facts = target / FACTS
        strange = [] if facts.is_file() and read_facts(facts).get("format") == FORMAT else found
    if strange:
        raise UserError(f"{out}: holds {strange[0]}, which is no part of an export; name a new or an empty folder")
