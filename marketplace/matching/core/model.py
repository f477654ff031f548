"""The calibrated score of a pair, monotone in every feature, and its division among groups of features. Pure.

Gradient-boosted trees (scikit-learn) with a monotone constraint on each feature and without interactions: the
log-odds is a sum of one curve per feature, so a score can be read from tables, explained exactly, and bounded from
some of its features. Features are rounded to thousandths first; the tables hold the trees' answer for each of them.
Calibration is isotonic regression over cross-validation folds; a small share of the uncalibrated probability keeps the
order where it is flat.
"""

import itertools
import math
from functools import cache

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier

from marketplace.matching.core.features import COUNT, NAMES

SEED = 20261124
STEPS = 1000  # a feature is known to one thousandth
TIE_SHARE = 0.02  # of the score
USE_SLOPE = 1.0  # and this much more for the documented use: standard practice comes before what needs treatment first
SLOPE = 0.3  # log-odds per unit of each feature beside the trees: orders pairs that fall into the same leaves
GROUPS: dict[str, tuple[str, ...]] = {
    "application": ("application",),
    "material": ("material", "family", "code"),
    "text": ("text",),
    "composition": ("composition",),
    "quantity": ("quantity",),
    "dates": ("dates",),
    "price": ("price",),
    "nearness": ("nearness", "benefit"),
}


class AdditiveTrees(ClassifierMixin, BaseEstimator):
    """Boosted trees without interactions, monotone in every feature, plus a small slope."""

    def __init__(self, max_iter: int = 220, learning_rate: float = 0.08, min_samples_leaf: int = 40) -> None:
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.min_samples_leaf = min_samples_leaf

    def fit(self, features: np.ndarray, useful: np.ndarray, sample_weight: np.ndarray | None = None) -> "AdditiveTrees":
        """Train on an array (pairs, features), each 0 to 1, and an array of 0 and 1."""
        self.trees_ = HistGradientBoostingClassifier(
            monotonic_cst=[1] * features.shape[1],
            interaction_cst="no_interactions",
            max_depth=3,
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            min_samples_leaf=self.min_samples_leaf,
            random_state=SEED,
        ).fit(features, useful, sample_weight)
        self.classes_ = self.trees_.classes_
        return self

    def decision_function(self, features: np.ndarray) -> np.ndarray:
        """Log-odds before calibration."""
        slope = SLOPE * features.sum(axis=1) + USE_SLOPE * features[:, NAMES.index("application")]
        return np.asarray(self.trees_.decision_function(features) + slope)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """0 or 1 for each pair."""
        return np.asarray(self.classes_[(self.decision_function(features) > 0).astype(int)])


class MatchModel:
    """A fitted classifier over the features named in `features.NAMES`, read from tables."""

    def __init__(self, classifier: CalibratedClassifierCV) -> None:
        self.classifier = classifier
        inner = classifier.calibrated_classifiers_[0]
        self.start, self.curves = _tables(inner.estimator)
        steps = inner.calibrators[0]
        self._reached, self._probability = steps.X_thresholds_, steps.y_thresholds_

    @classmethod
    def fit(cls, features: np.ndarray, useful: np.ndarray, weights: np.ndarray | None = None) -> "MatchModel":
        """Train on an array (pairs, features), an array of 0 and 1, and the weight of each pair (1 without it)."""
        calibrated = CalibratedClassifierCV(AdditiveTrees(), method="isotonic", cv=4, ensemble=False)
        return cls(calibrated.fit(_thousandths(features) / STEPS, useful, sample_weight=weights))

    def score(self, features: np.ndarray) -> np.ndarray:
        """Probability that each pair is useful, 0 to 1, for an array (pairs, features)."""
        if len(features) == 0:
            return np.zeros(0)
        return self.probability(self.log_odds(features.T))

    def log_odds(self, features: np.ndarray) -> np.ndarray:
        """The sum of the curves of the first k features (k, n), without `start`: (n)."""
        from marketplace.matching.core import loops

        return loops.summed(self.curves, np.asarray(features, np.float32))

    def gain(self, name: str, values: np.ndarray) -> np.ndarray:
        """What one feature adds to the log-odds at each of its values."""
        return np.asarray(self.curves[NAMES.index(name)].take(_thousandths(values)))

    def probability(self, log_odds: np.ndarray) -> np.ndarray:
        """The calibrated probability of a sum of all curves (without `start`); twelve places decide an order."""
        log_odds = log_odds + self.start
        calibrated = np.interp(log_odds, self._reached, self._probability)
        return np.asarray(np.round((1 - TIE_SHARE) * calibrated + TIE_SHARE * expit(log_odds), 12))

    def shares(self, features: np.ndarray) -> np.ndarray:
        """Shapley values of each group of features against a pair with all features zero.

        Returns:
            An array (pairs, groups + 1) in the order of GROUPS; the last column is the score of the all-zero pair, so
            that each row adds up to the pair's score.
        """
        gains = self.curves[np.arange(COUNT)[:, np.newaxis], _thousandths(features)]
        scores = self.probability(gains.T @ _members().T @ _subsets().T)  # (pairs, subsets)
        return np.asarray(scores @ _shapley())


def _thousandths(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(values * STEPS), np.intp)


def _tables(trees: AdditiveTrees) -> tuple[float, np.ndarray]:
    """The log-odds of the all-zero pair, and what each feature adds to it at each thousandth (features, 1001)."""
    grid = np.zeros((COUNT * (STEPS + 1), COUNT))
    for j in range(COUNT):
        grid[j * (STEPS + 1) : (j + 1) * (STEPS + 1), j] = np.arange(STEPS + 1) / STEPS
    found = trees.decision_function(grid).reshape(COUNT, STEPS + 1)
    start = float(found[0, 0])
    return start, found - start


@cache
def _subsets() -> np.ndarray:
    return np.array(list(itertools.product([0.0, 1.0], repeat=len(GROUPS))))


@cache
def _members() -> np.ndarray:
    """Which features each group has: (groups, features)."""
    return np.array([[float(name in names) for name in NAMES] for names in GROUPS.values()])


@cache
def _shapley() -> np.ndarray:
    """How the scores of all subsets of groups combine into shares: (subsets, groups + 1)."""
    count, subsets = len(GROUPS), _subsets()
    weights = np.zeros((len(subsets), count + 1))
    for j in range(count):
        for row, subset in enumerate(subsets):
            others = int(subset.sum() - subset[j])
            weight = math.factorial(others) * math.factorial(count - others - 1) / math.factorial(count)
            weights[row, j] = weight if subset[j] else -weight
    weights[0, count] = 1.0
    return weights
