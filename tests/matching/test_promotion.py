"""What a comparison of two models decides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.core.promotion import HeldOut, compare, verdict


def held_out(targets, margin=0.005):
    count = len(targets)
    return HeldOut("own pairs", np.zeros((count, 1)), np.array(targets, dtype=float), np.ones(count), margin)


@given(st.lists(st.floats(0, 1), min_size=30, max_size=60))
def test_a_model_is_never_worse_than_itself(scores):
    part = held_out([round(s) for s in scores])
    same = compare(part, np.array(scores), np.array(scores))
    assert not same.is_worse
    assert (same.low, same.high) == (0, 0)


def test_a_clearly_worse_model_is_worse_and_a_clearly_better_one_is_not():
    rng = np.random.default_rng(1)
    targets = rng.integers(2, size=400)
    good, bad = 0.8 * targets + 0.1, np.full(400, 0.5)
    assert compare(held_out(targets), good, bad).is_worse
    assert not compare(held_out(targets), bad, good).is_worse
    assert "may be worse on own pairs" in verdict([compare(held_out(targets), good, bad)])


def test_one_worse_part_is_enough_and_few_pairs_decide_nothing():
    targets = [0, 1] * 100
    right, wrong = np.array(targets, dtype=float), 1 - np.array(targets, dtype=float)
    fine, bad = compare(held_out(targets), wrong, right), compare(held_out(targets), right, wrong)
    assert "may be worse" in verdict([fine, bad])
    assert not compare(held_out([0, 1] * 10), right[:20], wrong[:20]).decides
    assert verdict([compare(held_out(targets), None, right)]) == "nothing to compare with"


def test_weights_count():
    """Two pairs got worse and one better; the one weighs more than both."""
    targets, old, new = np.array([1.0, 1.0, 1.0]), np.array([0.9, 0.9, 0.1]), np.array([0.5, 0.5, 0.9])
    weighed = HeldOut("use", np.zeros((3, 1)), targets, np.array([1.0, 1.0, 9.0]), 0.0)
    found = compare(weighed, old, new)
    assert found.old_loss == pytest.approx((0.01 + 0.01 + 9 * 0.81) / 11)
    assert found.new_loss < found.old_loss


def test_there_must_be_pairs_with_weight():
    for part in (held_out([]), HeldOut("use", np.zeros((1, 1)), np.ones(1), np.zeros(1), 0.0)):
        with pytest.raises(ValueError, match="positive weights"):
            compare(part, None, part.targets)
