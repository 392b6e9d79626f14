"""`sedkd sync`: bring MLflow up to date with the studies, where a search could not reach it."""

import argparse
from functools import partial
from typing import Any

from search.cli.front import add_study_options
from search.cli.store import store_of


def add_parser(subparsers: Any) -> None:
    """Add the command `sync`."""
    parser = subparsers.add_parser(
        "sync", help="tell MLflow what it missed", description=f"{__doc__} Telling it twice changes nothing."
    )
    add_study_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Sync the named study, or all of the environment's, or all there are."""
    from search.study.opening import load_studies
    from search.tracking.mirror import attempt, impatient
    from sedkd.errors import UserError

    store = store_of(options)
    impatient()
    for study in load_studies(store, options.env, options.study):
        reason = attempt(partial(_told, study))
        if reason is not None:
            raise UserError(f"{study.name}: MLflow at {store.mlflow_uri} was not told: {reason}")
        print(f"{study.name}: MLflow is up to date ({store.mlflow_uri})")
    return 0


def _told(study: Any) -> None:
    from search.tracking.tracker import Tracker

    Tracker(study).catch_up()
