"""Which files code of one's own consists of."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sedkd.distill.registry import own_strategies
from sedkd.own_sources import own_sources, sources_digest

FILES = {
    "own_mine.py": "import os, torch\nfrom own_net import network\nfrom sedkd.models.frame import FrameModel\n",
    "own_net.py": "import numpy as np\n\ndef network():\n    from own_pack import deep\n    return deep\n",
    "own_pack/__init__.py": "from . import deep\n",
    "own_pack/deep.py": "from .deeper import x\nimport own_mine\n",
    "own_pack/deeper.py": "x = 1\n",
    "own_pack/unused.py": "x = 1\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("own_")]:
        if name != "own_parts":
            del sys.modules[name]


def test_a_module_and_what_it_imports_of_ones_own(folder: Path) -> None:
    found = [path.relative_to(folder).as_posix() for path in own_sources("own_mine")]
    assert found[0] == "own_mine.py"
    assert sorted(found) == [name for name in sorted(FILES) if "unused" not in name]


@pytest.mark.parametrize("module", ["torch", "json", "sedkd.distill.hint", "no_such_module", ""])
def test_what_is_not_ones_own(module: str) -> None:
    assert own_sources(module) == []
    assert sources_digest(f"{module}:name") is None


@pytest.mark.parametrize("name", ["own_mine.py", "own_net.py", "own_pack/deeper.py"])
def test_every_file_counts(folder: Path, name: str) -> None:
    before = own_strategies("response+own_mine:Strategy", "none")
    assert before.keys() == {"own_mine:Strategy"}
    (folder / "own_pack" / "unused.py").write_text("x = 2\n")
    assert own_strategies("own_mine:Strategy") == before
    (folder / name).write_text(FILES[name] + "# another\n")
    assert own_strategies("own_mine:Strategy") != before


def test_of_sedkds_own_strategies_nothing_is_named() -> None:
    assert own_strategies("response+hint", "none") == {}
