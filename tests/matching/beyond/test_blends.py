"""Blends never take more than there is nor give more than was asked; what is hazardous is never mixed."""

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.core.beyond.blends import LEAST_SHARE, MOST_PARTS, TOLERANCE, Objective, Part, blend, split

tonnes = st.decimals("0.01", "5000", places=3)


@st.composite
def parts(draw):
    count = draw(st.integers(0, 9))
    return [
        Part(
            id=str(number),
            quantity_t=draw(tonnes),
            cny_per_t=draw(st.decimals("-200", "900", places=2)),
            net_avoided_kgco2e_per_t=draw(st.floats(-300, 1500)),
            group=draw(st.sampled_from(["cement", "road"])),
            is_hazardous=draw(st.booleans()) and draw(st.booleans()),
        )
        for number in range(count)
    ]


def part(name, quantity, cny="10", net=100.0, **rest):
    return Part(name, Decimal(quantity), Decimal(cny), net, **rest)


def amounts(made):
    return {s.part.id: s.quantity_t for s in made.shares}


@given(parts(), tonnes, st.sampled_from(Objective))
def test_a_blend_keeps_what_it_promises(offers, wanted, objective):
    made = blend(offers, wanted, objective)

    if made is None:
        return
    assert 2 <= len(made.shares) <= MOST_PARTS
    assert all(0 < s.quantity_t <= s.part.quantity_t for s in made.shares)
    assert wanted * (1 - TOLERANCE) <= made.total_t <= wanted * (1 + TOLERANCE)
    assert not any(s.part.is_hazardous for s in made.shares)
    assert len({s.part.group for s in made.shares}) == 1
    assert len(amounts(made)) == len(made.shares)


@given(parts(), tonnes, st.sampled_from(Objective))
def test_a_split_never_gives_more_than_was_offered_or_asked(wants, offered, objective):
    made = split(offered, wants, objective)

    if made is None:
        return
    assert 2 <= len(made.shares) <= MOST_PARTS
    assert made.total_t <= offered
    assert all(0 < s.quantity_t <= s.part.quantity_t for s in made.shares)
    assert all(s.quantity_t >= s.part.quantity_t * (1 - TOLERANCE) - Decimal("0.002") for s in made.shares)


@given(parts(), tonnes)
def test_a_blend_is_found_whenever_whole_offers_fit(offers, wanted):
    low, high = wanted * (1 - TOLERANCE), wanted * (1 + TOLERANCE)
    fit = [o for o in offers if not o.is_hazardous and wanted * LEAST_SHARE <= o.quantity_t < low]
    pairs = [(a, b) for a, b in combinations(fit, 2) if a.group == b.group]
    can = any(low + Decimal("0.01") <= a.quantity_t + b.quantity_t <= high - Decimal("0.01") for a, b in pairs)

    if can:
        assert blend(offers, wanted, Objective.CHEAPEST) is not None


def test_the_cheapest_offers_fill_a_want_to_the_lower_end():
    offers = [part("dear", 80, "90"), part("cheap", 60, "5"), part("fair", 50, "20")]

    made = blend(offers, Decimal(100), Objective.CHEAPEST)

    assert set(amounts(made)) == {"cheap", "fair"}
    assert amounts(made)["cheap"] == 60


def test_the_cleanest_blend_may_be_another():
    offers = [part("dirty", 80, "5", 10.0), part("clean", 60, "50", 700.0), part("cleaner", 55, "60", 800.0)]

    assert "dirty" in amounts(blend(offers, Decimal(100), Objective.CHEAPEST))
    assert set(amounts(blend(offers, Decimal(100), Objective.CLEANEST))) == {"clean", "cleaner"}


def test_an_offer_that_fills_the_want_alone_makes_no_blend():
    assert blend([part("all", 100), part("little", 5)], Decimal(100), Objective.CHEAPEST) is None


def test_a_split_places_as_much_as_it_can():
    wants = [part("a", 60), part("b", 30), part("c", 20)]

    made = split(Decimal(100), wants, Objective.CHEAPEST)

    assert made.total_t >= Decimal("99.9")


@pytest.mark.parametrize("nothing", [Decimal(0), Decimal(-1)])
def test_nothing_wanted_or_offered_is_refused(nothing):
    with pytest.raises(ValueError, match="positive"):
        blend([], nothing, Objective.CHEAPEST)
    with pytest.raises(ValueError, match="positive"):
        split(nothing, [], Objective.CHEAPEST)
