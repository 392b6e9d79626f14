"""The options that say what is listened for, where, and who teaches."""

import argparse
from typing import TYPE_CHECKING

from search.cli.guard import between, positive, typed_path

if TYPE_CHECKING:
    from search.setup.preparation import Subject


MAX_MINUTES = 7 * 24 * 60
LABEL_COLUMN = (
    "the column of label tables, or the tier of TextGrids and ELAN files, that holds the labels, where several do"
)
IMPULSE_RESPONSES = (
    "impulse responses of the microphone (or the room) that will listen, where it is not the one that recorded: "
    "students hear every training clip a second time, through one of them; validation and test stay as recorded"
)
SUBSET = "only this named subset of the events"
ENVIRONMENT = "environment: street, home, ... or one of your data's"


def add_subject_options(
    parser: argparse.ArgumentParser, env_help: str = ENVIRONMENT, subset_help: str = SUBSET
) -> None:
    """Options of `subject_of`."""
    what = parser.add_argument_group("what to listen for, and where")
    what.add_argument("--env", required=True, metavar="NAME", help=env_help)
    add_data_options(what)
    add_skip_bad(what)
    narrowing = what.add_mutually_exclusive_group()
    narrowing.add_argument(
        "--events",
        metavar="A,B",
        help="only these events; one that holds a comma is recognised, or stands in double quotes as in a .csv: "
        "'\"dog, barking\",car'",
    )
    narrowing.add_argument("--subset", metavar="NAME", help=subset_help)
    what.add_argument("--impulse-responses", type=typed_path, metavar="DIR", help=IMPULSE_RESPONSES)
    what.add_argument("--space", type=typed_path, metavar="FILE", help="your own environment and search space (YAML)")
    what.add_argument(
        "--teacher",
        metavar="KIND",
        help="crnn, timm:NAME, mn04_as, mn10_as, an EfficientAT .pt or a sedkd .safetensors file, or your own "
        "module:callable; several, joined by commas, make ensembles possible, the first one being the main teacher "
        "(default: crnn on synthetic soundscapes; on your data mn04_as when it has been fetched, else crnn)",
    )
    add_teacher_minutes(what)
    what.add_argument("--device", default="auto", metavar="NAME", help="cpu, cuda, or auto (default)")


def add_data_options(group: argparse._ActionsContainer) -> None:
    """`--data`, as often as there are folders, `--dataset`, `--fold` and `--label-column`."""
    group.add_argument(
        "--data",
        type=typed_path,
        action="append",
        default=[],
        metavar="DIR",
        help="your recordings, also with label files of Audacity, Raven and others, or a public dataset as it was "
        "unpacked; several make one pool (default: synthetic soundscapes)",
    )
    group.add_argument(
        "--dataset",
        metavar="NAME",
        help="what lies in DIR, where it is not recognised as you mean it: tut2017, tut2016, imoto, desed, maestro, "
        "urbansed, tsv, folder or labels",
    )
    group.add_argument(
        "--fold",
        type=positive(int),
        metavar="N",
        help="the official fold whose test list is test: 1 to 4 of tut2016, tut2017 and imoto, 1 to 5 of maestro "
        "(default: the test set that is shipped, else fold 1)",
    )
    group.add_argument("--label-column", metavar="NAME", help=LABEL_COLUMN)


def add_teacher_minutes(group: argparse._ActionsContainer) -> None:
    """`--teacher-minutes`."""
    group.add_argument(
        "--teacher-minutes",
        type=between(float, 0, MAX_MINUTES),
        metavar="M",
        help="fine-tune a teacher from AudioSet weights as long as it gains on validation, at most so many minutes on "
        "this machine; 0, the default: train a head over its stored embeddings and nothing else, in a minute or less",
    )


def add_skip_bad(group: argparse._ActionsContainer) -> None:
    """`--skip-bad`."""
    group.add_argument(
        "--skip-bad",
        action="store_true",
        help="name and leave out broken audio files, otherwise an error (every file is read to its end, once)",
    )


def subject_of(options: argparse.Namespace) -> "Subject":
    """What was typed."""
    from search.setup.preparation import Subject

    return Subject(
        options.env,
        tuple(options.data),
        options.events,
        options.subset,
        options.space,
        options.teacher,
        options.device,
        options.dataset,
        options.skip_bad,
        options.fold,
        teacher_minutes=options.teacher_minutes,
        label_column=options.label_column,
        impulse_responses=options.impulse_responses,
    )
