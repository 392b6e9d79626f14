"""The terms that a card tells."""

from sedkd.export.licences import LEARNED, UNKNOWN, UNTOLD, licences_of


def test_what_is_known() -> None:
    found = licences_of("TUT: non-commercial use only", "mn04_as", {"initialisation": "generic"})
    assert list(found) == ["data", "teacher weights", "student"]
    assert found["data"] == "TUT: non-commercial use only"
    assert "MIT licence" in found["teacher weights"]
    assert "began" not in found["student"]
    assert licences_of("x", "crnn", {})["teacher weights"] == LEARNED


def test_what_is_not_known_is_said() -> None:
    found = licences_of(None, "crnn,timm:resnet18,own:teacher", {"initialisation": "timm:weights.safetensors"})
    assert found["data"] == UNTOLD
    assert found["teacher weights"] == f"crnn: {LEARNED}; timm:resnet18: {UNKNOWN}; own:teacher: {UNKNOWN}"
    assert "began with published weights (timm:weights.safetensors)" in found["student"]
    assert "MIT licence" in licences_of("x", "crnn", {"initialisation": "audioset"})["student"]
