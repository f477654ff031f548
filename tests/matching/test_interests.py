"""Saved interests: a new listing is told to those whose saved search finds it, and to nobody who may not have it."""

import itertools
import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from marketplace.accounts.models import Enterprise, EnterpriseState, Licence
from marketplace.accounts.policy import VISITOR
from marketplace.calendar import today
from marketplace.database import now, pretend_now, transaction
from marketplace.extensions import db
from marketplace.listings import queries as listing_queries
from marketplace.listings.models import Kind, Listing
from marketplace.matching import alerts, feedback
from marketplace.matching.interests import fitting, queries, service
from marketplace.matching.interests.errors import SameInterest, TooManyInterests
from marketplace.matching.models import DigestLine, DismissalReason, Interest, Pace
from marketplace.notifications.models import OutboxMessage
from tests.factories import find_user, open_listing, park, saved_interest, trader

GRINDING = {"owner@grinding.example", "trader@grinding.example"}


def interest(key="grinding", **changes):
    with transaction():
        return saved_interest(key, **changes)


def told():
    db.session.rollback()
    return {row.email for row in db.session.query(OutboxMessage).filter_by(kind="new_for_interest")}


def waiting():
    db.session.rollback()
    return {db.session.get(type(trader("third")), line.user_id).email for line in db.session.query(DigestLine)}


def fits(listing):
    db.session.rollback()
    return [f.interest_id for f in fitting.fitting(db.session.get_one(Listing, listing.id))]


def test_a_fitting_listing_is_told_at_once_and_only_once_to_those_who_act_for_the_enterprise(world):
    interest(words="高炉渣")
    slag = open_listing()

    alerts.alert_new_listings()
    alerts.alert_new_listings()

    assert told() == GRINDING
    messages = db.session.query(OutboxMessage).filter_by(kind="new_for_interest").all()
    assert {m.path for m in messages} == {f"/listings/{slag.id}"}
    assert len(messages) == 2


def test_one_that_can_wait_stands_in_the_digest(world):
    interest(pace=Pace.DAILY, materials=("gbfs",))
    open_listing()

    alerts.alert_new_listings()

    assert told() == set()
    assert waiting() == GRINDING


def test_several_interests_of_an_enterprise_make_one_message(world):
    interest(words="slag")
    interest(materials=("gbfs",))
    interest(family="slags", pace=Pace.DAILY)
    open_listing()

    alerts.alert_new_listings()

    assert db.session.query(OutboxMessage).filter_by(kind="new_for_interest").count() == len(GRINDING)
    assert waiting() == set()


def test_a_bulk_of_listings_fills_the_digest_and_not_the_inbox(world, monkeypatch):
    monkeypatch.setattr(alerts, "MOST_A_DAY", 2)
    interest(words="slag")
    for number in range(5):
        open_listing(title=f"Slag, heap {number}")

    alerts.alert_new_listings()

    assert db.session.query(OutboxMessage).filter_by(kind="new_for_interest").count() == 2 * len(GRINDING)
    assert db.session.query(DigestLine).count() == 3 * len(GRINDING)

    with pretend_now(now() + timedelta(days=1)):
        open_listing(title="Slag of the next day")
        alerts.alert_new_listings()
    assert db.session.query(OutboxMessage).filter_by(kind="new_for_interest").count() == 3 * len(GRINDING)


def test_an_enterprise_whose_own_listing_fits_is_told_of_that_only(world):
    want = open_listing("grinding", kind=Kind.WANT, title="Granulated slag as clinker replacement")
    interest(words="slag")
    alerts.alert_new_listings()
    open_listing(quantity=Decimal(1000))

    alerts.alert_new_listings()

    assert told() == set()
    assert {m.path for m in db.session.query(OutboxMessage).filter_by(kind="new_match")} == {f"/listings/{want.id}"}


def test_nobody_is_told_of_what_they_posted_themselves(world):
    interest("ironworks", words="slag")
    open_listing("ironworks")

    alerts.alert_new_listings()

    assert told() == set()


ASKED = [
    ({"words": "slag"}, True),
    ({"words": "水渣"}, True),
    ({"words": "sawdust"}, False),
    ({"materials": ("bof-slag", "gbfs")}, True),
    ({"materials": ("bof-slag",)}, False),
    ({"use": "scm-cement"}, True),
    ({"use": "cattle-feed"}, False),
    ({"kind": Kind.WANT, "words": "slag"}, False),
    ({"words": "slag", "minimum_t": Decimal(100)}, True),
    ({"words": "slag", "minimum_t": Decimal(101)}, False),
    ({"words": "slag", "is_hazardous": True}, False),
    ({"words": "slag", "within_km": Decimal(60)}, True),
    ({"words": "slag", "within_km": Decimal(5)}, False),
]


def test_everything_that_is_asked_must_hold(world):
    with transaction():
        saved = [saved_interest(**asked).id for asked, _ in ASKED]
    found = fits(open_listing())

    assert {i: i in found for i in saved} == {i: is_told for i, (_, is_told) in zip(saved, ASKED, strict=True)}


def test_a_park_narrows_and_another_is_where_distance_starts(world):
    interest(park_id=park("wusong").id)
    interest(words="slag", park_id=park("luojing").id)
    interest(words="near", within_km=Decimal(5), near_park_id=park("wusong").id)
    slag = open_listing(title="slag near the river")

    assert len(fits(slag)) == 2


