"""What a command prints where the locale knows few letters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sedkd.data.events import Event, write_annotations

NO_UNICODE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("locale", "label"),
    [(NO_UNICODE, "Käuzchen"), (NO_UNICODE | {"PYTHONIOENCODING": "ascii"}, r"K\xe4uzchen")],
)
def test_labels_are_printed_in_any_locale(tmp_path: Path, locale: dict[str, str], label: str) -> None:
    write_annotations(tmp_path / "truth.tsv", {"a.wav": [Event(0, 1, "Käuzchen")]})
    words = ["-m", "search.cli.main", "score", *[str(tmp_path / "truth.tsv")] * 2]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"} | locale
    out = subprocess.run([sys.executable, *words], capture_output=True, check=True, env=environment)
    assert f"\n{label} ".encode() in out.stdout
