"""What a tonne avoided costs is reckoned one way, whoever asks and on whichever page."""

import re
from decimal import Decimal

import pytest

from marketplace.listings.models import Kind, Listing
from marketplace.matching.core.values import Match
from marketplace.matching.costs import abatement_of
from tests.factories import PASSWORD, open_listing

PAIR = Match("1", "2", 0.9, (), 20.0, None, 500.0)
WAY = Decimal(22)  # CNY per tonne: loading 12, and 20 km at 0.50


@pytest.mark.parametrize(
    ("asked", "paid", "price"),
    [("12", None, 12), ("12", "30", 12), (None, "30", 30), ("0", "30", 0), ("-40", "30", -40), (None, "-5", -5)],
)
def test_the_offer_s_price_counts_and_where_it_is_open_what_the_want_pays(asked, paid, price):
    offer = Listing(kind=Kind.OFFER, price_cny_per_t=None if asked is None else Decimal(asked))
    want = Listing(kind=Kind.WANT, price_cny_per_t=None if paid is None else Decimal(paid))

    cost = abatement_of(offer, want, PAIR)

    assert cost == abatement_of(want, offer, PAIR)
    assert cost.has_price
    assert cost.cny_per_t == price + WAY
    assert cost.cny_per_tco2e == round((price + WAY) * 2)


def test_without_any_price_only_the_way_counts():
    cost = abatement_of(Listing(kind=Kind.OFFER), Listing(kind=Kind.WANT), PAIR)

    assert not cost.has_price
    assert cost.cny_per_t == WAY


@pytest.mark.parametrize(("asked", "paid"), [(None, Decimal(30)), (Decimal(12), None), (None, None)])
def test_every_page_tells_the_same_cost(app, world, monkeypatch, asked, paid):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    offer = open_listing(quantity=Decimal(1000), price_cny_per_t=asked)
    want = open_listing(
        "grinding", kind=Kind.WANT, title="Granulated slag as clinker replacement", price_cny_per_t=paid
    )
    client = app.test_client()
    client.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    addresses = (f"/listings/{offer.id}", f"/listings/{offer.id}/matches", f"/listings/{want.id}/matches?view=table")

    told = {tuple(re.findall(r"([\d.,¥ −-]+per t CO₂e avoided[^<]*)<", client.get(a).text)) for a in addresses}

    assert len(told) == 1
    assert all(len(sentences) == 1 for sentences in told)
