"""What fits likely is told once a day, at eight in Shanghai, to those who want it, whoever works."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.database import pretend_now, transaction
from marketplace.extensions import db
from marketplace.matching import alerts, digest
from marketplace.matching.models import Digest, DigestLine
from marketplace.notifications.models import OutboxMessage
from tests.factories import find_user, open_listing, trader

EARLY, EIGHT = datetime(2030, 5, 1, 23, 59, tzinfo=UTC), datetime(2030, 5, 2, 0, 0, tzinfo=UTC)  # 07:59, 08:00


def told():
    db.session.rollback()
    rows = db.session.query(OutboxMessage).filter_by(kind="daily_digest").order_by(OutboxMessage.id)
    return [row.email for row in rows]


@pytest.fixture
def waiting(world):
    slag = open_listing()
    with transaction():
        digest.remember([trader("grinding"), trader("third")], slag.id)
        digest.remember([trader("grinding")], slag.id)
    return slag


def send(moment=EIGHT):
    with pretend_now(moment):
        return digest.send_due()


def test_each_person_gets_one_digest_from_eight_in_shanghai(waiting):
    assert send(EARLY) == 0
    assert send() == 2
    assert send() == 0
    assert told() == ["trader@grinding.example", "trader@third.example"]


def test_what_comes_later_the_same_day_waits_for_the_next(waiting):
    send()
    other = open_listing(title="Another heap of slag")
    with transaction():
        digest.remember([trader("grinding")], other.id)

    assert send(EIGHT + timedelta(hours=15)) == 0
    assert send(EIGHT + timedelta(days=1)) == 1


def test_a_second_worker_that_was_as_fast_leaves_nothing(waiting):
    with transaction(), pretend_now(EIGHT):
        db.session.add(Digest(user_id=trader("grinding").id, day=EIGHT.date()))
    with pretend_now(EIGHT):
        assert digest._send(trader("grinding").id) == 0

    assert told() == []


def test_who_switched_it_off_gets_none(waiting):
    with transaction():
        find_user("trader@grinding.example").wants_digest = False
        find_user("owner@third.example").wants_digest = False
    another = open_listing(title="Another heap of slag")
    with transaction():
        digest.remember([find_user("owner@third.example")], another.id)

    assert send() == 1
    assert told() == ["trader@third.example"]
    assert db.session.query(DigestLine).filter_by(listing_id=another.id).count() == 0


def test_those_not_told_at_once_wait_for_the_digest(world, monkeypatch):
    from marketplace.listings.models import Kind

    for key in ("grinding", "third"):
        open_listing(key, kind=Kind.WANT, title="Granulated slag as clinker replacement")
    alerts.alert_new_listings()
    monkeypatch.setattr(alerts, "MOST_TOLD", 1)
    open_listing()

    alerts.alert_new_listings()

    at_once = {m.user_id for m in db.session.query(OutboxMessage).filter_by(kind="new_match")}
    later = {line.user_id for line in db.session.query(DigestLine)}
    assert at_once
    assert later
    assert not at_once & later


def test_the_page_lists_what_the_digest_named(app, client, waiting, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    digest._send(trader("grinding").id)
    client.post("/sign-in", data={"email": "trader@grinding.example", "password": "three unrelated words"})

    assert "Granulated blast furnace slag" in client.get("/news").text
