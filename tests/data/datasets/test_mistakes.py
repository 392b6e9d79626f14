"""The likeliest mistakes with a public dataset, and the one line that each gets."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import desed, imoto, maestro, tut, urbansed
from datasets.sound import write_text

from sedkd.data.broken import leave_out_broken
from sedkd.data.datasets.opening import pool_of
from sedkd.errors import UserError


def told(run: Callable[[], object]) -> str:
    with pytest.raises(UserError) as caught:
        run()
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.fixture
def street(tmp_path: Path) -> Path:
    return tut.write_2017(tmp_path / "data" / "TUT-sound-events-2017-development")


def searched(*roots: Path, env: str = "street", dataset: str | None = None) -> str:
    return told(lambda: pool_of(roots, {}, env, dataset=dataset).validation(env))


def test_a_path_with_a_slip(street: Path) -> None:
    assert searched(street.with_name("TUT")).endswith("TUT: no such folder")


def test_one_level_up(street: Path) -> None:
    assert f"one level up or down, perhaps?: {street} is TUT Sound Events 2017" in searched(street.parent)


def test_one_level_down(street: Path) -> None:
    assert f"perhaps?: {street} is TUT Sound Events 2017" in searched(street / "audio")


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty" / "inside").mkdir(parents=True)
    line = searched(tmp_path / "empty" / "inside")
    assert "looked for audio/street with meta/street/*.ann (TUT Sound Events 2017)" in line
    assert "<environment>/train.tsv beside" in line


def test_the_audio_without_the_annotations(street: Path) -> None:
    shutil.rmtree(street / "meta")
    assert "audio/street with meta/street/*.ann" in searched(street)


def test_a_dataset_that_nobody_knows(street: Path) -> None:
    assert searched(street, dataset="tut").startswith("--dataset tut: expected one of tut2017, tut2016")


def test_a_dataset_that_is_another(street: Path) -> None:
    assert "holds no DESED; looked for metadata/train/*.tsv" in searched(street, dataset="desed")


def test_an_environment_of_another_dataset(street: Path) -> None:
    assert searched(street, env="home").endswith("no environment 'home'; there are: street")


def test_the_same_folder_twice(street: Path) -> None:
    assert "a folder is named twice" in searched(street, street / "audio" / "..")
    assert f"--data {street}: a folder is named twice" in searched(street / "audio", street, street / "audio" / "..")


def test_no_folds(street: Path) -> None:
    shutil.rmtree(street / "evaluation_setup")
    assert searched(street).endswith("street_test.txt: unpack the archive with evaluation_setup/")


def test_the_evaluation_set_alone(tmp_path: Path) -> None:
    root = tut.write_evaluation(tmp_path / "evaluation", "street", tut.STREET)
    assert "no labelled recording of street to train on; add the development set (--data)" in searched(root)


def test_one_annotation_file_is_missing(street: Path) -> None:
    (street / "meta/street/a003.ann").unlink()
    assert "lists audio/street/a003.wav, but there is no" in searched(street)


def test_a_header_where_none_belongs(street: Path) -> None:
    write_text(street / "meta/street/a001.ann", ["onset\toffset\tevent_label", "0.1\t0.9\tcar"])
    assert searched(street).endswith("a001.ann, line 1: onset 'onset' is not a number: write seconds such as 1.25")


def test_spaces_in_place_of_tabs(street: Path) -> None:
    write_text(street / "meta/street/a001.ann", ["0.1 0.9 car"])
    assert "a001.ann, line 1: 1 columns: expected onset, offset, label" in searched(street)


def test_onset_and_offset_swapped(street: Path) -> None:
    write_text(street / "meta/street/a001.ann", ["0.1\t0.9\tcar", "0.9\t0.1\tcar"])
    assert "a001.ann, line 2: offset 0.1 lies before onset 0.9: swap the two" in searched(street)


def test_a_table_saved_by_a_spreadsheet(street: Path) -> None:
    (street / "meta/street/a001.ann").write_bytes("0,1\t0,9\tcar\n".encode("utf-16"))
    assert "a001.ann, line 1: not UTF-8 text" in searched(street)


def test_a_list_that_leads_out_of_the_dataset(street: Path) -> None:
    for name in ("../../a001.wav", "/etc/a001.wav", "..\\a001.wav", "C:\\a001.wav"):
        write_text(street / "evaluation_setup/street_fold1_train.txt", [f"{name}\tstreet"])
        assert "leads out of the dataset" in searched(street)


def test_a_broken_download(street: Path) -> None:
    (street / "audio/street/a002.wav").write_bytes(b"<html>404</html>")
    assert "a002.wav: cannot be read as audio" in searched(street)


def test_one_recording_cannot_both_train_and_validate(tmp_path: Path) -> None:
    recordings = {"a001": tut.STREET["a001"], "b005": tut.STREET["b005"]}
    root = tut.write_development(tmp_path / "tut", "street", recordings, ("b005",))
    assert "of which there must be two" in searched(root)


def test_desed_with_commas(tmp_path: Path) -> None:
    root = desed.write(tmp_path / "desed")
    table = root / "metadata/validation/validation.tsv"
    table.write_text(table.read_text().replace("\t", ","))
    assert "validation.tsv, line 1" in searched(root, env="domestic")


def test_desed_without_its_audio(tmp_path: Path) -> None:
    root = desed.write(tmp_path / "desed")
    shutil.rmtree(root / "audio/train")
    line = searched(root, env="domestic")
    assert "no labelled recording of domestic to train on; " in line
    assert "soundscapes.tsv: 3 listed recordings are missing, such as 0.wav" in line


def test_hard_labels_of_maestro(tmp_path: Path) -> None:
    root = maestro.write(tmp_path / "maestro")
    table = root / "development_annotation/soft_labels_cafe_restaurant/cafe_restaurant_00.txt"
    write_text(table, ["0.0\t1.0\tcutlery and dishes"])
    line = searched(root, env="cafe_restaurant")
    assert line.endswith(
        "cafe_restaurant_00.txt, line 1: 3 columns: expected onset, offset, label and soft value, with TABs"
    )


def test_a_scene_that_the_joint_metadata_do_not_have(tmp_path: Path) -> None:
    root = imoto.write(tmp_path / "joint")
    table = root / "meta/meta_development.txt"
    table.write_text(table.read_text().replace("\toffice\t", "\toffce\t", 1))
    assert "meta_development.txt, line 2: scene_label 'offce': expected one of city_center" in searched(
        root, env="office"
    )


def test_urban_sed_without_audio(tmp_path: Path) -> None:
    root = urbansed.write(tmp_path / "urban")
    for path in (root / "audio/train").iterdir():
        path.unlink()
    assert "no labelled recording of urban to train on" in searched(root, env="urban")


def test_broken_audio_is_an_error_that_names_the_flag_or_is_left_out(tmp_path: Path) -> None:
    root = urbansed.write(tmp_path / "urban")
    broken = root / "audio/train/soundscape_train_bimodal1.wav"
    broken.write_bytes(b"no audio")
    with pytest.raises(UserError, match=rf"^{broken}: cannot be read as audio.*\(--skip-bad leaves"):
        pool_of([root], {}, "urban").training("urban")
    leave_out_broken(True)
    try:
        with pytest.warns(UserWarning, match="soundscape_train_bimodal1.wav: .*; left out"):
            left = pool_of([root], {}, "urban").training("urban")
    finally:
        leave_out_broken(False)
    assert [r.path.name for r in left] == ["soundscape_train_bimodal0.wav", "soundscape_train_bimodal2.wav"]
