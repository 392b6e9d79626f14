"""The search: asks Optuna, calls sedkd, tells MLflow."""
