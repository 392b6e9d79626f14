"""How a replay ends: a user's mistake is one line and exit code 2, as with the commands."""

import sys
from collections.abc import Callable

from sedkd.errors import UserError


def guarded(main: Callable[[], None]) -> None:
    """Run a replay."""
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
