"""Options that say where results lie."""

import argparse
from typing import TYPE_CHECKING

from search.cli.guard import positive, typed_name

if TYPE_CHECKING:
    from search.study.store import Store


def add_store_options(parser: argparse._ActionsContainer) -> None:
    """`--store`, `--storage`, `--storage-timeout`."""
    parser.add_argument(
        "--store", type=typed_name, metavar="DIR", help="folder of results (default: $SEDKD_STORE or ./mlruns)"
    )
    parser.add_argument(
        "--storage",
        metavar="URL",
        help="trials and students in PostgreSQL, for several machines: postgresql://USER@HOST/DATABASE, or trials "
        "behind Optuna's gRPC proxy: grpc://HOST:PORT (default: $SEDKD_STORAGE, else SQLite in the folder of results)",
    )
    parser.add_argument(
        "--storage-timeout",
        type=positive(float),
        metavar="SECONDS",
        help="wait so long for a server that does not answer (600)",
    )


def store_of(options: argparse.Namespace) -> "Store":
    """The store that these options name."""
    from search.study.postgres import PATIENCE_SECONDS
    from search.study.store import open_store

    return open_store(options.store, options.storage, options.storage_timeout or PATIENCE_SECONDS)
