"""A box promises at least what the best of its rows gains."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.knowledge import knowledge
from marketplace.matching.core.boxes import LEAF, boxes_of, gains, order_of
from marketplace.matching.core.features import cheap_features
from marketplace.matching.core.training import START, drawn_offer, drawn_want
from marketplace.matching.store import matcher

BOXED = ("quantity", "dates", "price", "nearness")


@pytest.fixture(scope="module")
def ranker(app):
    with app.app_context():
        return matcher()


@pytest.fixture(scope="module")
def columns(ranker):
    """400 offers of all materials; of some no quantity, days or price is known."""
    base, rng = knowledge(), np.random.default_rng(4)
    slugs = [m.slug for m in base.taxonomy]
    offers = []
    for i in range(400):
        drawn = replace(drawn_offer(base, rng, slugs[i % 20]), id=str(i), lat=31 + rng.random(), lon=121 + rng.random())
        days = START + timedelta(days=int(rng.integers(0, 200)))
        offers.append(drawn if i % 5 else replace(drawn, monthly_t=0.0, available_from=None, price_cny_per_t=None))
        if i % 5 and i % 3:
            offers[-1] = replace(offers[-1], available_from=days, available_until=days + timedelta(days=30))
    return ranker.encoder.encode(offers)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000))
def test_no_row_gains_more_than_its_box_promises(ranker, columns, seed):
    rng, base = np.random.default_rng(seed), knowledge()
    want = drawn_want(base, rng, list(base.uses)[seed % 100], "")
    query = ranker.query(
        replace(want, lat=31 + rng.random(), lon=121 + rng.random(), price_cny_per_t=float(seed % 900))
    )
    rows = order_of(columns)
    known = rows[~np.isnan(columns.log_t[rows]) & ~np.isnan(columns.price[rows])]
    boxes = boxes_of(columns, known, np.array([len(known)]))

    promised = gains(query, boxes, np.arange(len(boxes.starts) - 1), ranker.model)

    values = dict(
        zip(
            ("application", "material", "family", "benefit", *BOXED), cheap_features(query, columns, known), strict=True
        )
    )
    # a corner may be rounded to another thousandth than a row, and curves have steps
    gained = sum(ranker.model.gain(name, np.maximum(values[name] - 0.001, 0)) for name in BOXED)
    best = np.maximum.reduceat(gained, boxes.starts[:-1])
    assert (promised >= best - 1e-9).all()


def test_boxes_hold_every_row_once_and_end_with_their_list(columns):
    rows = np.arange(100)
    boxes = boxes_of(columns, rows, np.array([0, 5, 5, 60, 100]))

    sizes = np.diff(boxes.starts)
    assert boxes.starts[0] == 0
    assert boxes.starts[-1] == 100
    assert sizes.min() >= 1
    assert sizes.max() <= LEAF
    assert {5, 60} <= set(boxes.starts.tolist())


def test_rows_are_ordered_by_material_and_none_is_lost(columns):
    order = order_of(columns)

    assert sorted(order.tolist()) == list(range(len(columns)))
    assert (np.diff(columns.materials[0][order].astype(int)) >= 0).all()
    assert len(order_of(columns.take([]))) == 0
