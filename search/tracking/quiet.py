"""What MLflow is told beforehand, so that it says nothing of its own."""

import os


def quiet_mlflow() -> None:
    """No telemetry, and no two lines with addresses for each run that a server is told of, unless its variables say
    otherwise. Processes that are started from here inherit it."""
    for name in ("MLFLOW_DISABLE_TELEMETRY", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"):
        os.environ.setdefault(name, "true")
