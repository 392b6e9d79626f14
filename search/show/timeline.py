"""A recording as a student hears it, as a picture: all panels have one time axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sedkd.errors import UserError

if TYPE_CHECKING:
    from sedkd.data.events import Event
    from sedkd.export.reading import Bundle

TRUE, HEARD, FILTERED, THRESHOLD = "#2a7f4f", "#b3432f", "#1f5f8b", "#6b7280"
MAX_PIXELS = 4000  # of the log-mel, to the right
SHADES_NEPERS = 12.0


@dataclass(frozen=True)
class Timeline:
    """What is drawn, in seconds; `truth` is None where nobody told it, and may hold labels that the student lacks."""

    bundle: "Bundle"
    path: Path
    start: float
    stop: float
    truth: "Sequence[Event] | None"

    @property
    def labels(self) -> list[str]:
        """The student's, then what else the truth holds."""
        more = sorted({event.event_label for event in self.truth or ()})
        return list(dict.fromkeys([*self.bundle.labels, *more]))


def timeline_png(found: Timeline, out: Path) -> None:
    """Write the picture to `out`. UserError where that cannot be done."""
    from matplotlib.figure import Figure

    from sedkd.disk.paths import written_atomically
    from sedkd.stream.detect import file_probabilities

    known, lanes = len(found.bundle.labels), len(found.labels)
    heights = [1.6, *[0.6] * known, 0.4 * lanes + 0.2]
    figure = Figure(figsize=(12, sum(heights) + 1.2), layout="constrained")
    top, *rows, bottom = figure.subplots(known + 2, 1, sharex=True, height_ratios=heights)
    probability = file_probabilities(found.bundle, found.path)
    _log_mel(top, found)
    for row, column in zip(rows, range(known), strict=True):
        _probability(row, found, probability, column)
    _events(bottom, found, probability)
    bottom.set_xlim(found.start, found.stop)
    bottom.set_xlabel("seconds")
    figure.suptitle(f"{found.path.name}, heard by {found.bundle.folder.resolve().name}", parse_math=False)
    try:
        with written_atomically(out) as temporary:
            figure.savefig(temporary, format="png", dpi=120)
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror}); choose another --out") from error


def _log_mel(axes: Any, found: Timeline) -> None:
    import torch

    from sedkd.data.audio import read_spans
    from sedkd.features.logmel import LogMel

    settings = found.bundle.features
    span = (round(found.start * settings.rate), round(found.stop * settings.rate))
    (audio,) = read_spans(found.path, settings.rate, [span])
    short = max(settings.n_fft - len(audio), settings.hop - len(audio), 0)  # a frame at least
    with torch.inference_mode():
        padded = torch.nn.functional.pad(torch.from_numpy(audio), (0, short))
        tiles = LogMel(settings)(padded[None])[0].numpy()
    loudest, step = tiles.max(), max(len(tiles) // MAX_PIXELS, 1)
    axes.imshow(
        tiles[::step].T, origin="lower", aspect="auto", cmap="magma",
        extent=(found.start, found.stop, 0, settings.n_mels), vmin=loudest - SHADES_NEPERS, vmax=loudest,
    )  # fmt: skip
    axes.set_ylabel("mel band")


def _probability(axes: Any, found: Timeline, probability: Any, column: int) -> None:
    import numpy as np

    from sedkd.score.thresholding import smooth

    bundle = found.bundle
    middle = (np.arange(len(probability)) + 0.5) * bundle.frame_seconds
    smoothed = smooth(probability, bundle.post.median_frames)
    axes.plot(middle, probability[:, column], color=FILTERED, linewidth=0.5, alpha=0.5)
    axes.step(middle, smoothed[:, column], where="mid", color=FILTERED, linewidth=1.2)
    axes.axhline(bundle.post.thresholds[column], color=THRESHOLD, linestyle="--", linewidth=0.9)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 1])
    axes.set_ylabel(bundle.labels[column], rotation=0, ha="right", va="center", parse_math=False)


def _events(axes: Any, found: Timeline, probability: Any) -> None:
    """A lane per label, from the top down: truth in its upper half, detections in its lower one."""
    from matplotlib.patches import Patch

    from sedkd.data.inspection import audio_info
    from sedkd.score.thresholding import decode

    bundle, post = found.bundle, found.bundle.post
    heard = decode(
        probability, bundle.frame_seconds, bundle.labels, post.thresholds, post.median_frames,
        audio_info(found.path).duration,
    )  # fmt: skip
    labels = found.labels[::-1]
    for lane, label in enumerate(labels):
        for events, low, colour in ((found.truth or (), 0.5, TRUE), (heard, 0.1, HEARD)):
            bars = [(e.onset, e.offset - e.onset) for e in events if e.event_label == label]
            axes.broken_barh(bars, (lane + low, 0.4), facecolors=colour)
        if lane:
            axes.axhline(lane, color="#d5dae0", linewidth=0.6)
    axes.set_ylim(0, len(labels))
    axes.set_yticks([lane + 0.5 for lane in range(len(labels))], labels, parse_math=False)
    drawn = [Patch(color=HEARD, label="detections")]
    if found.truth is not None:
        drawn.insert(0, Patch(color=TRUE, label="truth"))
    axes.legend(handles=drawn, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
