"""How long a search's start takes over many files: their tables, lengths and digests, the first time and again.

    python benchmarks/start.py --files 10000 --suffix wav

The clips are SYNTHETIC noise of one second, mono, 16 kHz; nothing is trained, and no features are computed.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from search.cli.guard import ended

SHARES = {"train": 0.5, "validation": 0.2, "unlabeled": 0.3}


def main() -> None:
    """Make the clips, start twice over an empty cache and a filled one, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--suffix", default="wav", help="wav, flac, ogg or mp3")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEDKD_CACHE"] = str(Path(folder, "cache"))
        root = Path(folder, "data")
        _write(root / "farm", options.files, options.suffix)
        time.sleep(3)  # younger files are not remembered
        print(f"{options.files} files, {options.suffix}")
        for name in ("first", "again"):
            print(f"{name:>6}  " + "  ".join(f"{what} {seconds:.2f} s" for what, seconds in _start(root).items()))


def _write(farm: Path, count: int, suffix: str) -> None:
    import soundfile

    noise = np.random.default_rng(0).standard_normal(16_000 * 60).astype(np.float32) * 0.05
    number = 0
    for split, share in SHARES.items():
        (farm / split).mkdir(parents=True)
        lines = ["filename\tonset\toffset\tevent_label"]
        for _ in range(round(share * count)):
            begin = number * 37 % (len(noise) - 16_000)
            soundfile.write(farm / split / f"{number:06d}.{suffix}", noise[begin : begin + 16_000], 16_000)
            lines.append(f"{number:06d}.{suffix}\t0.1\t0.5\tbird")
            number += 1
        if split != "unlabeled":
            (farm / f"{split}.tsv").write_text("\n".join(lines) + "\n")


def _start(root: Path) -> dict[str, float]:
    from sedkd.data.pool import folder_pool
    from sedkd.data.recordings import digest_of

    seconds: dict[str, float] = {}

    def timed(what: str, work: Callable[[], list]) -> list:
        begin = time.perf_counter()
        found = work()
        seconds[what] = time.perf_counter() - begin
        return found

    pool = folder_pool(root, {}, "farm")
    clips = timed("tables and lengths", lambda: [*pool.training("farm"), *pool.validation("farm")])
    clips += timed("unlabelled", lambda: pool.unlabeled("farm"))
    timed("digest", lambda: [digest_of(clips)])
    return seconds


if __name__ == "__main__":
    sys.exit(ended(main))
