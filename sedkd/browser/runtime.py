"""npm's package onnxruntime-web, from which a page takes what runs its network; no copy of it is part of sedkd."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

from sedkd.errors import UserError

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"  # the one that was tried
INSIDE = Path("node_modules", PACKAGE)  # where npm puts it
# The smallest build of it: WebAssembly alone, without WebGPU, WebNN and WebGL.
MODULE, WASM = Path("dist", "ort.wasm.bundle.min.mjs"), Path("dist", "ort-wasm-simd-threaded.wasm")


@dataclass(frozen=True)
class Runtime:
    """The JavaScript module of onnxruntime-web and the WebAssembly that it loads."""

    version: str
    module: bytes
    wasm: bytes


def read_runtime(folder: Path) -> Runtime:
    """The runtime in `folder`: the package itself, or where `npm install` was run.

    Raises:
        UserError: it is not there, not whole, or of another major version.
    """
    package = folder if (folder / "package.json").is_file() and not (folder / INSIDE).is_dir() else folder / INSIDE
    how = f"`npm install --prefix {shlex.quote(str(folder))} {PACKAGE}@{VERSION}` puts it there"
    try:
        facts = json.loads((package / "package.json").read_text(encoding="utf-8"))
        name, version = facts["name"], str(facts["version"])
        if name != PACKAGE:
            raise UserError(f"--browser {folder}: holds the package {name}, not {PACKAGE}; {how}")
        if version.split(".")[0] != VERSION.split(".")[0]:
            raise UserError(f"--browser {folder}: {PACKAGE} {version}, but the page knows {VERSION}; {how}")
        return Runtime(version, (package / MODULE).read_bytes(), (package / WASM).read_bytes())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"--browser {folder}: no whole {PACKAGE} there ({error}); {how}") from error
