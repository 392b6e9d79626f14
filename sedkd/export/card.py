"""The model card: what a student hears and where, how well, at what cost, how to run it, and where it came from."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sedkd.cost.macs import feature_macs_per_second
from sedkd.export.stream_card import streaming_text
from sedkd.features.settings import FeatureSettings

Scores = Mapping[str, float | None]


@dataclass(frozen=True)
class CardFacts:
    """Where a student came from and how good it is.

    `validation` and `test` are scores as `sedkd.score.summary.Scores.values` (fractions); `per_class` is label ->
    scores on the test split, or on validation where `test` is None. `cost` holds macs and params, bytes (float32
    weights) and latency (ms), MACs and latency per second of audio, and of one for streams algorithmic_latency (s),
    ram and flash (B). `most_alarms`: false alarms per hour that thresholds were allowed; None where they are for F1.
    `picture` is a file beside the card: precision, recall and false alarms on validation; `calibration`
    is another: what probabilities are worth there; `confusion` a third: who is taken for whom. `licences`
    are the terms of data, teacher weights and student (see `sedkd.export.licences`). `int8`: scores and
    thresholds are of the step in eight bits. `int8_test` and `int8_latency` are that step's scores on test and ms per
    second of audio, where they were measured. `of_seeds`: means on validation of this student and of one that was
    trained alike with another seed, where there is one. `lowest_rate` in Hz: of the recordings of validation.
    """

    environment: str
    scene: str
    events: Sequence[str]
    study: str
    trial: int
    data: str
    synthetic: bool
    teacher: str
    configuration: Mapping[str, Any]
    validation: Scores
    test: Scores | None
    per_class: Mapping[str, Mapping[str, float | None]]
    cost: Mapping[str, float | None]
    most_alarms: float | None = None
    picture: str | None = None
    calibration: str | None = None
    confusion: str | None = None
    licences: Mapping[str, str] = field(default_factory=dict)
    int8: bool = False
    int8_test: Scores | None = None
    int8_latency: float | None = None
    of_seeds: Scores | None = None
    lowest_rate: int | None = None


def card_text(facts: Mapping[str, Any], card: CardFacts, name: str) -> str:
    """The card in Markdown: `facts` are what student.json holds, `name` is the folder's."""
    parts = [
        f"# {name}: a sound event detector for {card.environment}",
        _introduction(facts, card),
        "## Scores",
        _scores(card),
        "## Cost",
        _cost(facts, card),
        "## Running it",
        _usage(name),
        *(["## On a stream", streaming_text(facts, card.synthetic)] if "stream" in facts else []),
        "## Where it came from",
        _provenance(facts, card),
        *(
            ["## Licences", _table(["of", "terms"], [[of, terms] for of, terms in card.licences.items()])]
            if card.licences
            else []
        ),
        "## Limits",
        _limits(facts, card),
    ]
    return "\n\n".join(parts) + "\n"


def _introduction(facts: Mapping[str, Any], card: CardFacts) -> str:
    scene = f" ({card.scene})" if card.scene and card.scene != card.environment else ""
    origin = " It was trained, tuned and scored on synthetic soundscapes." if card.synthetic else ""
    rows = [
        [_literal(label), _threshold(threshold), f"{median * facts['frame_seconds']:.2f} s" if median > 1 else "none"]
        for label, threshold, median in zip(facts["labels"], facts["thresholds"], facts["median_frames"], strict=True)
    ]
    events = ", ".join(map(_literal, facts["labels"]))
    return (
        f"Tells when it hears {events} in the environment {card.environment}{scene}: one "
        f"probability per event every {1000 * facts['frame_seconds']:.0f} ms of audio.{origin}\n\n"
        + _table(["event", "threshold", "median filter"], rows)
        + "\n\nThresholds and filters were chosen on the validation split"
        + _limited(card)
        + "."
    )


def _threshold(value: float) -> str:
    return f"{value:g}" if value <= 1 else "never told"


def _limited(card: CardFacts) -> str:
    """By what they were chosen, where it was not F1."""
    most = card.most_alarms
    return "" if most is None else f": most recall with at most {most:g} false alarms per hour, all events together"


