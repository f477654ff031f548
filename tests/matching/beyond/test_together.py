"""Small offers that fill a want together, an offer for several wants: figures, filters, the way to a request."""

from datetime import timedelta
from decimal import Decimal

import pytest

from marketplace.accounts.policy import VISITOR
from marketplace.calendar import today
from marketplace.database import transaction
from marketplace.listings.models import Form, Kind, Rhythm
from marketplace.matching.beyond.combining import combinations, left_t
from marketplace.matching.core.beyond.blends import Objective
from tests.factories import PASSWORD, agreed, license_to, open_listing


def slag(tonnes, key="ironworks", **changes):
    return open_listing(key, quantity=Decimal(tonnes), **changes)


def cement_want(tonnes, key="grinding", **changes):
    usual = {"title": "Mineral admixture for blended cement", "description": "", "accepts_hazard": False}
    return open_listing(key, kind=Kind.WANT, quantity=Decimal(tonnes), **(usual | changes))


def ids(made):
    return {row.listing.id for row in made.rows}


def test_small_offers_fill_a_want_together(world):
    want = cement_want(100)
    offers = [slag(60), slag(45, "third")]

    made = combinations(want, VISITOR)[0]

    assert ids(made) == {o.id for o in offers}
    assert Decimal(90) <= made.made.total_t <= Decimal(110)
    assert sum(row.fraction for row in made.rows) == pytest.approx(1)
    assert made.mean_km <= made.farthest_km
    assert made.net_avoided_kgco2e_per_t > 0


def test_an_offer_that_is_enough_alone_makes_no_blend(world):
    want = cement_want(100)
    slag(100)
    slag(30, "third")

    assert combinations(want, VISITOR) == []


def test_what_others_have_reserved_is_not_counted_twice(world):
    want = cement_want(100)
    first, second = slag(60), slag(60, "third")
    agreed(first, "third", quantity_t=Decimal(40))

    assert left_t(first) == Decimal(20)
    assert combinations(want, VISITOR) == []
    assert left_t(second) == Decimal(60)


def test_a_stream_is_filled_by_streams_alone(world):
    want = cement_want(100, rhythm=Rhythm.MONTH, available_until=today() + timedelta(days=400))
    slag(60)
    stream = {"rhythm": Rhythm.MONTH, "available_until": today() + timedelta(days=300)}
    streams = [slag(50, **stream), slag(55, "third", **stream)]

    made = combinations(want, VISITOR)[0]

    assert ids(made) == {s.id for s in streams}
    assert made.is_recurring
    assert made.until_day == today() + timedelta(days=300)


def test_parts_must_be_there_at_one_time(world):
    want = cement_want(100, available_until=today() + timedelta(days=90))
    slag(60, available_until=today() + timedelta(days=10))
    late = slag(60, "third", available_from=today() + timedelta(days=20), available_until=today() + timedelta(days=90))

    assert combinations(want, VISITOR) == []

    with transaction():
        late.available_from = today() + timedelta(days=5)
    made = combinations(want, VISITOR)[0]
    assert made.from_day == today() + timedelta(days=5)
    assert made.until_day == today() + timedelta(days=10)


def test_hazardous_waste_is_never_blended(world):
    license_to(world.grinding, "HW34")
    want = open_listing(
        "grinding", kind=Kind.WANT, title="Spent pickle liquor for coagulant", material="spent-hcl-pickle",
        form=Form.LIQUID, accepts_hazard=True, quantity=Decimal(100), low_code="", sw_code="",
    )  # fmt: skip
    acid = {
        "title": "Spent hydrochloric pickle liquor", "material": "spent-hcl-pickle", "form": Form.LIQUID,
        "low_code": "110105", "sw_code": "", "hw_code": "HW34", "is_hazardous": True,
    }  # fmt: skip
    slag(60, **acid)
    slag(60, "third", **acid)

    assert combinations(want, VISITOR) == []


def test_solids_and_liquids_are_not_mixed(world):
    want = cement_want(100)
    slag(60)
    slag(60, "third", form=Form.LIQUID)

    assert combinations(want, VISITOR) == []


def test_what_replaces_different_products_is_not_mixed(world):
    usual = {"low_code": "", "form": Form.POWDER, "description": ""}
    want = cement_want(100, title="Autoclaved aerated concrete: siliceous material or lime", material="carbide-lime")
    slag(60, title="Carbide lime", material="carbide-lime", **usual)
    slag(60, "third", title="Fly ash, siliceous", material="coal-fly-ash", **usual)
    assert combinations(want, VISITOR) == []

    slag(60, "third", title="Carbide lime", material="carbide-lime", **usual)
    made = combinations(want, VISITOR)[0]
    assert {row.listing.material for row in made.rows} == {"carbide-lime"}


def test_an_offer_is_shared_out(world):
    offer = slag(100)
    wants = [cement_want(60), cement_want(40, "third")]

    made = combinations(offer, VISITOR)[0]

    assert ids(made) == {w.id for w in wants}
    assert made.covered == pytest.approx(1)
    assert made.figures == []


def test_one_blend_that_is_best_at_both_is_shown_once(world):
    want = cement_want(100)
    slag(60)
    slag(45, "third")

    found = combinations(want, VISITOR)

    assert sum(len(made.objectives) for made in found) == len(Objective)


def test_stated_shares_of_a_blend_are_weighted_and_held_against_the_want(world):
    want = cement_want(100, description="CaO ≥ 36 %")
    slag(60, description="CaO 40 %")
    slag(60, "third", description="CaO 34 %", price_cny_per_t=Decimal(500))

    made = combinations(want, VISITOR)[0]
    joint = made.figures[0]

    shares = {row.quantity_t for row in made.rows}
    assert joint.component == "comp-cao"
    assert shares
    assert Decimal(34) < joint.figure.low < Decimal(40)
    assert joint.fits is True


def test_the_page_leads_to_the_request_of_each_part(app, client, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    want = cement_want(100)
    first, _second = slag(60), slag(45, "third")
    assert "Request" not in client.get(f"/listings/{want.id}/together").text.split("<main")[1]
    client.post("/sign-in", data={"email": "trader@grinding.example", "password": PASSWORD})

    page = client.get(f"/listings/{want.id}/together").text

    assert f"/listings/{first.id}/request?with={want.id}" in page
    asked = client.get(f"/listings/{first.id}/request?with={want.id}&use=scm-cement&quantity=45.5").text
    assert 'value="45.5"' in asked


@pytest.mark.parametrize("wrong", ["-1", "0", "1e9", "NaN", "1.2345", "１", "1" * 40])
def test_a_damaged_quantity_is_a_bad_request(app, client, world, monkeypatch, wrong):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    offer = slag(60)
    client.post("/sign-in", data={"email": "trader@grinding.example", "password": PASSWORD})

    assert client.get(f"/listings/{offer.id}/request?quantity={wrong}").status_code == 400
