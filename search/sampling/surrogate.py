"""What trained students say about untrained ones."""

import numpy as np

COLUMNS = 0.6  # share of the columns that a split looks at
MIN_LEAF = 2


class Surrogate:
    """Extremely randomised trees (Geurts et al. 2006): they take conditional spaces as they are, and where they
    disagree, little is known. The deviation is that of the trees (as in SMAC, Hutter et al. 2011).

    Of so many `trees`, fitted to `rows` `[trials, columns]` and `targets` `[trials]`, each with its weight.
    """

    def __init__(self, rows: np.ndarray, targets: np.ndarray, weights: np.ndarray, trees: int, seed: int) -> None:
        from sklearn.ensemble import ExtraTreesRegressor

        self.forest = ExtraTreesRegressor(
            trees, min_samples_leaf=MIN_LEAF, max_features=COLUMNS, random_state=seed
        ).fit(rows, targets, weights)

    def __call__(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of each row's target, both `[rows]`; `rows` as they are encoded, float32."""
        answers = np.stack([tree.predict(rows, check_input=False) for tree in self.forest.estimators_])
        return answers.mean(axis=0), answers.std(axis=0)