def test_an_interest_fits_what_a_search_for_it_finds(world):
    asked = itertools.product(
        ["", "slag", "高炉渣", "clinker", "granulated water", "SW01", "100202", "木屑"],
        ["", "scm-cement"],
        [None, Decimal(12), Decimal(40)],
    )
    with transaction():
        saved = [
            saved_interest(words=words, use=use, within_km=within, family="" if words or use else "slags").id
            for words, use, within in asked
        ]
    posted = [
        open_listing(),
        open_listing("third", title="水淬高炉渣 长期", description="用于水泥"),
        open_listing("third", title="Sawdust 木屑", material="sawdust", sw_code="", low_code=""),
    ]
    db.session.rollback()
    told_of = {x.id: fits(x) for x in posted}

    for interest_id in saved:
        one = db.session.get_one(Interest, interest_id)
        found = {hit.listing.id for hit in listing_queries.search(queries.wish_of(one, "en"), VISITOR, "en").hits}
        assert {x.id for x in posted if one.id in told_of[x.id]} == found, queries.title_of(one, "en")


def acid_licence(enterprise_id, **changes):
    usual = {"number": "L1", "hw_code": "HW34", "yearly_quantity_t": Decimal(100), "verified_at": now()}
    usual |= {"valid_until": date(today().year + 1, 1, 1)} | changes
    db.session.add(Licence(enterprise_id=enterprise_id, **usual))


@pytest.mark.parametrize(
    ("licence", "is_told"),
    [(None, False), ({}, True), ({"hw_code": "HW06"}, False), ({"verified_at": None}, False),
     ({"valid_until": date(2020, 1, 1)}, False)],
)  # fmt: skip
def test_hazardous_waste_is_told_only_to_those_licensed_for_it_today(world, licence, is_told):
    interest(words="pickle acid")
    with transaction():
        if licence is not None:
            acid_licence(world.grinding, **licence)
    acid = open_listing(
        title="Spent pickle acid", material="spent-hcl-pickle", is_hazardous=True, hw_code="HW34", low_code="110105"
    )

    assert bool(fits(acid)) is is_told


def test_an_interest_in_feed_is_not_told_of_what_no_animal_may_eat(world):
    interest(words="cattle feed ingredient")
    ash = open_listing(title="Fly ash, no cattle feed ingredient", material="coal-fly-ash", sw_code="", low_code="")

    assert fits(ash) == []


@pytest.mark.parametrize("words", ["near", "river", "best quality", "长期"])
def test_what_words_merely_sound_like_keeps_nothing_away(world, words):
    interest(words=words)

    assert len(fits(open_listing(title=f"Slag, {words}"))) == 1


def test_an_ended_interest_tells_nothing_until_it_is_resumed(world):
    saved = interest(words="slag")
    with transaction():
        service.end(db.session.get_one(Interest, saved.id))
    slag = open_listing()
    assert fits(slag) == []

    with transaction():
        service.resume(db.session.get_one(Interest, saved.id))
    assert len(fits(slag)) == 1


def test_a_suspended_enterprise_is_told_nothing(world):
    interest(words="slag")
    with transaction():
        db.session.get_one(Enterprise, world.grinding).state = EnterpriseState.SUSPENDED

    assert fits(open_listing()) == []


def test_a_partner_that_was_declined_is_not_told_of(world):
    want = open_listing("grinding", kind=Kind.WANT, title="Scrap paper", material="occ", sw_code="", low_code="")
    old = open_listing(title="Old heap of slag")
    alerts.alert_new_listings()
    with transaction():
        feedback.dismiss(
            db.session.get_one(Listing, want.id), db.session.get_one(Listing, old.id), DismissalReason.PARTNER,
            trader("grinding"),
        )  # fmt: skip
        saved_interest(words="slag")
    open_listing()

    alerts.alert_new_listings()

    assert told() == set()
    assert waiting() == set()


def test_a_form_sent_twice_saves_once_and_there_is_an_end_to_saving(world, monkeypatch):
    monkeypatch.setattr(service, "MOST", 1)
    facts, key = service.InterestFacts(kind=Kind.OFFER, pace=Pace.DAILY, words="slag"), str(uuid.uuid4())
    for _ in range(2):
        with transaction():
            service.save(facts, trader("grinding"), key)
    with pytest.raises(TooManyInterests), transaction():
        service.save(replace(facts, words="ash"), trader("grinding"), str(uuid.uuid4()))

    assert db.session.query(Interest).count() == 1


@pytest.mark.parametrize("pace", Pace)
def test_the_same_is_saved_once_however_often_it_is_to_be_told(world, pace):
    facts = service.InterestFacts(Kind.OFFER, Pace.DAILY, "slag", ("gypsum", "ggbs"), minimum_t=Decimal(5))
    with transaction():
        first = service.save(facts, trader("grinding"), str(uuid.uuid4()))
        other = service.save(replace(facts, words="ash"), trader("grinding"), str(uuid.uuid4()))
    turned = replace(facts, materials=("ggbs", "gypsum"), pace=pace)

    with pytest.raises(SameInterest) as refused, transaction():
        service.save(turned, trader("grinding"), str(uuid.uuid4()))
    assert refused.value.interest_id == first.id
    with pytest.raises(SameInterest), transaction():
        service.change(other, turned)
    with transaction():
        service.change(first, turned)
        service.save(facts, trader("third"), str(uuid.uuid4()))
        service.end(first)
        service.save(facts, trader("grinding"), str(uuid.uuid4()))
    with pytest.raises(SameInterest), transaction():
        service.resume(first)


def test_who_switched_the_digest_off_gets_none_for_an_interest(world):
    interest(words="slag", pace=Pace.DAILY)
    with transaction():
        find_user("owner@grinding.example").wants_digest = False
    open_listing()

    alerts.alert_new_listings()

    assert waiting() == {"trader@grinding.example"}
