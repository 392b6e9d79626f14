"""Tables that name the ground truth's files by other paths."""

import pytest

from sedkd.errors import UserError
from sedkd.score.matching import names_of, of_other_folders


@pytest.mark.parametrize(
    ("name", "truth", "meant"),
    [
        ("b.wav", ["b.wav", "a/b.wav"], "b.wav"),
        ("a/b.wav", ["b.wav", "c.wav"], "b.wav"),
        ("/data/set/farm/b.wav", ["farm/b.wav", "yard/b.wav"], "farm/b.wav"),
        ("b.wav", ["farm/b.wav", "farm/c.wav"], "farm/b.wav"),
        ("./b.wav", ["b.wav"], "b.wav"),
        ("farm\\b.wav", ["b.wav"], "b.wav"),
        ("test/b.wav", ["0/b.wav"], "0/b.wav"),
        ("b.wav", ["ab.wav", "b.mp4"], "b.wav"),
        ("b", ["b.wav", "c.wav"], "b.wav"),
        ("b.flac", ["b.wav", "c.wav"], "b.wav"),
        ("b.wav", ["b"], "b"),
        ("farm/b", ["yard/b.wav", "farm/b.wav"], "farm/b.wav"),
        ("b.wav", ["b.WAV"], "b.WAV"),
        ("b.1", ["b.wav"], "b.1"),
        ("20240131.054500", ["20240131.060000.wav", "20240131.wav"], "20240131.054500"),
    ],
)
def test_a_name_means_the_file_whose_path_ends_alike(name: str, truth: list[str], meant: str) -> None:
    assert names_of([name], truth, "found.tsv") == {meant: name}


@pytest.mark.parametrize(
    ("names", "truth", "message"),
    [
        (["x/b.wav"], ["a/b.wav", "c/b.wav"], "'x/b.wav' may be 'a/b.wav' or 'c/b.wav' of the ground truth"),
        (["b.wav"], ["a/b.wav", "c/b.wav"], "'b.wav' may be 'a/b.wav' or 'c/b.wav'"),
        (["a/b.wav", "c/b.wav"], ["b.wav"], "'a/b.wav' and 'c/b.wav' both stand for 'b.wav'"),
        (["b"], ["b.wav", "b.flac"], "'b' may be 'b.wav' or 'b.flac'"),
        (["b.wav", "b.flac"], ["b.wav"], "'b.wav' and 'b.flac' both stand for 'b.wav'"),
        (["b.wav", "c/b.wav"], ["b.wav"], "'b.wav' and 'c/b.wav' both stand for 'b.wav'"),
    ],
)
def test_what_is_ambiguous_is_named(names: list[str], truth: list[str], message: str) -> None:
    with pytest.raises(UserError) as caught:
        names_of(names, truth, "found.tsv")
    assert str(caught.value).startswith(f"found.tsv: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "truth", "told"),
    [
        ("north/001.wav", "south/001.wav", True),
        ("/data/a/001.flac", "b/001.wav", True),
        ("/data/b/001.flac", "b/001.wav", False),
        ("north/001.wav", "001.wav", False),
        ("./001.wav", "a/001.wav", False),
        ("x/other.wav", "a/001.wav", False),  # an error of its own
    ],
)
def test_files_in_folders_called_otherwise_are_told(name: str, truth: str, told: bool) -> None:
    lines = of_other_folders(names_of([name], [truth], "found.tsv"))
    assert [f"such as {name!r} for {truth!r}: are they the same?" in line for line in lines] == [True] * told
