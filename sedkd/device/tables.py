"""What differs from student to student, as C: sizes, the front end's tables, labels, thresholds and filters."""

import numpy as np

from sedkd.device.literals import array, for_cpp, real, text
from sedkd.export.reading import Bundle
from sedkd.export.stream_facts import StreamFacts
from sedkd.features.settings import FeatureSettings
from sedkd.features.tables import filters_of, window_of
from sedkd.score.thresholding import at_least

FULL_SCALE = 32768  # of 16-bit samples
REAL = """/* Of the spectrum. */
#ifndef SEDKD_REAL
#define SEDKD_REAL double
#endif
"""
ARRAYS = (
    ("float", "sedkd_window[SEDKD_N_FFT]"),
    ("SEDKD_REAL", "sedkd_cosine[SEDKD_N_FFT / 2]"),
    ("SEDKD_REAL", "sedkd_sine[SEDKD_N_FFT / 2]"),
    ("int", "sedkd_mel_first[SEDKD_N_MELS]"),
    ("int", "sedkd_mel_count[SEDKD_N_MELS]"),
    ("float", "sedkd_mel_weights[]"),
    ("float", "sedkd_padding[SEDKD_N_MELS]"),
    ("float", "sedkd_thresholds[SEDKD_LABELS]"),
    ("int", "sedkd_medians[SEDKD_LABELS]"),
    ("char *const", "sedkd_labels[SEDKD_LABELS]"),
)


def header(bundle: Bundle, stream: StreamFacts) -> str:
    """The text of sedkd_tables.h."""
    s = bundle.features
    sizes = {
        "RATE": s.rate,
        "N_FFT": s.n_fft,
        "HOP": s.hop,
        "N_MELS": s.n_mels,
        "LOG_OFFSET": real(s.offset),
        "LOG_SHIFT": real(s.shift),
        "LOG_SCALE": real(s.scale),
        "STEP_FRAMES": stream.frames,
        "STEP_ANSWERS": stream.frames // stream.stride,
        "STRIDE": stream.stride,
        "DELAY": stream.delay,
        "ANSWER_SECONDS": repr(bundle.frame_seconds),
        "LABELS": len(bundle.labels),
        "LONGEST_MEDIAN": max(bundle.post.median_frames),
    }
    lines = [f"#define SEDKD_{name} {value}" for name, value in sizes.items()]
    arrays = "".join(f"extern const {kind} {name};\n" for kind, name in ARRAYS)
    text = "\n".join([*lines, "", REAL, for_cpp(arrays)])
    return f"#ifndef SEDKD_TABLES_H\n#define SEDKD_TABLES_H\n\n{text}\n#endif\n"


def source(bundle: Bundle, stream: StreamFacts) -> str:
    """The text of sedkd_tables.c. ValueError: the C front end cannot compute these features."""
    _check(bundle.features)
    n_fft = bundle.features.n_fft
    turns = 2 * np.pi * np.arange(n_fft // 2) / n_fft
    first, count, weights = _sparse(filters_of(bundle.features))
    labels = ",\n".join(f"    {text(label)}" for label in bundle.labels)
    return '#include "sedkd_tables.h"\n\n' + "\n".join(
        [
            array("float", "sedkd_window", window_of(bundle.features) / FULL_SCALE),
            array("SEDKD_REAL", "sedkd_cosine", np.cos(turns)),
            array("SEDKD_REAL", "sedkd_sine", np.sin(turns)),
            array("int", "sedkd_mel_first", first),
            array("int", "sedkd_mel_count", count),
            array("float", "sedkd_mel_weights", weights),
            array("float", "sedkd_padding", np.array(stream.padding)),
            array("float", "sedkd_thresholds", np.array([at_least(t) for t in bundle.post.thresholds])),
            array("int", "sedkd_medians", np.array(bundle.post.median_frames)),
            f"const char *const sedkd_labels[{len(bundle.labels)}] = {{\n{labels}\n}};\n",
        ]
    )


def _check(s: FeatureSettings) -> None:
    if s.preemphasis or s.n_fft & (s.n_fft - 1) or s.n_fft < 8 or s.hop <= s.n_fft // 2:
        raise ValueError(
            "the C front end needs no pre-emphasis, n_fft a power of two and a hop above half of it, not "
            f"{s.preemphasis}, {s.n_fft} and {s.hop}"
        )


def _sparse(filters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mel filters `[bins, n_mels]` as the first bin and number of bins of each band, and all their weights in a row."""
    spans = [np.flatnonzero(column) for column in filters.T]
    first = np.array([span[0] if len(span) else 0 for span in spans])
    count = np.array([span[-1] + 1 - span[0] if len(span) else 0 for span in spans])
    weights = [column[start : start + number] for column, start, number in zip(filters.T, first, count, strict=True)]
    return first, count, np.concatenate(weights)
