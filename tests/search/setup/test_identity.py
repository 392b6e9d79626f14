"""The facts of a study beside its name."""

from pathlib import Path

import numpy as np
import soundfile
from small_study import arguments, write_farm

from search.cli.search import parser, request_of
from search.setup.identity import NAMED_CLIPS
from search.setup.request import planned


def test_the_lowest_rate_is_that_of_all_of_validation(tmp_path: Path) -> None:
    """Also of clips that the facts do not name."""
    root = write_farm(tmp_path)
    table, folder = root / "farm" / "validation.tsv", root / "farm" / "validation"
    header, first, *rest = table.read_text().splitlines()
    added = []
    for name in (*(f"more{number}.wav" for number in range(NAMED_CLIPS)), "z.wav"):
        rate = 8000 if name == "z.wav" else 16000
        soundfile.write(folder / name, np.zeros(2 * rate), rate)
        added.append(f"{name}\t0.5\t1.5\thum")
    table.write_text("\n".join([header, first, *rest, *added]) + "\n")
    facts = planned(request_of(parser().parse_args(arguments(root, 1))), lambda *_: None).facts
    assert "z.wav" not in {Path(path).name for path in facts["validation"]}
    assert facts["lowest_rate"] == 8000
