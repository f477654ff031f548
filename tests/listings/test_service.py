"""Posting, editing and the states of a listing; on both databases."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from marketplace.accounts import sites
from marketplace.accounts.models import Enterprise
from marketplace.accounts.policy import VISITOR, viewer_of
from marketplace.calendar import today
from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.listings import queries, service
from marketplace.listings.errors import BelowReserved, NotApproved, StaleListing, WrongState
from marketplace.listings.models import Kind, Listing, ListingState, Rhythm
from marketplace.listings.quantities import total_t
from marketplace.materials.taxonomy import taxonomy
from marketplace.materials.units import NoConversion, to_tonnes
from tests.factories import agreed, listing_facts, open_listing, trader


def test_posting_twice_by_the_same_form_makes_one_listing(world):
    key = str(uuid.uuid4())
    for _ in range(2):
        with transaction():
            service.post(listing_facts(), trader("ironworks"), key, publish_now=True)
    assert db.session.scalar(select(func.count()).select_from(Listing)) == 1


def test_an_enterprise_that_waits_keeps_a_draft(world):
    with transaction():
        listing = service.post(listing_facts("newcomer"), trader("newcomer"), "k", publish_now=False)
    with pytest.raises(NotApproved), transaction():
        service.publish(service.lock(listing.id))
    assert db.session.get(Listing, listing.id).state is ListingState.DRAFT


def test_two_windows_do_not_overwrite_each_other(world):
    listing = open_listing()
    version = listing.version
    with transaction():
        service.edit(listing, listing_facts(title="First"), version)
    with pytest.raises(StaleListing), transaction():
        service.edit(listing, listing_facts(title="Second"), version)
    assert db.session.get(Listing, listing.id).title == "First"


def test_a_listing_keeps_what_is_agreed(world):
    listing = open_listing(quantity=Decimal(100))
    agreed(listing, quantity_t=Decimal(40))
    version = db.session.get(Listing, listing.id).version
    with pytest.raises(BelowReserved), transaction():
        service.edit(listing, listing_facts(quantity=Decimal(39)), version)


def test_the_states_of_a_listing(world):
    listing = open_listing()
    for step, state in (
        (service.pause, ListingState.PAUSED),
        (service.publish, ListingState.OPEN),
        (service.close, ListingState.CLOSED),
    ):
        with transaction():
            step(service.lock(listing.id))
        assert db.session.get(Listing, listing.id).state is state
    with pytest.raises(WrongState), transaction():
        service.publish(service.lock(listing.id))


def test_what_has_passed_expires_and_can_be_renewed(world):
    listing = open_listing(available_from=today() - timedelta(days=9), available_until=today() - timedelta(days=1))
    with transaction():
        assert service.expire_due() == 1
    assert db.session.get(Listing, listing.id).state is ListingState.EXPIRED
    with transaction():
        service.renew(service.lock(listing.id))
    assert db.session.get(Listing, listing.id).available_until > today()


def find(query="", who=VISITOR, **wish):
    page = queries.search(queries.SearchWish(query=query, **wish), who, "en")
    return [hit.listing.title for hit in page.hits]


def test_search_finds_one_language_by_the_other(world):
    open_listing(title="转炉钢渣 0-10mm", description="", material="bof-slag")
    open_listing(title="BOF steel slag, weathered", description="", material="bof-slag")
    for query in ("钢渣", "steel slag", "Steel-Slag", "鋼渣", "ＢＯＦ slag"):
        assert len(find(query)) == 2, query
    assert find("phosphogypsum") == []


def test_search_finds_codes_and_plain_words(world):
    open_listing(title="Something dusty", description="in big bags near gate seven", material="coal-fly-ash")
    assert find("big bags gate") == ["Something dusty"]
    assert find("100202") == ["Something dusty"]
    assert find("bags gate nine") == []


@pytest.mark.parametrize(
    "query", ['"unclosed', "AND OR NOT NEAR(", "*", "(((((", "'; DROP TABLE listing;--", "%", "\\", ":*"]
)
def test_search_reads_operators_as_words(world, query):
    open_listing()
    find(query)


def test_facets_narrow_the_search(world):
    open_listing(title="slag")
    open_listing("third", title="ash", material="coal-fly-ash", kind=Kind.WANT, quantity=Decimal(5))
    assert find(family="slags") == ["slag"]
    assert find(kind=Kind.WANT) == ["ash"]
    assert find(minimum_t=Decimal(50)) == ["slag"]
    near_nanda = queries.Origin(31.292, 121.382, "Nanda")
    assert find(origin=near_nanda, within_km=Decimal(3)) == ["ash"]
    assert find(origin=near_nanda, sort="distance") == ["ash", "slag"]
    page = queries.search(queries.SearchWish(), VISITOR, "en")
    assert page.families == {"slags": 1, "ashes": 1}
    assert page.kinds == {"offer": 1, "want": 1}


@pytest.mark.parametrize("sort", ["newest", "quantity", "ending", "distance"])
def test_pages_follow_each_other_without_gap_or_repeat(world, sort):
    for i in range(45):
        open_listing(title=f"lot {i}", quantity=Decimal(i % 7 + 1), available_until=today() + timedelta(days=i % 5 + 1))
    wish = {"sort": sort, "origin": queries.Origin(31.3, 121.4, "x")}
    seen, after = [], ""
    while True:
        page = queries.search(queries.SearchWish(after=after, **wish), VISITOR, "en")
        seen += [hit.listing.id for hit in page.hits]
        after = page.next_cursor
        if not after:
            break
    assert len(seen) == len(set(seen)) == 45


@pytest.mark.parametrize("after", ["x", "e30", "WyJuZXdlc3QiLCAieCIsIDFd", "é", "W10=", "A" * 5000])
def test_a_damaged_cursor_is_refused(world, after):
    with pytest.raises(queries.BadCursor):
        queries.search(queries.SearchWish(after=after), VISITOR, "en")


def test_drafts_are_seen_by_their_own_people_only(world):
    with transaction():
        service.post(listing_facts(title="secret"), trader("ironworks"), "k", publish_now=False)
    assert find("secret") == []
    assert find("secret", viewer_of(trader("third"))) == []
    assert [x.title for x in queries.own_listings(world.ironworks)] == ["secret"]


@given(st.sampled_from(list(Rhythm)), st.integers(0, 3000), st.decimals("0.001", "100000", places=3))
def test_a_longer_availability_never_holds_less(rhythm, days, quantity):
    start = today()
    shorter = total_t(quantity, rhythm, start, start + timedelta(days=days))
    longer = total_t(quantity, rhythm, start, start + timedelta(days=days + 1))
    assert quantity <= shorter <= longer


def test_units_convert_by_density_and_weight():
    water = taxonomy().materials["used-cooking-oil"]
    assert to_tonnes(Decimal(1000), "L", water) == water.density_t_per_m3
    assert to_tonnes(Decimal(500), "kg", water) == Decimal("0.5")
    with pytest.raises(NoConversion):
        to_tonnes(Decimal(1), "bale", water)
    with pytest.raises(ValueError, match="unknown unit"):
        to_tonnes(Decimal(1), "ton", water)


def test_a_site_that_moves_takes_its_listings_along(world):
    listing = open_listing()
    site = db.session.get(Enterprise, world.ironworks).sites[0]
    with transaction():
        sites.change_site(site, sites.SiteFacts("moved", "", site.park_id, 31.5, 121.5))
    assert (db.session.get(Listing, listing.id).lat, db.session.get(Listing, listing.id).lon) == (31.5, 121.5)
