"""A teacher's answers on its own grid of frames, written to disk as they come and taken up again after a kill."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch

from sedkd.disk.rows import Rows, is_rows, make_rows
from sedkd.disk.unfinished import Unfinished, require_room
from sedkd.errors import UserError
from sedkd.features.settings import FeatureSettings
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.teach.attention_bands import on_student_bands
from sedkd.train.corpus import Corpus
from sedkd.train.infer import Job, batches_of, outputs_of

KINDS = ("logits", "embeddings", "attention")  # the names of `TeacherOutputs`


def write_answers(
    model: FrameModel, corpus: Corpus, work: Unfinished, progress: Callable[[int, int], None] | None = None
) -> Mapping[str, Path]:
    """Each kind of output as a file of rows `[frames, ...]`, recording after recording. `progress` counts windows.

    Raises:
        UserError: the teacher answers what 16 bits do not hold.
    """
    starts, batches = corpus.out_starts.tolist(), batches_of(model, corpus)
    files = _files(work).values()
    if not files or not all(is_rows(file, starts[-1]) for file in files):
        work.restart()
    total = sum(map(len, batches))
    done = sum(_name(job) in work.done for batch in batches for job in batch)
    with ExitStack() as stack:
        rows: dict[str, Rows] = {}
        left = [batch for batch in batches if not work.done.issuperset(map(_name, batch))]
        for batch, outputs in zip(left, outputs_of(model, corpus, left), strict=True):
            for (recording, window), output in zip(batch, outputs, strict=True):
                kept = slice(window.keep_start - window.start, window.keep_stop - window.start)
                kinds = _kinds(output, model.features)
                if not rows:
                    rows = {kind: stack.enter_context(file) for kind, file in _opened(kinds, work, starts[-1]).items()}
                for kind, tensor in kinds.items():
                    rows[kind].write(starts[recording] + window.keep_start, _halved(kind, tensor[kept]))
            for file in rows.values():
                file.sync()
            work.note([_name(job) for job in batch])
            done += len(batch)
            if progress:
                progress(done, total)
    return _files(work)


def _halved(kind: str, outputs: torch.Tensor) -> np.ndarray:
    """As they are kept, in half precision; what is beyond it would make every distilled student's loss no number."""
    halved = outputs.half()
    if not halved.isfinite().all():
        most = float(outputs.abs().max())
        raise UserError(
            f"the teacher's {kind} reach {most:g}, which half precision (65504 at most) does not hold: scale what it "
            "answers down, or take another --teacher"
        )
    return halved.cpu().numpy()


def _files(work: Unfinished) -> dict[str, Path]:
    files = {kind: work.folder / f"{kind}.npy" for kind in KINDS}
    return {kind: file for kind, file in files.items() if file.exists()}


def _opened(kinds: Mapping[str, torch.Tensor], work: Unfinished, frames: int) -> dict[str, Rows]:
    """The files of these kinds, made where there are none that hold something."""
    if not work.done:
        require_room(
            work.folder, 4 * frames * sum(tensor.shape[1] for tensor in kinds.values())
        )  # they are copied once
        for kind, tensor in kinds.items():
            make_rows(work.folder / f"{kind}.npy", (frames, tensor.shape[1]))
    return {kind: Rows(work.folder / f"{kind}.npy") for kind in kinds}


def _kinds(output: FrameOutput, heard: FeatureSettings) -> dict[str, torch.Tensor]:
    """What is kept of a window's output, of a teacher that heard these features."""
    kinds = {"logits": output.logits, "embeddings": output.embedding}
    if output.feature_map is not None:
        kinds["attention"] = on_student_bands(output.feature_map.square().mean(0), heard).sqrt()
    return kinds


def _name(job: Job) -> str:
    recording, window = job
    return f"{recording}-{window.start}-{window.stop}"
