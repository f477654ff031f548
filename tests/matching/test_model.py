"""The score read from curves is scikit-learn's own, keeps its order, and divides without a rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from marketplace.matching.core.features import COUNT, NAMES
from marketplace.matching.core.model import GROUPS, TIE_SHARE, MatchModel

RNG = np.random.default_rng(4)
FEATURES = RNG.random((1500, COUNT))
USEFUL = (RNG.random(1500) < FEATURES[:, 0] * 0.9).astype(int)
MODEL = MatchModel.fit(FEATURES, USEFUL)
SHARE = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)


def test_the_curves_add_up_to_the_trees():
    pairs = np.rint(FEATURES[:200] * 1000) / 1000
    log_odds = MODEL.log_odds(pairs.T) + MODEL.start
    trees = MODEL.classifier.calibrated_classifiers_[0].estimator.decision_function(pairs)

    assert log_odds == pytest.approx(trees, abs=1e-9)
    calibrated = MODEL.classifier.predict_proba(pairs)[:, 1]
    assert MODEL.score(pairs) == pytest.approx((1 - TIE_SHARE) * calibrated + TIE_SHARE * expit(trees), abs=1e-9)


@given(st.lists(SHARE, min_size=COUNT, max_size=COUNT), st.integers(0, COUNT - 1), SHARE)
def test_more_of_a_feature_never_lowers_the_score(values, which, other):
    pair, better = np.array([values]), np.array([values])
    better[0, which] = max(values[which], other)

    before, after = MODEL.score(pair)[0], MODEL.score(better)[0]

    assert 0 <= before <= after <= 1


@given(st.lists(SHARE, min_size=COUNT, max_size=COUNT))
def test_the_shares_of_the_groups_add_up_to_the_score(values):
    pair = np.array([values])

    assert MODEL.shares(pair.T).sum() == pytest.approx(MODEL.score(pair)[0], abs=1e-9)


def test_every_feature_belongs_to_one_group():
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(NAMES)
