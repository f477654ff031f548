"""Offer, treatment, want: who may join a chain, on both legs, and which request it leads to."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from marketplace.accounts.models import Enterprise, EnterpriseState
from marketplace.accounts.policy import VISITOR, viewer_of
from marketplace.calendar import today
from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.listings.models import Form, Kind, ListingState, Rhythm
from marketplace.matching import feedback
from marketplace.matching.beyond import treatments
from marketplace.matching.beyond.chaining import chains_for, chains_through
from marketplace.matching.beyond.steps import requests_of
from marketplace.matching.core.beyond.blends import Objective
from marketplace.matching.models import DismissalReason
from tests.factories import PASSWORD, find_user, license_to, open_listing, trader, treatment

ACID = {
    "title": "Spent hydrochloric pickle liquor", "description": "", "material": "spent-hcl-pickle",
    "form": Form.LIQUID, "low_code": "110105", "sw_code": "", "hw_code": "HW34", "is_hazardous": True,
}  # fmt: skip
FERRIC = {"title": "Raw material for ferric chloride production", "description": "", "form": Form.LIQUID}


def plant(key="third", **changes):
    with transaction():
        return treatment(key, **changes)


def regenerator(key="third", **changes):
    usual = {"process": "acid-regeneration", "takes": "spent-hcl-pickle"}
    return plant(key, **(usual | changes))


def cement_want(key="grinding", **changes):
    usual = {"title": "Mineral admixture for blended cement", "description": ""}
    return open_listing(key, kind=Kind.WANT, **(usual | changes))


def ferric_want(key="grinding", **changes):
    usual = {"material": "spent-hcl-pickle", "accepts_hazard": True, "low_code": "", "sw_code": ""}
    return open_listing(key, kind=Kind.WANT, **(FERRIC | usual | changes))


def found(listing, objective=Objective.CHEAPEST, who=VISITOR, dismissals=()):
    return chains_for(listing, who, objective, dismissals)


def test_slag_reaches_cement_through_a_grinding_plant(world):
    slag, service, want = open_listing(), plant(), cement_want()

    for listing in (slag, want):
        row = found(listing)[0]
        assert (row.offer.id, row.service.id, row.want.id) == (slag.id, service.id, want.id)
    assert row.chain.application.use == "scm-cement"
    assert row.chain.distance_km == pytest.approx(row.chain.to_treatment_km + row.chain.to_user_km)
    assert row.chain.cny_per_t == Decimal(12) + Decimal(45) + row.chain.transport_cny_per_t
    assert row.chain.net_avoided_kgco2e_per_t > 0


def test_a_chain_takes_no_more_than_plant_and_user_can(world):
    slag, _want = open_listing(quantity=Decimal(900)), cement_want(quantity=Decimal(190))
    plant(capacity_t=Decimal(500))
    assert found(slag)[0].chain.taken_t == Decimal(200)
    assert found(slag)[0].chain.given_t == Decimal(190)

    plant("newcomer", capacity_t=Decimal(1))  # not approved: is not seen
    assert len(found(slag)) == 1


def test_a_treatment_that_the_use_does_not_ask_for_makes_no_chain(world):
    slag = open_listing()
    cement_want()
    plant(process="composting")

    assert found(slag) == []


def test_an_ended_treatment_leaves_every_chain(world):
    slag, service = open_listing(), plant()
    cement_want()
    assert found(slag)

    with transaction():
        treatments.end_treatment(service)

    assert found(slag) == []
    assert chains_through(service, VISITOR, Objective.CHEAPEST) == []


def test_a_suspended_enterprise_treats_nothing(world):
    slag = open_listing()
    cement_want()
    plant()
    with transaction():
        db.session.get_one(Enterprise, world.third).state = EnterpriseState.SUSPENDED

    assert found(slag) == []


@pytest.mark.parametrize("key", ["ironworks", "grinding"])
def test_nobody_is_a_link_in_a_chain_with_itself(world, key):
    slag = open_listing()
    cement_want()
    plant(key)

    assert found(slag) == []


@pytest.mark.parametrize(
    ("code", "days", "is_verified", "count"),
    [("HW34", 30, True, 1), ("HW17", 30, True, 0), ("HW34", -1, True, 0), ("HW34", 30, False, 0)],
)
def test_hazardous_waste_is_treated_only_with_a_valid_and_verified_licence(world, code, days, is_verified, count):
    acid = open_listing(**ACID)
    ferric_want()
    regenerator()
    license_to(world.grinding, "HW34")
    license_to(world.third, code, days, is_verified)

    assert len(found(acid)) == count


def test_what_stays_hazardous_goes_only_to_a_licensed_user(world):
    acid, want = open_listing(**ACID), ferric_want()
    regenerator()
    license_to(world.third, "HW34")
    assert found(acid) == found(want) == []

    license_to(world.grinding, "HW34")
    assert found(acid)[0].is_hazardous_after


def test_a_want_that_refuses_hazard_gets_what_the_plant_makes_of_it(world):
    acid = open_listing(**ACID)
    want = open_listing(
        "grinding", kind=Kind.WANT, title="Ferric chloride to remove phosphorus", description="",
        material="ferric-chloride", form=Form.LIQUID, low_code="", sw_code="",
    )  # fmt: skip
    regenerator(gives="ferric-chloride", emission_kgco2e_per_t=Decimal(5))
    license_to(world.third, "HW34")

    row = found(acid)[0]

    assert row.want.id == want.id
    assert not row.is_hazardous_after
    assert row.chain.application.material == "ferric-chloride"
    # its user never takes the waste itself; its owner may offer, the plant may ask both
    assert requests_of(row, viewer_of(trader("grinding"))) == []
    assert [s.listing.id for s in requests_of(row, viewer_of(trader("ironworks")))] == [want.id]
    assert [s.listing.id for s in requests_of(row, viewer_of(trader("third")))] == [acid.id, want.id]


def test_feed_never_comes_out_of_a_plant_for_hazardous_waste(world):
    grain = open_listing(
        title="Brewer's spent grain", description="", material="brewers-spent-grain", form=Form.PASTE, low_code="",
    )  # fmt: skip
    open_listing("grinding", kind=Kind.WANT, title="Dry pig feed and poultry feed", description="", low_code="",
                 material="brewers-spent-grain", form=Form.PASTE)  # fmt: skip
    plant(process="drying", takes="food", yield_fraction=Decimal("0.9"), emission_kgco2e_per_t=Decimal(5))
    assert found(grain)

    license_to(world.third, "HW34")

    assert found(grain) == []


def test_drafts_and_closed_partners_are_not_seen(world):
    slag, want = open_listing(), cement_want()
    plant()
    with transaction():
        want.state = ListingState.CLOSED

    assert found(slag) == []
    assert found(want) == []


def test_what_was_put_aside_is_in_no_chain(world):
    slag, want = open_listing(), cement_want()
    plant()
    with transaction():
        feedback.dismiss(slag, want, DismissalReason.PARTNER, trader("ironworks"))

    assert found(slag, dismissals=feedback.dismissals_for(slag)) == []
    assert found(slag)


def test_the_order_is_the_reader_s(world):
    slag = open_listing()
    cement_want(quantity=Decimal(30))
    cheap = plant(price_cny_per_t=Decimal(5), emission_kgco2e_per_t=Decimal(200))
    clean = plant(price_cny_per_t=Decimal(95), emission_kgco2e_per_t=Decimal(1))

    assert found(slag, Objective.CHEAPEST)[0].service.id == cheap.id
    assert found(slag, Objective.CLEANEST)[0].service.id == clean.id
    assert len(found(slag)) == 1  # one for each partner


def test_each_end_asks_the_other_and_a_stranger_nobody(world):
    slag, want = open_listing(rhythm=Rhythm.MONTH, available_until=today() + timedelta(days=300)), cement_want()
    service = plant()
    row = chains_through(service, VISITOR, Objective.CHEAPEST)[0]

    assert [(s.listing.id, s.counter_id) for s in requests_of(row, viewer_of(trader("ironworks")))] == [
        (want.id, slag.id)
    ]
    assert [(s.listing.id, s.counter_id) for s in requests_of(row, viewer_of(trader("grinding")))] == [
        (slag.id, want.id)
    ]
    assert [s.listing.id for s in requests_of(row, viewer_of(trader("third")))] == [slag.id, want.id]
    for who in (VISITOR, viewer_of(find_user("viewer@ironworks.example")), viewer_of(find_user("auditor@example.com"))):
        assert requests_of(row, who) == []


def test_the_page_leads_to_the_ordinary_request_and_hides_names_from_visitors(app, client, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    slag, want = open_listing(), cement_want()
    service = plant()
    for path in (f"/listings/{slag.id}/chains", f"/treatments/{service.id}", "/treatments"):
        page = client.get(path).text
        assert "Drying and fine grinding" in page
        assert "Third" not in page
        assert "third site" not in page
        assert "/request?" not in page

    client.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    page = client.get(f"/listings/{slag.id}/chains?by=cleanest").text

    assert "Third" in page
    asked = f"/listings/{want.id}/request?with={slag.id}&amp;use=scm-cement&amp;quantity="
    assert asked in page
    link = page[page.index(asked) :].split('"')[0].replace("&amp;", "&")
    assert "Mineral admixture" in client.get(link).text


def test_listing_and_matches_pages_link_to_what_lies_beyond(client, world):
    slag = open_listing()
    for path in (f"/listings/{slag.id}", f"/listings/{slag.id}/matches"):
        page = client.get(path).text
        assert f"/listings/{slag.id}/chains" in page
        assert f"/listings/{slag.id}/together" in page


def test_the_statements_do_not_grow_with_the_partners(app, client, world):
    slag = open_listing()
    service = plant()
    cement_want(quantity=Decimal(40))
    paths = (f"/listings/{slag.id}/chains", f"/listings/{slag.id}/together", f"/treatments/{service.id}", "/treatments")
    few = {path: statements(client, path) for path in paths}

    for number in range(6):
        cement_want("grinding" if number % 2 else "third", quantity=Decimal(30 + number))
        plant("grinding" if number % 2 else "third", price_cny_per_t=Decimal(number))
    many = {path: statements(client, path) for path in paths}

    assert {p: (few[p], n) for p, n in many.items() if n > few[p] + 1} == {}
    assert max(many.values()) <= 12


def statements(client, path):
    seen = []

    def listen(_conn, _cursor, statement, *_):
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        db.session.remove()
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    return len(seen)
