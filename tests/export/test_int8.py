"""Eight bits: the same step, nearly the same answers, and an honest word where there are none."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from exported import LABELS, moving_student, noise, write_export

from sedkd.export.int8 import MAX_STEPS, NO_GRU, SiteClips, _Reader, answered, export_int8
from sedkd.export.step_graph import StepGraph
from sedkd.export.stream_facts import StreamFacts
from sedkd.export.stream_model import export_stream
from sedkd.features.logmel import LogMel
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student


def features(seconds: float, seed: int) -> np.ndarray:
    return LogMel(STUDENT_FEATURES)(torch.from_numpy(noise(seconds, seed=seed)[:, 0])[None])[0].numpy()


def mean_of(found: list[np.ndarray]) -> dict[str, float | None]:
    return {"mean": float(np.mean([answers.mean() for answers in found])), "none": None}


CLIPS = SiteClips([features(10, seed) for seed in range(3)], [features(5, seed) for seed in (7, 8)], mean_of)


@pytest.fixture(scope="module", params=["none", "tcn"])
def exported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, StreamFacts, dict]:
    folder = tmp_path_factory.mktemp("int8")
    student = moving_student(StudentSettings(8, 3, head=request.param, lookahead=160))
    facts = export_stream(student, folder / "stream.onnx")
    return folder, facts, export_int8(folder / "stream.onnx", folder / "int8.onnx", facts, CLIPS)


def test_its_answers_are_nearly_those_of_the_float_one(exported: tuple[Path, StreamFacts, dict]) -> None:
    folder, facts, told = exported
    assert sorted(path.name for path in folder.iterdir()) == ["int8.onnx", "stream.onnx"]
    whole, eight = (
        answered(StepGraph(folder / name, facts), CLIPS.validation) for name in ("stream.onnx", "int8.onnx")
    )
    for one, other in zip(whole, eight, strict=True):
        assert np.abs(one - other).mean() < 0.03
        assert one.std() > 0.1
        assert not np.array_equal(one, other)
    assert told["scores"] == {
        "mean": {"int8": mean_of(eight)["mean"], "float": mean_of(whole)["mean"]},
        "none": {"int8": None, "float": None},
    }
    assert told["calibration_steps"] == 3 * 125
    assert told["bytes"] == (folder / "int8.onnx").stat().st_size


def test_weights_are_quantised_per_channel_and_names_stay(exported: tuple[Path, StreamFacts, dict]) -> None:
    folder, _, _ = exported
    plain, eight = (onnx.load(folder / name).graph for name in ("stream.onnx", "int8.onnx"))
    for parts in ("input", "output"):
        assert [p.name for p in getattr(plain, parts)] == [p.name for p in getattr(eight, parts)]
        assert all(p.type.tensor_type.elem_type == onnx.TensorProto.FLOAT for p in getattr(eight, parts))
    weights = {i.name: i for i in eight.initializer if i.data_type == onnx.TensorProto.INT8 and len(i.dims) == 4}
    assert len(weights) == sum(node.op_type == "Conv" for node in plain.node) in (7, 13)
    sizes = {i.name: list(i.dims) for i in eight.initializer}
    scales = {node.input[0]: node.input[1] for node in eight.node if node.op_type == "DequantizeLinear"}
    assert all(sizes[scales[name]] == [weight.dims[0]] for name, weight in weights.items())
    assert not any(node.metadata_props or node.doc_string for node in (*plain.node, *eight.node))


def test_products_of_eight_bits_are_what_the_graph_says(tmp_path: Path) -> None:
    """Of a student whose pointwise convolution multiplies large values by large weights: two such products are more
    than sixteen bits, at which x86 processors without VNNI cut them off unless the session asks for precision."""
    student = moving_student(StudentSettings(2, 2, lookahead=160))
    (_, before), (pointwise, after) = student.blocks[0]
    with torch.no_grad():
        before.bias.fill_(10.0)
        pointwise.weight.fill_(0.5)
        after.running_mean.fill_(10.0)
    facts = export_stream(student, tmp_path / "stream.onnx")
    clips = replace(CLIPS, validation=(), score=lambda found: {})
    export_int8(tmp_path / "stream.onnx", tmp_path / "int8.onnx", facts, clips)
    found = answered(StepGraph(tmp_path / "int8.onnx", facts), CLIPS.validation)
    by_definition = StepGraph(tmp_path / "int8.onnx", facts)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # floats, rounded
    by_definition._session = onnxruntime.InferenceSession(tmp_path / "int8.onnx", options)
    for one, other in zip(found, answered(by_definition, CLIPS.validation), strict=True):
        assert np.abs(one - other).mean() < 0.01  # 0.18 where they are cut off
        assert one.std() > 0.1


@pytest.mark.slow
def test_a_bundle_has_it_beside_the_step(exported: tuple[Path, StreamFacts, dict], tmp_path: Path) -> None:
    out = write_export(moving_student(StudentSettings(4, 2, lookahead=0)), tmp_path, replace(CLIPS, score=mean_of))
    found = json.loads((out / "student.json").read_text())["int8"]
    card = (out / "README.md").read_text()
    assert f"int8.onnx: mean {found['scores']['mean']['int8']:.3f} (float" in card
    assert "on synthetic validation, with the thresholds of the float one" in card
    assert "`session.x64quantprecision`" in card
    assert (out / found["file"]).stat().st_size == found["bytes"]
    out = write_export(moving_student(StudentSettings(4, 2, head="gru", lookahead=0)), tmp_path, CLIPS)
    assert json.loads((out / "student.json").read_text())["int8"] == {"lack": NO_GRU}
    assert not (out / "int8.onnx").exists()
    assert "no int8.onnx: its GRU is not quantised" in (out / "README.md").read_text()
    assert json.loads((out / "student.json").read_text())["labels"] == list(LABELS)


@pytest.mark.parametrize("lengths", [[20_000, *[500] * 40], [500] * 48, [40], [100_000]])
def test_every_clip_shows_its_ranges(lengths: list[int], tmp_path: Path) -> None:
    """A recording of several minutes had left no room for those behind it."""
    clips = [np.full((length, 64), number, np.float32) for number, length in enumerate(lengths)]
    clips[0] = np.repeat(np.linspace(0, 0.5, lengths[0], dtype=np.float32)[:, None], 64, axis=1)
    torch.manual_seed(0)
    facts = export_stream(Student(StudentSettings(4, 2, lookahead=0), ("a",)).eval(), tmp_path / "s.onnx")
    reader = _Reader(tmp_path / "s.onnx", facts, clips)
    seen = []
    while (inputs := reader.get_next()) is not None:
        seen.append(float(inputs["frames"].mean()))
    assert 0 < reader.steps <= MAX_STEPS
    assert {round(value) for value in seen} >= set(range(1, len(lengths)))
    first = [value for value in seen if value <= 0.5]
    assert min(first) < 0.05
    assert max(first) > 0.45  # its end as well as its beginning


@pytest.mark.parametrize(("lookahead", "depth", "head"), [(0, 2, "none"), (160, 3, "none"), (960, 5, "tcn")])
def test_the_last_answers_take_no_step_more_than_they_need(
    lookahead: int, depth: int, head: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    student = Student(StudentSettings(4, depth, head=head, lookahead=lookahead), ("a",)).eval()
    graph = StepGraph(tmp_path / "s.onnx", export_stream(student, tmp_path / "s.onnx"))
    steps: list[int] = []
    step = graph._step

    def counted(frames: np.ndarray) -> np.ndarray:
        steps.append(len(frames))
        return step(frames)

    monkeypatch.setattr(graph, "_step", counted)
    (found,) = answered(graph, [np.zeros((500, 64), np.float32)])
    assert len(found) == 125
    assert len(steps) == 125 + graph.facts.delay
