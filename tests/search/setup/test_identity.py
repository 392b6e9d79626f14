"""The facts of a study beside its name."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_study import arguments, write_farm

from search.cli.search import parser, request_of
from search.setup.identity import NAMED_CLIPS, _weight_files
from search.setup.request import planned
from search.setup.same import material_of
from search.space.dimensions import Choice
from search.space.space import Space


def test_the_lowest_rate_is_that_of_all_of_validation(tmp_path: Path) -> None:
    """Also of clips that the facts do not name."""
    root = write_farm(tmp_path)
    table, folder = root / "farm" / "validation.tsv", root / "farm" / "validation"
    header, first, *rest = table.read_text().splitlines()
    added = []
    for name in (*(f"more{number}.wav" for number in range(NAMED_CLIPS)), "z.wav"):
        rate = 8000 if name == "z.wav" else 16000
        soundfile.write(folder / name, np.zeros(2 * rate), rate)
        added.append(f"{name}\t0.5\t1.5\thum")
    table.write_text("\n".join([header, first, *rest, *added]) + "\n")
    facts = planned(request_of(parser().parse_args(arguments(root, 1))), lambda *_: None).facts
    assert "z.wav" not in {Path(path).name for path in facts["validation"]}
    assert facts["lowest_rate"] == 8000


@pytest.mark.parametrize(
    ("dimension", "names_others"),
    [
        ("train.foreign_share: {type: float, low: 0.0, high: 0.4, default: 0.2}", True),
        ("initialisation: {type: choice, of: [random, generic], default: random}", True),
        ("initialisation: {type: choice, of: [random], default: random}", False),
    ],
)
def test_what_other_environments_teach_is_part_of_the_name(dimension: str, names_others: bool, tmp_path: Path) -> None:
    root = write_farm(tmp_path)
    space = tmp_path / "space.yaml"
    space.write_text(f"{space.read_text()}\n  {dimension}\n")

    def name() -> str:
        return planned(request_of(parser().parse_args(arguments(root, 1))), lambda *_: None).name

    before, table = name(), root / "yard" / "train.tsv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    shutil.copy(root / "yard" / "train" / "0.wav", root / "yard" / "unlabeled" / "more.wav")
    assert (name() != before) == names_others


def test_which_clips_validate_is_part_of_the_name(tmp_path: Path) -> None:
    """Also where the last clip of one split becomes the first of the next."""
    root = write_farm(tmp_path)
    farm = root / "farm"
    shutil.rmtree(farm / "unlabeled")
    prepared = planned(request_of(parser().parse_args(arguments(root, 1))), lambda *_: None)
    header, *rows = (farm / "train.tsv").read_text().splitlines(keepends=True)
    last = max(row.split("\t")[0] for row in rows)
    own = [row for row in rows if row.startswith(f"{last}\t")]
    (farm / "train.tsv").write_text("".join([header, *(row for row in rows if row not in own)]))
    first = (farm / "validation.tsv").read_text()
    (farm / "validation.tsv").write_text(first + "".join(row.replace(last, "!.wav", 1) for row in own))
    (farm / "train" / last).rename(farm / "validation" / "!.wav")
    after = planned(request_of(parser().parse_args(arguments(root, 1))), lambda *_: None)
    assert after.name != prepared.name
    assert material_of(after.plan.task) != material_of(prepared.plan.task)


def test_weights_in_a_file_are_part_of_the_name(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"1")
    space = Space((Choice("initialisation", "random", choices=("random", f"timm:{first}")),))
    before = _weight_files(space)
    second.write_bytes(b"2")
    second.replace(first)
    assert _weight_files(space).keys() == before.keys() == {f"timm:{first}"}
    assert _weight_files(space) != before
