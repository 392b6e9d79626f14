"""Computing the features of many recordings: in pieces, by several processes, a killed one's work taken up again.

However long a recording is, a process holds no more than one piece of its audio. The last bit of a frame does not
depend on how the recordings were cut into pieces, nor on how many processes computed them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sedkd.data.audio import read_audio, read_spans
from sedkd.data.broken import mentioning_option
from sedkd.data.impulse_responses import ImpulseResponse, response_for
from sedkd.data.inspection import audio_info, require_whole
from sedkd.data.recordings import Recording, content_hashes
from sedkd.disk.rows import Rows, is_rows, make_rows
from sedkd.disk.unfinished import Unfinished, require_room
from sedkd.features.settings import FeatureSettings
from sedkd.parallel import results

if TYPE_CHECKING:
    from sedkd.features.logmel import LogMel

PIECE_SECONDS = 120.0  # longer recordings are cut into equal pieces
BATCH_SECONDS = 240.0  # of audio that a process computes before it is noted down
COST = 1 / 200  # seconds of one core per second of audio, to see whether processes pay
START_SECONDS = 5.0  # for processes to import torch
ROWS = "rows.npy"


@dataclass(frozen=True)
class Piece:
    """Frames of a recording that has `frames` of them, in one `cut` (first, stop) or in consecutive ones; `row` is that
    of the recording's first frame, `response` what it is heard through."""

    path: Path
    frames: int
    cuts: tuple[tuple[int, int], ...]
    row: int
    response: ImpulseResponse | None = None

    @property
    def name(self) -> str:
        return f"{self.row + self.cuts[0][0]}-{self.row + self.cuts[-1][1]}"

    @property
    def size(self) -> int:
        """How many frames it has."""
        return self.cuts[-1][1] - self.cuts[0][0]


@dataclass(frozen=True)
class PieceGroup:
    """Pieces that a process computes and writes into the rows of `file`."""

    file: Path
    settings: FeatureSettings
    pieces: tuple[Piece, ...]


def build(
    recordings: Sequence[Recording],
    starts: Sequence[int],
    settings: FeatureSettings,
    work: Unfinished,
    progress: Callable[[int, int], None] | None = None,
    responses: Sequence[ImpulseResponse] = (),
) -> Path:
    """The finished array (.npy) of rows `[starts[-1], n_mels]` fp16; recording i's are `starts[i]:starts[i + 1]`.

    `progress(done, total)` counts pieces: a recording of usual length is one.
    """
    pieces = pieces_of(recordings, starts, settings, responses)
    _prepare(work, (max(starts[-1], 1), settings.n_mels))
    missing = [piece for piece in pieces if piece.name not in work.done]
    seconds = settings.frame_seconds
    batches = [PieceGroup(work.folder / ROWS, settings, group) for group in _grouped(missing, seconds)]
    done, cost = len(pieces) - len(missing), BATCH_SECONDS * COST
    with closing(results(compute, batches, cost, START_SECONDS)) as computed:
        for names in computed:
            work.note(names)
            for _ in names:
                done += 1
                if progress:
                    progress(done, len(pieces))
    return work.folder / ROWS


def pieces_of(
    recordings: Sequence[Recording],
    starts: Sequence[int],
    settings: FeatureSettings,
    responses: Sequence[ImpulseResponse] = (),
) -> list[Piece]:
    """The recordings cut into pieces of equal lengths up to PIECE_SECONDS, in order, each recording heard through one
    of the responses, where there are some.

    One that can be read from its beginning only is one piece, cut likewise.
    """
    pieces = []
    through: list[ImpulseResponse | None] = [None] * len(recordings)
    if responses:
        contents = content_hashes([recording.path for recording in recordings])
        through = [response_for(content, responses) for content in contents]
    for recording, response, begin, end in zip(recordings, through, starts[:-1], starts[1:], strict=True):
        frames = end - begin
        parts = int(np.ceil(frames * settings.frame_seconds / PIECE_SECONDS))
        cuts = tuple(pairwise(frames * i // parts for i in range(parts + 1)))
        with mentioning_option():
            together = parts > 1 and not audio_info(recording.path).seeks
        each = [cuts] if together else [(cut,) for cut in cuts]
        pieces += [Piece(recording.path, frames, own, begin, response) for own in each]
    return pieces


def compute(batch: PieceGroup) -> tuple[str, ...]:
    """Compute and write a batch, and see it safe on the disk; the names of its pieces."""
    import torch

    with Rows(batch.file) as rows, torch.inference_mode(), mentioning_option():
        for piece in batch.pieces:
            for (first, _), frames in zip(piece.cuts, piece_frames(piece, batch.settings), strict=True):
                rows.write(piece.row + first, frames)
        rows.sync()
    return tuple(piece.name for piece in batch.pieces)


def piece_frames(piece: Piece, settings: FeatureSettings) -> Iterator[np.ndarray]:
    """Log-mel frames `[stop - first, n_mels]` fp16 of each cut of a piece."""
    import torch

    rate, response = settings.rate, piece.response
    sees = settings.n_fft + (len(response.taps(rate)) if response else 0)
    margin = -(-sees // settings.hop)  # frames, wider than what a frame sees on either side
    for (first, stop), samples in zip(piece.cuts, _heard(piece, settings, margin), strict=True):
        waveform = torch.from_numpy(response.heard(samples, rate) if response else samples)
        shortest = max(settings.hop, settings.n_fft)  # reflection needs more samples than half a window
        if len(waveform) < shortest:
            waveform = torch.nn.functional.pad(waveform, (0, shortest - len(waveform)))
        skipped = min(first, margin)
        found = _logmel(settings)(waveform[None])[0].numpy()[skipped : skipped + stop - first]
        lacking = stop - first - len(found)  # an mp3's header may promise a few samples more than it holds
        if len(piece.cuts) > 1 or stop - first < piece.frames:
            require_whole(piece.path, lacking * settings.frame_seconds)
        yield np.concatenate([found, np.repeat(found[-1:], lacking, 0)]).astype(np.float16)


def _heard(piece: Piece, settings: FeatureSettings, margin: int) -> Iterator[np.ndarray]:
    """The audio of each cut with `margin` frames around it, as far as there are any."""
    if piece.cuts == ((0, piece.frames),):
        return iter([read_audio(piece.path, settings.rate)])
    # The last cut goes on to the very end, where less than a frame may be left.
    ends = [stop + margin if stop < piece.frames else piece.frames + 1 for _, stop in piece.cuts]
    starts = [max(first - margin, 0) for first, _ in piece.cuts]
    spans = [(start * settings.hop, end * settings.hop) for start, end in zip(starts, ends, strict=True)]
    return read_spans(piece.path, settings.rate, spans)


@cache
def _logmel(settings: FeatureSettings) -> "LogMel":
    from sedkd.features.logmel import LogMel

    return LogMel(settings)


def _grouped(pieces: Sequence[Piece], frame_seconds: float) -> Iterator[tuple[Piece, ...]]:
    group: list[Piece] = []
    for piece in pieces:
        group.append(piece)
        if sum(each.size for each in group) * frame_seconds >= BATCH_SECONDS:
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)


def _prepare(work: Unfinished, shape: tuple[int, int]) -> None:
    """Make the rows, or find them as they were left."""
    file = work.folder / ROWS
    if work.done and is_rows(file, shape[0]):
        return
    work.restart()
    require_room(work.folder, 2 * shape[0] * shape[1])
    make_rows(file, shape)
