"""“Not for us, because …” changes that enterprise's next suggestions at once, and nobody else's."""

from decimal import Decimal

import pytest

from marketplace.accounts.policy import viewer_of
from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.listings.models import Kind, Listing
from marketplace.matching import feedback, service
from marketplace.matching.models import Dismissal, DismissalReason
from tests.factories import PASSWORD, license_to, open_listing, trader


@pytest.fixture
def slag(world):
    """An offer with two wants beside it, one of each enterprise."""
    offer = open_listing(quantity=Decimal(1000))
    for key in ("grinding", "third"):
        open_listing(key, kind=Kind.WANT, title=f"granulated slag for cement, {key}")
    return offer


def suggested(listing):
    """Titles suggested to its owner, read as the listing's page does."""
    db.session.rollback()
    fresh = db.session.get_one(Listing, listing.id)
    who = viewer_of(trader("ironworks"))
    return [s.listing.title for s in service.suggest(fresh, who, "en", feedback.dismissals_for(fresh))]


def dismiss(listing, title, reason):
    with transaction():
        other = db.session.query(Listing).filter_by(title=title).one()
        feedback.dismiss(db.session.get_one(Listing, listing.id), other, reason, trader("ironworks"))
    return other


GRINDING, THIRD = "granulated slag for cement, grinding", "granulated slag for cement, third"


def test_what_is_put_aside_is_not_suggested_until_it_is_taken_back(slag):
    assert set(suggested(slag)) == {GRINDING, THIRD}

    other = dismiss(slag, GRINDING, DismissalReason.PRICE)
    assert suggested(slag) == [THIRD]

    with transaction():
        feedback.suggest_again(slag, other.id)
    assert set(suggested(slag)) == {GRINDING, THIRD}


def test_the_wrong_material_takes_others_of_it_away(slag):
    dismiss(slag, GRINDING, DismissalReason.MATERIAL)
    assert suggested(slag) == []


def test_too_far_takes_what_is_as_far_or_farther_away(slag):
    nearest = suggested(slag)
    dismiss(slag, min(nearest, key=lambda t: _distance(slag, t)), DismissalReason.DISTANCE)
    assert suggested(slag) == []


def test_an_unwanted_partner_is_gone_from_every_listing_of_the_enterprise(slag):
    dismiss(slag, GRINDING, DismissalReason.PARTNER)
    another = open_listing(title="Granulated blast furnace slag, second heap")
    assert suggested(another) == [THIRD]


def test_saying_it_twice_changes_the_reason_and_adds_nothing(slag):
    dismiss(slag, GRINDING, DismissalReason.MATERIAL)
    dismiss(slag, GRINDING, DismissalReason.PRICE)
    assert suggested(slag) == [THIRD]
    assert db.session.query(Dismissal).count() == 1


def test_the_page_offers_it_to_the_owner_and_heeds_it(app, client, slag, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    client.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    other = db.session.query(Listing).filter_by(title=GRINDING).one()
    page, path = f"/listings/{slag.id}", f"/listings/{slag.id}/not-for-us/{other.id}"
    assert path in client.get(page).text

    assert client.post(path, data={"reason": "because"}).status_code == 422
    assert client.post(path, data={"reason": "price"}).status_code == 303
    text = client.get(page).text
    assert "1 suggestion put aside" in text
    assert f'href="{path}"' not in text

    client.post(f"{path}/undo")
    assert f'href="{path}"' in client.get(page).text
    assert client.get(f"/listings/{slag.id}/not-for-us/{slag.id}").status_code == 404


def _distance(listing, title):
    other = db.session.query(Listing).filter_by(title=title).one()
    return (other.lat - listing.lat) ** 2 + (other.lon - listing.lon) ** 2


def test_candidates_are_the_nearest_not_the_newest(slag, monkeypatch):
    monkeypatch.setattr(service, "MOST_CANDIDATES", 1)
    nearest = min((GRINDING, THIRD), key=lambda title: _distance(slag, title))
    who = viewer_of(trader("ironworks"))
    with transaction():
        other = db.session.query(Listing).filter(Listing.title.in_({GRINDING, THIRD} - {nearest})).one()
        other.published_at = slag.published_at.replace(year=slag.published_at.year + 1)
    assert [c.title for c in service.candidates(db.session.get_one(Listing, slag.id), who)] == [nearest]


def test_candidates_that_may_not_take_hazardous_waste_crowd_out_none_that_may(world, monkeypatch):
    monkeypatch.setattr(service, "MOST_CANDIDATES", 1)
    acid = {"material": "spent-h2so4-pickle", "hw_code": "HW34", "is_hazardous": True}
    offer = open_listing(title="spent sulphuric acid", **acid)
    wanted = {"kind": Kind.WANT, "material": "spent-h2so4-pickle", "title": "sulphuric acid"}
    for key, accepts in (("grinding", False), ("third", True)):
        open_listing(key, accepts_hazard=accepts, **wanted)
    who = viewer_of(trader("ironworks"))
    assert service.candidates(offer, who) == []
    license_to(world.third, "HW17")
    assert service.candidates(offer, who) == []
    license_to(world.third, "HW34")
    assert [c.enterprise_id for c in service.candidates(offer, who)] == [world.third]
    want = db.session.query(Listing).filter_by(enterprise_id=world.third).one()
    assert [c.id for c in service.candidates(want, viewer_of(trader("third")))] == [offer.id]
    refusing = db.session.query(Listing).filter_by(enterprise_id=world.grinding).one()
    assert service.candidates(refusing, viewer_of(trader("grinding"))) == []
