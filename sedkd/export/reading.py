"""An export (`sedkd.export.bundle`), opened for detection: without torch, which takes longer to load than to detect."""

import hashlib
import json
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import sedkd
from sedkd.errors import SedkdWarning, UserError
from sedkd.export.session import INPUT, OUTPUT, minimum_samples, open_session
from sedkd.export.stream_facts import StreamFacts, stream_facts_from
from sedkd.features.settings import FeatureSettings
from sedkd.score.postprocess import PostProcessing
from sedkd.spelling import folded

FORMAT, VERSION = "sedkd student", 1
ONNX, FACTS = "model.onnx", "student.json"
DIGESTS = "sha256"  # of the networks, in student.json


@dataclass(frozen=True)
class Bundle:
    """An export, ready to detect. `provenance` holds the fields of CardFacts and sedkd's version."""

    folder: Path
    labels: tuple[str, ...]
    post: PostProcessing
    features: FeatureSettings
    frame_seconds: float
    window_seconds: float
    context_seconds: float
    provenance: Mapping[str, Any]
    stream: StreamFacts | None = None

    @cached_property
    def _session(self) -> Any:
        path = self.folder / ONNX
        try:
            return open_session(path)
        except Exception as error:  # onnxruntime raises classes of its own without a common base
            raise UserError(f"{path}: onnxruntime cannot load it; export the student again") from error

    def probabilities(self, audio: np.ndarray) -> np.ndarray:
        """Probabilities `[frames, labels]` for one waveform `[samples]`; too short a one is padded with zeros."""
        missing = max(minimum_samples(self.features) - len(audio), 0)
        return self._session.run([OUTPUT], {INPUT: np.pad(audio, (0, missing))[None]})[0][0]

    def with_thresholds(self, thresholds: Mapping[str, float]) -> "Bundle":
        """The same with other thresholds for some labels. UserError where a label is none of its own."""
        known = {folded(label): label for label in self.labels}
        unknown = next((label for label in thresholds if folded(label) not in known), None)
        if unknown is not None:
            raise UserError(f"--threshold {unknown}: the student hears {', '.join(self.labels)}")
        own = dict(zip(self.labels, self.post.thresholds, strict=True))
        own |= {known[folded(label)]: value for label, value in thresholds.items()}
        return replace(self, post=replace(self.post, thresholds=tuple(own.values())))


def read_bundle(folder: Path) -> Bundle:
    """Open an export for detection. UserError says what is missing or broken."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; name the folder that an export wrote")
    for name in (FACTS, ONNX):
        if not (folder / name).is_file():
            raise UserError(f"{folder}: {name} is missing; name the folder that an export wrote, or export again")
    path = folder / FACTS
    facts = read_facts(path)
    if facts.get("format") != FORMAT:
        raise UserError(f"{path}: not written by sedkd; name the folder that an export wrote")
    if facts.get("version") != VERSION:
        raise UserError(
            f"{path}: format version {facts.get('version')!r}, but sedkd {sedkd.__version__} reads {VERSION}; "
            "install the sedkd that wrote it, or export the student again"
        )
    for name in _strangers(folder, facts.get(DIGESTS)):
        warnings.warn(
            f"{folder / name}: is not the file that was exported; labels and thresholds of {FACTS} may be another's",
            SedkdWarning,
            stacklevel=2,
        )
    try:
        return _bundle(folder, facts)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: broken ({type(error).__name__}: {error}); export the student again") from error


def digests_of(folder: Path) -> dict[str, str]:
    """sha256 of each network that lies in an export, by its file's name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.onnx"))}


def _strangers(folder: Path, digests: Any) -> list[str]:
    """Networks that are not those of which `student.json` was written; earlier versions wrote no digests."""
    if not isinstance(digests, dict):
        return []
    return [name for name, found in digests_of(folder).items() if digests.get(name, found) != found]


def _bundle(folder: Path, facts: Mapping[str, Any]) -> Bundle:
    labels, thresholds, medians = facts["labels"], facts["thresholds"], facts["median_frames"]
    if not len(labels) == len(thresholds) == len(medians) > 0:
        raise ValueError(f"{len(labels)} labels, {len(thresholds)} thresholds, {len(medians)} median_frames")
    if len(set(labels)) < len(labels):
        raise ValueError("a label stands twice")
    if not all(math.isfinite(float(threshold)) for threshold in thresholds):
        raise ValueError("a threshold is no number")
    if any(int(median) < 1 or int(median) % 2 == 0 for median in medians):
        raise ValueError("median_frames must be odd, from 1 up")
    window, context, frame = (float(facts[f"{what}_seconds"]) for what in ("window", "context", "frame"))
    if not (math.isfinite(window) and window >= 3 * context >= 0 and frame > 0):
        raise ValueError("window_seconds must be several times context_seconds, and frame_seconds positive")
    provenance = dict(facts["provenance"])
    if (lowest := provenance.get("lowest_rate")) is not None:
        float(lowest)
    return Bundle(
        folder,
        tuple(str(label) for label in labels),
        PostProcessing(tuple(float(t) for t in thresholds), tuple(int(m) for m in medians)),
        FeatureSettings(**facts["features"]),
        frame,
        window,
        context,
        provenance,
        stream_facts_from(facts["stream"]) if "stream" in facts else None,
    )


def read_facts(path: Path) -> dict[str, Any]:
    """What `student.json` holds. UserError where that cannot be."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as JSON ({error}); export the student again") from error
    if not isinstance(facts, dict):
        raise UserError(f"{path}: not written by sedkd; name the folder that an export wrote")
    return facts
