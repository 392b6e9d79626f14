"""Writing the C library of a causal student: sources that are the same for all, and what is made for this one."""

from importlib.resources import files
from pathlib import Path

import numpy as np

from sedkd.device.golden import golden_header
from sedkd.device.network import implementation, interface, is_generator_installed, network_source
from sedkd.device.tables import header, source
from sedkd.errors import UserError
from sedkd.export.bundle import DEVICE
from sedkd.export.reading import read_bundle
from sedkd.export.step_graph import StepGraph
from sedkd.export.stream_facts import STREAM

LACKING = "what writes a network as C is not installed: pip install 'sedkd[device]'"


def write_device(export: Path, audio: np.ndarray) -> Path:
    """Write `device/` into the folder of an export and return it; `audio` is a waveform `[samples]` to compare with.

    Raises:
        UserError: the student hears whole recordings, or what writes the network as C is not installed.
    """
    bundle = read_bundle(export)
    if bundle.stream is None:
        raise UserError(f"{export}: this student hears whole recordings; search with --lookahead for one for a device")
    if not is_generator_installed():
        raise UserError(f"{export}: {LACKING}")
    graph = StepGraph(export / STREAM, bundle.stream)
    texts = {
        "sedkd_tables.h": header(bundle, bundle.stream),
        "sedkd_tables.c": source(bundle, bundle.stream),
        "sedkd_network.h": interface(bundle.stream),
        "sedkd_network.c": implementation(bundle.stream),
        "network.c": network_source(export / STREAM, bundle.stream),
        "golden.h": golden_header(audio, bundle.features, graph),
    }
    texts |= {each.name: each.read_text("utf-8") for each in files("sedkd.device").joinpath("c").iterdir()}
    folder = export / DEVICE
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
