"""What a model card says of the step that runs on a stream."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sedkd.export.int8 import int8_words, score_digits
from sedkd.export.session import PRECISE
from sedkd.features.settings import FeatureSettings


def stream_lines(folder: Path, kind: str) -> list[str]:
    """What to say of an export for streams when it was written."""
    facts = json.loads((folder / "student.json").read_text(encoding="utf-8"))
    waiting = 1000 * facts["stream"]["latency_seconds"]
    int8 = int8_words(facts["int8"], kind, facts["provenance"]["int8"])
    return [f"{facts['stream']['file']}: an answer waits {waiting:.0f} ms for sound", int8]


def streaming_text(facts: Mapping[str, Any], synthetic: bool) -> str:
    """Of what student.json holds, how to run the step: names, shapes, which answer belongs where; and what eight bits
    cost on validation."""
    stream, labels = facts["stream"], len(facts["labels"])
    states = ", ".join(f"`{state['input']}` {state['shape']}" for state in stream["states"])
    mels, frames, stride, delay = len(stream["padding"]), stream["frames"], stream["stride"], stream["delay"]
    place = f"k - {delay}" if delay else "k"
    sentences = [
        f"`{stream['file']}` is one step: log-mel `{stream['input']}` `[1, {frames}, {mels}]` and states ({states})",
        f"in, `{stream['output']}` `[1, {frames // stride}, {labels}]` and new states (`new_state_0`, ...) out,",
        "all float32. States begin with zeros, and each step is given the new states of the one before.",
        f"Answer k (from 0) belongs to output frame {place}: feature frames {stride} ({place}) to",
        f"{stride} ({place}) + {stride - 1}. At the end of a recording, the last feature frame is repeated until there",
        f"are a multiple of {stride}.",
        f"Answers to frames below 0 are dropped, and the last {delay} asked for with frames like `padding`.",
        "`student.json` says all of this for programs, and `sedkd.stream.network.StreamNetwork` does it.",
        "What comes out is what `model.onnx` answers",
        f"(largest difference {stream['max_difference']:.1g} in probability).",
    ]
    front_end = front_end_words(FeatureSettings(**facts["features"]))
    kind = "synthetic " if synthetic else ""
    int8 = int8_words(facts["int8"], kind, facts["provenance"]["int8"])
    if "file" in facts["int8"]:
        int8 += measured_words(facts["provenance"], kind)
        int8 += (
            f". It has the inputs and outputs of `{stream['file']}`, {facts['int8']['bytes']} bytes, weights of eight "
            f"bits per channel, ranges from {facts['int8']['calibration_steps']} steps of training clips. On x86 "
            f"processors without VNNI onnxruntime answers so only with `{PRECISE[0]}` set to `{PRECISE[1]}` among the "
            "session's configuration entries"
        )
    return f"{' '.join(filter(None, sentences))}\n\n{front_end}\n\n{int8}."


def front_end_words(features: FeatureSettings) -> str:
    """How log-mel frames come from sound, in all that a front end of one's own must know."""
    f = features
    return (
        f"**Log-mel frames**: sound at {f.rate} Hz, one channel, full scale 1. Frame i is of the {f.n_fft} samples "
        f"from {f.hop} i - {f.n_fft // 2} on; n samples have n // {f.hop} frames, and before the first and after the "
        "last sound is mirrored (sample -k is sample k). Times a periodic Hann window, 0.5 - 0.5 cos(2 pi k / "
        f"{f.window}), it is Fourier transformed; |X|^2, not normalised, of each bin (of {f.rate / f.n_fft:g} Hz) is "
        f"weighted by {f.n_mels} triangles of height 1 with corners equally far from each other between "
        f"{f.f_min:g} and {f.f_max:g} Hz in mel = 2595 log10(1 + Hz / 700). The frame is log(sum + {f.offset:g}), "
        "natural logarithm; the step normalises it by itself."
    )


def measured_words(provenance: Mapping[str, Any], kind: str) -> str:
    """What else was measured of the step in eight bits when the search ended: its F1 on test, its time."""
    test, latency = provenance.get("int8_test"), provenance.get("int8_latency")
    told = ", ".join(f"{name} {score_digits(test[name])}" for name in ("f1_segment", "f1_event")) if test else ""
    words = f"; {told} on {kind}test, which chose nothing" if told else ""
    return words + (f"; {latency:.2f} ms per second of audio, step by step on one CPU thread" if latency else "")
