"""`sedkd teacher`: train one, look at those that are there, fetch public AudioSet weights."""

import argparse
from typing import TYPE_CHECKING, Any

from search.cli.guard import GOES_ON, SEED, require_ending, typed_path
from search.cli.subject import add_data_options, add_skip_bad, add_teacher_minutes

if TYPE_CHECKING:
    from sedkd.teach.model import Stage


def add_parser(subparsers: Any) -> None:
    """Add the command group `teacher`."""
    parser = subparsers.add_parser("teacher", help="train, show or fetch a teacher", description=__doc__)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    train = actions.add_parser("train", help="train a teacher on all environments of the data")
    add_data_options(train)
    add_skip_bad(train)
    train.add_argument("--env", metavar="NAME", help="an environment of the data (needed with --data if not the first)")
    train.add_argument(
        "--teacher", default=None, metavar="KIND", help="crnn, timm:NAME, mn04_as, mn10_as or a .pt file"
    )
    add_teacher_minutes(train)
    train.add_argument(
        "--out", type=typed_path, metavar="FILE", help="also write the teacher to this .safetensors file"
    )
    train.add_argument("--seed", type=SEED, default=0)
    train.add_argument("--device", default="auto")
    train.set_defaults(run=run_train, interrupted=GOES_ON)
    show = actions.add_parser("show", help="the teachers in the cache")
    show.set_defaults(run=run_show)
    fetch = actions.add_parser("fetch", help="bring public AudioSet weights into the cache, checked by sha256")
    fetch.add_argument("name", help="mn04_as or mn10_as (EfficientAT)")
    fetch.set_defaults(run=run_fetch)


def run_train(options: argparse.Namespace) -> int:
    """Train (or find) a teacher and say where it lies."""
    import shutil

    from search.setup.preparation import choose_teacher, device_of, reporting, require_stages
    from search.setup.setting import setting
    from search.show.display import Display
    from sedkd.data.broken import leave_out_broken
    from sedkd.data.datasets.opening import names_of
    from sedkd.disk.paths import written_atomically
    from sedkd.errors import UserError
    from sedkd.teach.teacher import require_kind, teacher_for, teachers_folder

    require_ending(options.out, ".safetensors")
    if options.teacher is not None and options.teacher.endswith(".safetensors"):
        raise UserError(f"--teacher {options.teacher}: is trained already; give it to sedkd-search --teacher as it is")
    leave_out_broken(options.skip_bad)
    environment = options.env or (
        names_of(options.data, options.dataset, options.label_column)[0] if options.data else "street"
    )
    found = setting(
        environment, options.data, dataset=options.dataset, fold=options.fold, label_column=options.label_column
    )
    with Display() as display:
        kind, notices = choose_teacher(options.teacher, found)
        for notice in notices:
            display.notice(notice)
        require_stages(kind, options.teacher_minutes)
        require_kind(kind)
        pool, device = reporting(found, display.preparing), device_of(options.device)
        teacher = teacher_for(pool, kind, device, options.seed, display.preparing, options.teacher_minutes or 0.0)
    path = teachers_folder() / f"{teacher.key}.safetensors"
    if options.out is not None:
        with written_atomically(options.out) as temporary:
            shutil.copyfile(path, temporary)
        path = options.out
    for stage in teacher.stages:
        print(_stage_words(stage))
    print(f"{teacher.origin}\n{path}")
    return 0


def _stage_words(stage: "Stage") -> str:
    """What a stage took and how well the teacher did after it."""
    from search.show.tables import score_words

    scores = ", ".join(f"{name} {score_words(f1)}" for name, f1 in stage.f1.items())
    done = f"{stage.name}: {stage.steps} steps, {stage.seconds:.0f} s"
    return f"{done}; segment F1 on validation: {scores}" if scores else f"{done}; no validation to stop on"


def run_show(options: argparse.Namespace) -> int:
    """List cached teachers and public weights."""
    import json

    from rich.table import Table

    from search.show.display import Display
    from sedkd.models.checkpoint import read_header
    from sedkd.teach.teacher import teachers_folder
    from sedkd.teach.weights import AUDIOSET_WEIGHTS, is_cached, weights_folder

    table = Table(title=f"teachers in {teachers_folder()}", title_justify="left")
    for head in ("file", "origin", "events"):
        table.add_column(head, overflow="fold")
    for path in sorted(teachers_folder().glob("*.safetensors")):
        header = read_header(path)
        table.add_row(
            path.name, json.loads(header["notes"])["origin"], str(len(json.loads(header["config"])["labels"]))
        )
    display = Display()
    display.table(table)
    for name in AUDIOSET_WEIGHTS:
        state = "in the cache" if is_cached(name) else f"not in the cache: sedkd teacher fetch {name}"
        display.print(f"{name}: {state} ({weights_folder()})")
    return 0


def run_fetch(options: argparse.Namespace) -> int:
    """Fetch and check one checkpoint."""
    from search.show.display import Display
    from sedkd.teach.weights import fetch

    with Display() as display:
        path = fetch(options.name, lambda done, total: display.preparing(f"fetching {options.name}", done, total))
    print(f"{options.name}: {path}")
    return 0
