"""`--fold`: the official fold that is asked for, and what is said where there is none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import imoto, maestro, tut, urbansed

from sedkd.data.datasets.dataset import Dataset
from sedkd.data.datasets.opening import opened, pool_of
from sedkd.errors import UserError


def held_out(root: Path, fold: int | None) -> set[str]:
    (dataset,) = opened([root], fold=fold)
    return {clip.path.stem for clip in dataset.clips if clip.split == "test"}


def trained(dataset: Dataset) -> set[str]:
    return {clip.path.stem for clip in dataset.clips if clip.split == "train"}


def test_tut(tmp_path: Path) -> None:
    root = tut.write_2017(tmp_path / "tut")
    setup = root / "evaluation_setup"
    one, two = ({part: setup / f"street_fold{n}_{part}.txt" for part in ("train", "test")} for n in (1, 2))
    last = sorted(tut.STREET)[-1]
    two["test"].write_text(f"audio/street/{last}.wav\tstreet\n")
    two["train"].write_text("".join(f"audio/street/{stem}.wav\tstreet\n" for stem in tut.STREET if stem != last))
    assert held_out(root, None) == held_out(root, 1) == set(tut.TESTED)
    assert held_out(root, 2) == {last}
    (dataset,) = opened([root], fold=2)
    assert dataset.title.endswith("fold 2")
    assert trained(dataset) == set(tut.STREET) - {last}
    pool = pool_of([root], {}, "street", fold=2)
    kept = {recording.path.stem for recording in (*pool.training("street"), *pool.validation("street"))}
    assert last not in kept
    two["test"].unlink()
    with pytest.raises(UserError, match=r"street_fold2_train\.txt with street_fold2_test\.txt"):
        opened([root], fold=2)
    assert one["test"].exists()


def test_maestro(tmp_path: Path) -> None:
    root = maestro.write(tmp_path / "maestro")
    folds = root / "development_folds"
    first, fifth = folds / "fold1_test.csv", folds / "fold5_test.csv"
    moved = (folds / "fold5_val.csv").read_text()
    (folds / "fold5_val.csv").write_text(fifth.read_text())
    fifth.write_text(moved)
    assert held_out(root, 5) != held_out(root, 1) == held_out(root, None)
    first.unlink()
    with pytest.raises(UserError, match=r"--fold 1: .*fold1_train\.csv and fold1_test\.csv are not there"):
        opened([root], fold=1)


def test_imoto_takes_a_fold_instead_of_its_evaluation_set(tmp_path: Path) -> None:
    root = imoto.write(tmp_path / "joint")
    meta, cross = root / "meta/meta_development.txt", root / "crossvaridation"
    rows = meta.read_text().splitlines()
    first = rows[1].split("\t")[0]
    held = [row for row in rows[1:] if row.split("\t")[0] == first]
    (cross / "meta_fold03_evaluation.txt").write_text("\n".join([rows[0], *held]))
    (cross / "meta_fold03_development.txt").write_text("\n".join(row for row in rows if row not in held))
    assert held_out(root, 3) == {Path(first).stem}
    assert Path(first).stem not in held_out(root, None)


@pytest.mark.parametrize(
    ("write", "fold", "line"),
    [
        (tut.write_2017, 5, "--fold 5: TUT Sound Events 2017 has folds 1 to 4"),
        (maestro.write, 6, "--fold 6: MAESTRO Real has folds 1 to 5"),
        (urbansed.write, 1, "--fold 1: URBAN-SED has no official folds"),
    ],
)
def test_a_fold_that_is_not_there(tmp_path: Path, write: Callable[[Path], Path], fold: int, line: str) -> None:
    with pytest.raises(UserError, match=line):
        opened([write(tmp_path / "data")], fold=fold)


def test_what_has_no_folds_stands_beside_what_has(tmp_path: Path) -> None:
    roots = [tut.write_2017(tmp_path / "tut"), urbansed.write(tmp_path / "urban")]
    assert [dataset.title for dataset in opened(roots, fold=1)] == ["TUT Sound Events 2017, fold 1", "URBAN-SED"]
