"""sedkd: small sound event detectors, distilled for the place where they will listen.

This package is the science: data, features, teacher targets, distillation, training, scores, cost, export and
detection. It knows neither Optuna nor MLflow; those live in the package `search`, which imports this one.
"""

__version__ = "0.1.0"
