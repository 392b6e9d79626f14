"""Writing the page of an export: network, runtime and program in one file that needs no network and sends nothing."""

import base64
import gzip
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from sedkd.browser.runtime import PACKAGE, Runtime
from sedkd.export.bundle import PAGE
from sedkd.export.reading import ONNX, Bundle, read_bundle
from sedkd.export.session import minimum_samples
from sedkd.export.stream_facts import STREAM
from sedkd.features.settings import FeatureSettings
from sedkd.features.tables import filters_of, window_of
from sedkd.inline import inert_json, script_hash

PROGRAM = ("resampler.js", "frontend.js", "network.js", "decisions.js", "sound.js", "detector.js", "page.js")


def write_page(export: Path, runtime: Runtime) -> Path:
    """Write detector.html into the folder of an export and return its path.

    Raises:
        UserError: the export is broken.
    """
    bundle = read_bundle(export)
    network = (export / (STREAM if bundle.stream else ONNX)).read_bytes()
    path = export / PAGE
    path.write_text(page_of(bundle, network, runtime), encoding="utf-8")
    return path


def page_of(bundle: Bundle, network: bytes, runtime: Runtime) -> str:
    """The page; `network` is the bundle's stream.onnx, or its model.onnx where it has no stream."""
    style, body = _asset("page.css"), _asset("body.html")
    program = '"use strict";\n' + "\n".join(map(_asset, PROGRAM))
    # The runtime and the microphone's program are modules, which come by an address only: here one that holds them.
    # Otherwise nothing runs but the program below and WebAssembly, and nothing can be fetched or sent.
    policy = (
        f"default-src 'none'; img-src data:; style-src '{script_hash(style)}'; "
        f"script-src '{script_hash(program)}' 'wasm-unsafe-eval' data:; base-uri 'none'; form-action 'none'"
    )
    held = {"runtime": _packed(runtime.module), "wasm": _packed(runtime.wasm), "network": network}
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<!-- holds {PACKAGE} {runtime.version}, (c) Microsoft Corporation, MIT License -->\n"
        f"<title>{escape(_about(bundle)['environment'])}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}"
        f'<script type="application/json" id="facts">{inert_json(facts_of(bundle))}</script>\n'
        f'<script type="text/plain" id="capture">{_asset("capture.js")}</script>\n'
        + "".join(_data(name, content) for name, content in held.items())
        + f"<script>{program}</script>\n</body>\n</html>\n"
    )


def facts_of(bundle: Bundle) -> dict[str, Any]:
    """What the page's program knows of the student; no paths of the machine that trained it."""
    window, context = (round(s / bundle.frame_seconds) for s in (bundle.window_seconds, bundle.context_seconds))
    return {
        "about": _about(bundle),
        "labels": bundle.labels,
        "thresholds": bundle.post.thresholds,
        "median_frames": bundle.post.median_frames,
        "frame_seconds": bundle.frame_seconds,
        "window_frames": window,
        "context_frames": context,
        "minimum_samples": minimum_samples(bundle.features),
        "features": {**bundle.features.as_dict(), **_tables(bundle.features)},
        "stream": bundle.stream.as_dict() if bundle.stream else None,
    }


def _about(bundle: Bundle) -> dict[str, Any]:
    return {name: bundle.provenance[name] for name in ("environment", "scene", "synthetic", "study", "trial")}


def _tables(settings: FeatureSettings) -> dict[str, Any]:
    """The window `[n_fft]`, and of each mel filter its first bin and its weights from there."""
    filters = []
    for column in filters_of(settings).T:
        inside = np.flatnonzero(column)
        first, stop = (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)
        filters.append({"first": first, "weights": column[first:stop].tolist()})
    return {"window": window_of(settings).tolist(), "filters": filters}


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)  # the same page each time


def _data(name: str, content: bytes) -> str:
    return f'<script type="application/octet-stream" id="{name}">{base64.b64encode(content).decode()}</script>\n'


def _asset(name: str) -> str:
    return resources.files("sedkd.browser").joinpath("page", name).read_text(encoding="utf-8")
