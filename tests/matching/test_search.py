"""A search of lists finds what weighing every row finds."""

from dataclasses import replace

import numpy as np
import pytest

from marketplace.knowledge import knowledge
from marketplace.matching.core.block import block_of
from marketplace.matching.core.boxes import order_of
from marketplace.matching.core.picking import may_suggest_rows, weigh
from marketplace.matching.core.search import search
from marketplace.matching.core.training import drawn_offer, drawn_want
from marketplace.matching.store import matcher

TOP = 10


@pytest.fixture(scope="module")
def ranker(app):
    with app.app_context():
        return matcher()


@pytest.fixture(scope="module")
def block(ranker):
    """1,500 offers of all materials."""
    base, rng = knowledge(), np.random.default_rng(8)
    slugs = [m.slug for m in base.taxonomy]
    offers = [replace(drawn_offer(base, rng, slugs[i % len(slugs)]), id=str(i + 1)) for i in range(1500)]
    columns = ranker.encoder.encode(offers)
    return block_of(columns.take(order_of(columns)), ranker.tables)


def wants():
    base, rng = knowledge(), np.random.default_rng(9)
    uses = list(base.uses)
    return [drawn_want(base, rng, uses[i], "") for i in rng.permutation(len(uses))[:40]]


def test_the_best_of_the_lists_are_the_best_of_all(ranker, block):
    every, recalls = np.arange(len(block.columns)), []
    for want in wants():
        query = ranker.query(want)
        exact = weigh(query, block.columns, every[may_suggest_rows(query, block.columns, every)], ranker.model).first(
            TOP
        )
        found = search(query, block, ranker.model, ranker.tables, TOP)
        recalls.append((found.scores >= exact.scores[-1] - 1e-12).sum() / TOP)

    assert np.mean(recalls) >= 0.95


def test_a_filter_applies_before_the_best_are_picked(ranker, block):
    query = ranker.query(wants()[0])
    best = search(query, block, ranker.model, ranker.tables, TOP)

    others = search(query, block, ranker.model, ranker.tables, TOP, keep=lambda rows: ~np.isin(rows, best.rows))

    assert len(others.rows) == TOP
    assert not set(others.rows) & set(best.rows)


def test_a_text_of_nothing_known_still_finds_its_like(ranker, block):
    nonsense = replace(wants()[0], title="zzqx", description="")

    assert len(search(ranker.query(nonsense), block, ranker.model, ranker.tables, TOP).rows) == TOP
