"""What `mkdocs build` shows besides docs/: README as the first page, the measured tables, the changelog,
the notebook and compose.yaml, each from where it lies; links to them are turned into links between pages."""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "benchmarks/README.md": "benchmarks.md",
    **{f"benchmarks/{name}.md": f"measured-{name}.md" for name in ("claim", "training", "search", "speed")},
    "CHANGELOG.md": "changelog.md",
    "compose.yaml": "compose.yaml",
    "notebooks/first_detector.ipynb": "first_detector.ipynb",
}
LINK = re.compile(r"(?<=\]\()[\w./-]+(?=[)#])")


def on_files(files: Any, config: Any) -> Any:
    """mkdocs calls it with what lies in docs/."""
    for source, name in PAGES.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """mkdocs calls it with each page."""
    folder = Path(page.file.abs_src_path).resolve().parent.relative_to(ROOT).as_posix()
    return LINK.sub(lambda link: _in_site(posixpath.normpath(posixpath.join(folder, link[0]))), markdown)


def _in_site(source: str) -> str:
    """Where a file of the repository lies in the site, in which all pages lie beside each other."""
    return PAGES.get(source, source.removeprefix("docs/"))