def _scores(card: CardFacts) -> str:
    kind = "synthetic " if card.synthetic else ""
    names = [*card.validation, *(name for name in card.test or {} if name not in card.validation)]
    rows = [[name, _number(card.validation.get(name)), _number((card.test or {}).get(name))] for name in names]
    text = _table(["score", f"{kind}validation", f"{kind}test"], rows)
    if card.test is None:
        text += f"\n\nThe test split was not scored. The {kind}validation split chose the thresholds: expect less."
    else:
        text += f"\n\nThe {kind}validation split chose this student and its thresholds; the {kind}test split did not."
    if card.of_seeds:
        told = ", ".join(f"{name} {_number(value)}" for name, value in card.of_seeds.items())
        text += f" One seed may be lucky: this student and one of another seed score {told} there in the mean."
    if card.int8:
        text += (
            " Scores are of the step in eight bits, `int8.onnx`, and thresholds were chosen by its answers; "
            "`model.onnx`, `stream.onnx` and what is made of them answer in float, a little differently."
        )
    if card.per_class:
        split = kind + ("validation" if card.test is None else "test")
        columns = list(dict.fromkeys(score for scores in card.per_class.values() for score in scores))
        rows = [
            [_literal(label), *(_number(scores.get(c)) for c in columns)] for label, scores in card.per_class.items()
        ]
        text += f"\n\nPer event, on the {split} split:\n\n" + _table(["event", *columns], rows)
    if card.picture:
        text += f"\n\n![precision and recall per event]({card.picture})\n\n"
        text += (
            f"Event-based, on the {kind}validation split: precision over recall, and missed events over false alarms "
            "per hour; the circle is the threshold above."
        )
    if card.confusion:
        text += (
            f"\n\n![who is taken for whom]({card.confusion})\n\n"
            f"On the {kind}validation split and, where there are any, recordings without events: of the seconds in "
            "which a row's event is there, the percentage in which a column's is detected. Off the diagonal only "
            "seconds without the column's event count; several may sound at once, so that rows need not sum up to 100."
        )
    if card.calibration:
        text += (
            f"\n\n![calibration per event]({card.calibration})\n\n"
            f"On the {kind}validation split: of the frames whose probability lies in a tenth, before the median "
            "filter, the share that lies within the event, and how many frames these are. On the dashed line a "
            "probability is what it says; the error is the mean distance from it, over frames."
        )
    if card.synthetic:
        text += "\n\nAll scores are on synthetic soundscapes and say little about recordings of a real place."
    return text


def _cost(facts: Mapping[str, Any], card: CardFacts) -> str:
    front_end = feature_macs_per_second(FeatureSettings(**facts["features"]))
    rows = [
        ["network", _count(card.cost.get("macs"), "MAC per second of audio")],
        ["log-mel features, on top (estimate)", _count(front_end, "MAC per second of audio")],
        ["trained parameters", _count(card.cost.get("params"), "")],
        ["weights and normalisation statistics in float32", _count(card.cost.get("bytes"), "B")],
        ["network on one CPU thread, where it was trained", _latency(card.cost.get("latency"))],
    ]
    if "stream" in facts:
        rows.append(["an answer waits for sound", f"{1000 * facts['stream']['latency_seconds']:.0f} ms"])
    for name, what in (("ram", "static RAM, the stack on top"), ("flash", "flash, its code estimated")):
        if card.cost.get(name) is not None:
            rows.append([f"C on a Cortex-M4: {what}", _count(card.cost[name], "B")])
    return _table(["what", "cost"], rows) + "\n\nOne MAC is two FLOPs."


def _usage(name: str) -> str:
    return f"""    sedkd detect {shlex.quote(name)} file.wav

prints the events of a file of any length, rate and number of channels. Without sedkd, for clips of some seconds:

```python
import json, onnxruntime, soundfile
facts = json.load(open("student.json", encoding="utf-8"))
audio, rate = soundfile.read("file.wav", dtype="float32", always_2d=True)
assert rate == facts["sample_rate"] and len(audio) >= facts["minimum_samples"]
model = onnxruntime.InferenceSession("model.onnx")
probabilities = model.run(None, {{"audio": audio.mean(axis=1)[None]}})[0][0]  # [frames, labels]
for i, frame in enumerate(probabilities):
    heard = [l for l, p, t in zip(facts["labels"], frame, facts["thresholds"]) if p >= t]
    print(f"{{i * facts['frame_seconds']:.2f}} s", *heard)
```

The snippet leaves out the median filters. `model.safetensors` holds the same weights for further training."""


def _provenance(facts: Mapping[str, Any], card: CardFacts) -> str:
    rows = [
        ["study", card.study],
        ["trial", str(card.trial)],
        ["environment", card.environment],
        ["data", card.data + (" (synthetic)" if card.synthetic else "")],
        ["teacher", card.teacher],
        ["sedkd", facts["provenance"]["sedkd"]],
        ["ONNX against torch", f"largest difference {facts['onnx_max_difference']:.1g} in probability"],
        *([key, f"`{value}`"] for key, value in card.configuration.items()),
    ]
    return _table(["what", "value"], rows)


def _limits(facts: Mapping[str, Any], card: CardFacts) -> str:
    whole = "The network looks ahead and back: it is for recordings, or for live audio with a delay of some seconds."
    stream = "Thresholds and filters were chosen for whole recordings: a median filter looks ahead by half its length."
    limits = [
        f"It knows {card.environment} only; elsewhere its scores do not hold.",
        "It answers for the events above and for no other; a similar sound may be taken for one of them.",
        stream if "stream" in facts else whole,
        "Scores hold for the thresholds above; where false alarms cost more than misses, choose your own.",
    ]
    if card.lowest_rate is not None:
        limits.append(
            f"It was chosen on recordings sampled at {card.lowest_rate} Hz or more; sound that is sampled lower lacks "
            "what it learnt to expect."
        )
    if card.synthetic:
        limits.append("Its data were synthetic: measure it on labelled recordings of the real place before using it.")
    return "\n".join(f"- {limit}" for limit in limits)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _literal(label: str) -> str:
    """A label as it stands, where HTML or Markdown would make something of it, or a comma parts it from others."""
    if re.fullmatch(r"[\w -]+", label):
        return label
    longest = max((len(run) for run in re.findall("`+", label)), default=0)
    fence, blank = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{blank}{label}{blank}{fence}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _latency(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f} ms per second of audio"


def _count(value: float | None, unit: str) -> str:
    if value is None:
        return "not measured"
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.2f} {prefix}{unit}"
    return f"{value:.0f} {unit}".strip()
