"""Dates in file names."""

import pytest

from sedkd.output.recorded import recorded_at


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("20240131_054500.WAV", "2024-01-31T05:45:00"),  # AudioMoth
        ("20240131_054500T.WAV", "2024-01-31T05:45:00"),  # triggered
        ("SMM01234_20240131_054500.wav", "2024-01-31T05:45:00"),  # SongMeter
        ("S4A01_20240229_235959_0_1.wav", "2024-02-29T23:59:59"),
        ("site7_20240131T054500Z.flac", "2024-01-31T05:45:00+00:00"),
        ("20240131_054500+0530.wav", "2024-01-31T05:45:00+05:30"),
        ("20240131_054500-0330_x.wav", "2024-01-31T05:45:00-03:30"),
        ("20240131_054500-0007.wav", "2024-01-31T05:45:00"),  # the seventh of a series, no zone
        ("20241331_054500.wav", None),
        ("20230229_054500.wav", None),
        ("20240131_246000.wav", None),
        ("120240131_054500.wav", None),
        ("20240131_0545001.wav", None),
        ("99999999_999999_20240131_054500.wav", "2024-01-31T05:45:00"),
        ("crow.wav", None),
    ],
)
def test_when_a_recording_began(name: str, moment: str | None) -> None:
    found = recorded_at(name)
    assert (found.isoformat() if found else None) == moment
