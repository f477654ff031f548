"""A new listing is told at once, and once, to those whose listings it very likely fits."""

from decimal import Decimal

import pytest

from marketplace.accounts.policy import viewer_of
from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.listings import service as listings
from marketplace.listings.models import Kind, Listing
from marketplace.matching import alerts, feedback, service
from marketplace.matching.models import DismissalReason
from marketplace.notifications.models import OutboxMessage
from tests.factories import open_listing, trader


def told():
    db.session.rollback()
    rows = db.session.query(OutboxMessage).filter_by(kind="new_match").order_by(OutboxMessage.id)
    return [(row.email, row.path) for row in rows]


@pytest.fixture
def want(world):
    made = open_listing("grinding", kind=Kind.WANT, title="Granulated slag as clinker replacement")
    alerts.alert_new_listings()
    assert told() == []
    return made


def test_a_fitting_offer_is_told_to_those_who_act_for_the_want_and_only_once(want):
    open_listing(quantity=Decimal(1000))

    alerts.alert_new_listings()
    alerts.alert_new_listings()

    assert told()
    assert {path for _, path in told()} == {f"/listings/{want.id}"}
    assert len(told()) == len(set(told()))
    assert all(email.endswith("@grinding.example") and not email.startswith("viewer") for email, _ in told())


def test_what_does_not_fit_and_what_is_a_draft_is_told_to_nobody(want):
    open_listing(title="Broken wooden pallets", material="pallets-untreated")
    draft = open_listing()
    with transaction():
        listings.pause(db.session.get_one(Listing, draft.id))

    alerts.alert_new_listings()

    assert told() == []


def test_when_many_fit_the_best_are_told(world, monkeypatch):
    monkeypatch.setattr(alerts, "MOST_TOLD", 1)
    for key in ("grinding", "third"):
        open_listing(key, kind=Kind.WANT, title="Granulated slag as clinker replacement")
    alerts.alert_new_listings()
    offer = open_listing(quantity=Decimal(1000))
    ranked = service.ranked_partners(offer, viewer_of(trader("ironworks")), (), 2, explain=False)

    alerts.alert_new_listings()

    assert {path for _, path in told()} == {f"/listings/{ranked[0][0].id}"}


def test_an_enterprise_that_was_declined_as_a_partner_is_not_told_of(want):
    old_heap = open_listing(title="Old heap of slag")
    with transaction():
        offer = db.session.get_one(Listing, old_heap.id)
        offer.alerted_at = offer.published_at
        feedback.dismiss(db.session.get_one(Listing, want.id), offer, DismissalReason.PARTNER, trader("grinding"))
    open_listing(title="Granulated blast furnace slag, new heap")

    alerts.alert_new_listings()

    assert told() == []
