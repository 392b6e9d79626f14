"""MLflow's picture of studies and comparisons."""
