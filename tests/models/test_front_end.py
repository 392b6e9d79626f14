"""Students that hear fewer mel bands, or half as many frames."""

from pathlib import Path

import pytest
import torch

from sedkd.cost.macs import feature_macs_per_second, macs_per_second
from sedkd.cost.summary import cost_of
from sedkd.errors import UserError
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.models.checkpoint import load_model, save_model
from sedkd.models.settings import MAX_DEPTH, StudentSettings, settings_from
from sedkd.models.student import Student, student_from

LABELS = ("a", "b")


@pytest.mark.parametrize("depth", range(1, MAX_DEPTH + 1))
@pytest.mark.parametrize(("n_mels", "hop"), [(8, 20), (24, 40), (33, 20), (64, 40)])
@pytest.mark.parametrize("block", ["conv", "separable"])
def test_they_answer_every_80_milliseconds(block: str, depth: int, n_mels: int, hop: int) -> None:
    student = Student(StudentSettings(3, depth, block, n_mels=n_mels, hop=hop), LABELS).eval()
    assert student.stride * hop == 80
    assert student.features.hop == 16 * hop
    assert student.frame_seconds == pytest.approx(0.08)
    output = student(torch.randn(2, 7 * student.stride, n_mels))
    assert output.logits.shape == (2, 7, 2)
    assert output.feature_map is not None
    assert output.feature_map.shape[2] == 7


def test_what_others_hear_is_no_part_of_a_name() -> None:
    plain, other = StudentSettings(4, 2), StudentSettings(4, 2, n_mels=32, hop=40)
    assert plain == StudentSettings(4, 2, n_mels=64, hop=20)
    assert plain.features == STUDENT_FEATURES
    assert set(other.as_key()) - set(plain.as_key()) == {"n_mels", "hop"}
    assert "mel" not in repr(plain)
    assert other.flat() == {**plain.flat(), "features.n_mels": 32, "features.hop": 40}
    assert settings_from({**other.flat(), "strategy": "none"}) == other


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"n_mels": 65}, r"features.n_mels must be a whole number in 8\.\.64, not 65"),
        ({"n_mels": 32.0}, "n_mels"),
        ({"hop": 30}, r"features.hop must be 20 or 40 \(milliseconds\), not 30"),
        (
            {"hop": 40, "block": "mobilenet"},
            "need student.block conv or separable, not mobilenet, which hears 64 and 20",
        ),
    ],
)
def test_what_no_student_hears(values: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        StudentSettings(4, 2, **values)


def test_a_checkpoint_knows_what_it_hears(tmp_path: Path) -> None:
    student = Student(StudentSettings(4, 2, n_mels=24, hop=40), LABELS).eval()
    save_model(student, tmp_path / "student.safetensors")
    again = load_model(tmp_path / "student.safetensors")
    assert again.features == student.features
    heard = torch.randn(1, 20, 24)
    assert torch.equal(again(heard).logits, student(heard).logits)
    config = student.config()
    with pytest.raises(ValueError, match="no student has the features"):
        student_from({**config, "features": {**config["features"], "hop": 320}})
    broken = Student(StudentSettings(4, 2), LABELS)
    broken.features = student.features
    save_model(broken, tmp_path / "broken.safetensors")
    with pytest.raises(UserError, match="not one of sedkd's models"):
        load_model(tmp_path / "broken.safetensors")


def test_its_cost_is_the_networks_and_the_features() -> None:
    """The network of half the bands takes half the MACs, the last layer's apart; frames, not bands, cost features."""
    many, few, slow = (
        cost_of(Student(StudentSettings(4, 2, n_mels=bands, hop=hop), LABELS), with_latency=False)
        for bands, hop in ((64, 20), (32, 20), (64, 40))
    )
    last = 8 * 2 * 12.5
    assert few.macs - last == pytest.approx((many.macs - last) / 2)
    assert slow.macs == many.macs == macs_per_second(Student(StudentSettings(4, 2), LABELS))
    assert many.total_macs == many.macs + feature_macs_per_second(STUDENT_FEATURES)
    assert slow.total_macs is not None
    assert many.total_macs is not None
    assert slow.total_macs - slow.macs == pytest.approx((many.total_macs - many.macs) / 2)
