"""The calibrated score of a pair, monotone in every feature, and its division among the features. Pure (scikit-learn).

Gradient-boosted trees with a monotone constraint on each feature, calibrated by isotonic regression over
cross-validation folds (both monotone, so that a better fit never lowers the score). A small share of the plain
mean of the features breaks ties between pairs that fall into the same leaf.
"""

import itertools
import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import ThreadpoolController

from marketplace.matching.core.features import NAMES

TIE_SHARE = 0.03  # of the score; the rest is the calibrated probability
SEED = 20261124


@dataclass(slots=True)
class MatchModel:
    """A fitted classifier over the features named in `features.NAMES`."""

    classifier: CalibratedClassifierCV

    @classmethod
    def fit(cls, features: np.ndarray, useful: np.ndarray, weights: np.ndarray | None = None) -> "MatchModel":
        """Train on an array (pairs, features), an array of 0 and 1, and positive weights (1 when left out)."""
        trees = HistGradientBoostingClassifier(
            monotonic_cst=[1] * len(NAMES), max_depth=4, max_iter=120, learning_rate=0.08, random_state=SEED
        )
        calibrated = CalibratedClassifierCV(trees, method="isotonic", cv=4, ensemble=False)
        return cls(calibrated.fit(features, useful, sample_weight=weights))

    def score(self, features: np.ndarray) -> np.ndarray:
        """Probability that each pair is useful, 0 to 1, for an array (pairs, features)."""
        if len(features) == 0:
            return np.zeros(0)
        with _threads().limit(limits=1, user_api="openmp"):  # a page's few rows lose more by sharing than they gain
            probability = self.classifier.predict_proba(features)[:, 1]
        # Twelve places: the order of a sum must not decide between equal pairs.
        return np.round((1 - TIE_SHARE) * probability + TIE_SHARE * features.mean(axis=1), 12)

    def shares(self, features: np.ndarray) -> np.ndarray:
        """Shapley values of each feature against a pair with all features zero.

        Returns:
            An array (pairs, features + 1); the last column is the score of the all-zero pair, so that each row
            adds up to the pair's score.
        """
        count = len(NAMES)
        subsets = np.array(list(itertools.product([0.0, 1.0], repeat=count)))
        masked = features[:, None, :] * subsets[None, :, :]
        scores = self.score(masked.reshape(-1, count)).reshape(len(features), len(subsets))
        shares = np.empty((len(features), count + 1))
        for j in range(count):
            without = subsets[:, j] == 0
            others = subsets[without].sum(axis=1).astype(int)
            weights = np.array([_shapley_weight(size, count) for size in others])
            gain = scores[:, np.flatnonzero(without) + 2 ** (count - 1 - j)] - scores[:, without]
            shares[:, j] = gain @ weights
        shares[:, count] = scores[:, 0]
        return shares


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


@cache
def _shapley_weight(size: int, count: int) -> float:
    return math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
