"""Plants are found by trade and permit, the nearest of equals first; what a tonne avoided costs."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.accounts.models import Industry
from marketplace.knowledge import knowledge
from marketplace.matching.core.beyond.costs import abatement, transport_cny_per_t
from marketplace.matching.core.beyond.users import Plant, Stock, closeness_by_sector, possible_users

SLAG = Stock("gbfs", 31.37, 121.48)
ACID = Stock("spent-hcl-pickle", 31.37, 121.48, is_hazardous=True, hw_code="HW34")


def plant(key, industry, lat=31.40, hw_codes=(), enterprise=""):
    return Plant(key, enterprise or key, industry, lat, 121.45, hw_codes)


def names(found):
    return [u.plant.key for u in found]


def test_slag_finds_those_who_build_and_not_those_who_bake():
    found = possible_users(knowledge(), SLAG, [plant("a", "food"), plant("b", "building-materials")], 9)

    assert names(found) == ["b"]
    assert found[0].applications[0].grade >= 2
    assert found[0].applications[0].source


def test_of_equals_the_nearest_comes_first_and_an_enterprise_only_once():
    plants = [
        plant("far", "building-materials", 31.9),
        plant("near", "building-materials", 31.38),
        plant("near-2", "building-materials", 31.39, enterprise="near"),
    ]

    assert names(possible_users(knowledge(), SLAG, plants, 9)) == ["near", "far"]


@given(st.lists(st.sampled_from(["HW34", "HW17", "HW08"]), max_size=3), st.sampled_from(list(Industry)))
def test_hazardous_waste_goes_only_to_plants_with_its_licence(codes, industry):
    found = possible_users(knowledge(), ACID, [plant("a", industry.value, hw_codes=tuple(codes))], 9)

    assert not found or "HW34" in codes
    assert all(knowledge().uses[a.use].may_take_hazard for u in found for a in u.applications)


def test_a_licensed_chemist_is_found():
    assert names(possible_users(knowledge(), ACID, [plant("a", "chemicals", hw_codes=("HW34",))], 9)) == ["a"]


@given(st.floats(0, 3), st.floats(0.001, 1))
def test_farther_never_weighs_more(away, further):
    near, far = (
        possible_users(knowledge(), SLAG, [plant("a", "building-materials", 31.37 + d)], 1)[0]
        for d in (away, away + further)
    )

    assert far.weight <= near.weight
    assert far.net_avoided_kgco2e_per_t <= near.net_avoided_kgco2e_per_t


def test_every_sector_of_the_uses_names_its_industries():
    sectors = {u.sector_en for u in knowledge().uses.values()}
    industries = {i.value for i in Industry}

    assert sectors <= set(closeness_by_sector()), "add the sector to matching/data/sectors.csv"
    assert {i for by in closeness_by_sector().values() for i in by} <= industries


@given(st.floats(0, 2000), st.floats(0, 500), st.decimals("-500", "500", places=2))
def test_a_tonne_avoided_never_gets_cheaper_with_the_way(km, further, price):
    near, far = abatement(price, km, 500.0), abatement(price, km + further, 500.0)

    assert far.cny_per_t >= near.cny_per_t
    assert far.cny_per_tco2e >= near.cny_per_tco2e


def test_a_tonne_avoided_costs_price_and_way_over_what_is_avoided():
    assert transport_cny_per_t(20) == Decimal("22.00")
    assert abatement(Decimal(8), 20, 600.0).cny_per_tco2e == Decimal(50)
    assert abatement(Decimal(-80), 20, 600.0).cny_per_tco2e < 0
    assert not abatement(None, 20, 600.0).has_price


@pytest.mark.parametrize("net", [None, 0.0, -4.0])
def test_where_nothing_is_avoided_there_is_no_price_of_it(net):
    assert abatement(Decimal(8), 20, net).cny_per_tco2e is None


def test_a_negative_way_is_refused():
    with pytest.raises(ValueError, match="negative"):
        transport_cny_per_t(-1)


def test_an_unknown_material_finds_nobody():
    assert possible_users(knowledge(), replace(SLAG, material=""), [plant("b", "building-materials")], 9) == []
