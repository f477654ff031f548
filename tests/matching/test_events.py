"""What becomes of suggestions is noted once, for enterprises that agreed, without persons, and cannot be changed."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from marketplace.accounts import service as accounts
from marketplace.accounts.models import AuditEvent, Enterprise
from marketplace.database import now, pretend_now, transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Side
from marketplace.extensions import db
from marketplace.listings.errors import NotEnoughLeft
from marketplace.listings.models import Kind, Listing
from marketplace.matching import events, feedback, store
from marketplace.matching.core.learning import EventKind
from marketplace.matching.models import DismissalReason, MatchEvent
from tests.factories import PASSWORD, delivered, find_user, open_listing, side_user, terms, trader


@pytest.fixture
def slag(world):
    """An offer with two wants beside it, one of each enterprise."""
    offer = open_listing(quantity=Decimal(1000))
    for key in ("grinding", "third"):
        open_listing(key, kind=Kind.WANT, title=f"granulated slag for cement, {key}")
    return offer


@pytest.fixture
def ironworks(app, client, monkeypatch):
    """The browser of the offer's trader."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    client.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    return client


def noted(kind=None):
    db.session.rollback()
    found = db.session.query(MatchEvent).order_by(MatchEvent.id).all()
    return [e for e in found if kind in (None, e.kind)]


def learnable():
    db.session.rollback()
    return events.learnable_events()


def want_of(key):
    return db.session.query(Listing).filter_by(title=f"granulated slag for cement, {key}").one()


def forbid(key):
    with transaction():
        person = find_user(f"owner@{key}.example")
        accounts.choose_learning(person.membership.enterprise, False, person)


def test_a_page_notes_what_it_showed_with_place_and_model_once_a_day(ironworks, slag):
    for _ in range(2):
        ironworks.get(f"/listings/{slag.id}")
    shown = noted(EventKind.SHOWN)
    assert [e.position for e in shown] == [1, 2]
    assert {e.other_id for e in shown} == {want_of("grinding").id, want_of("third").id}
    assert {(e.listing_id, e.enterprise_id, e.model_version) for e in shown} == {
        (slag.id, slag.enterprise_id, store.version())
    }

    with pretend_now(now() + timedelta(days=1)):
        ironworks.get(f"/listings/{slag.id}")
    assert len(noted(EventKind.SHOWN)) == 4


def test_the_page_of_all_matches_notes_them_in_its_own_order_and_links_back(ironworks, slag):
    page = ironworks.get(f"/listings/{slag.id}/matches?sort=near")
    assert page.status_code == 200
    shown = noted(EventKind.SHOWN)
    assert [e.position for e in shown] == [1, 2]
    assert all(f'href="/listings/{e.other_id}?via={slag.id}"' in page.text for e in shown)
    in_order = sorted(shown, key=lambda e: page.text.index(f"/listings/{e.other_id}?via={slag.id}"))
    assert in_order == shown


def test_opening_a_suggestion_from_ones_own_listing_is_noted(ironworks, slag):
    other = want_of("third")
    page = ironworks.get(f"/listings/{slag.id}").text
    assert f'href="/listings/{other.id}?via={slag.id}"' in page

    for _ in range(2):
        assert ironworks.get(f"/listings/{other.id}?via={slag.id}").status_code == 200
    (opened,) = noted(EventKind.OPENED)
    assert (opened.listing_id, opened.other_id, opened.position) == (slag.id, other.id, None)

    assert ironworks.get(f"/listings/{other.id}?via=everywhere").status_code == 400
    ironworks.get(f"/listings/{other.id}?via={want_of('grinding').id}")  # not theirs, and of one kind
    assert len(noted(EventKind.OPENED)) == 1


def test_visitors_officers_and_other_enterprises_leave_no_trace(app, client, slag, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    for email in ("", "trader@third.example", "district_officer@example.com"):
        browser = app.test_client()
        if email:
            browser.post("/sign-in", data={"email": email, "password": PASSWORD})
        browser.get(f"/listings/{slag.id}")
        browser.get(f"/listings/{want_of('grinding').id}?via={slag.id}")
    assert noted() == []


@pytest.mark.parametrize(
    "headers", [{"User-Agent": "Googlebot/2.1"}, {"User-Agent": "curl/8"}, {"Sec-Purpose": "prefetch;prerender"}]
)
def test_robots_and_prefetching_browsers_leave_no_trace(ironworks, slag, headers):
    ironworks.get(f"/listings/{slag.id}", headers=headers)
    ironworks.head(f"/listings/{slag.id}")
    assert noted() == []


def request_by_match(slag, **changes):
    """The grinding plant asks for the slag because it was suggested for its want."""
    with transaction():
        buyer = trader("grinding")
        site = buyer.membership.enterprise.sites[0]
        return exchanges.request(slag.id, buyer, site.id, terms(**changes), "of-a-match", want_of("grinding").id)


def test_a_request_and_its_completion_are_noted_in_their_own_transactions(slag):
    exchange = request_by_match(slag)
    want = want_of("grinding")
    (requested,) = noted()
    assert (requested.kind, requested.listing_id, requested.other_id) == (EventKind.REQUESTED, want.id, slag.id)
    assert requested.enterprise_id == want.enterprise_id

    with transaction():
        exchanges.accept(exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)), 1)
    delivered(exchange)
    for side in Side:
        with transaction():
            exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, side)))
    assert [e.kind for e in noted()] == [EventKind.REQUESTED, EventKind.COMPLETED]


def test_a_request_that_fails_leaves_no_event(slag):
    with pytest.raises(NotEnoughLeft):
        request_by_match(slag, quantity_t=Decimal(5000))
    assert noted() == []


def test_a_request_without_a_listing_of_ones_own_judges_no_pair(slag):
    with transaction():
        buyer = trader("third")
        exchanges.request(slag.id, buyer, buyer.membership.enterprise.sites[0].id, terms(), "of-a-search")
    assert noted() == []


def test_a_dismissal_is_noted_with_its_reason_and_unlearned_when_it_is_taken_back(slag):
    with transaction():
        fresh, other = db.session.get_one(Listing, slag.id), want_of("third")
        feedback.dismiss(fresh, other, DismissalReason.QUALITY, trader("ironworks"))
    (event,) = noted()
    assert (event.kind, event.reason) == (EventKind.DISMISSED, DismissalReason.QUALITY)
    assert [e.reason for e in learnable()] == [DismissalReason.QUALITY]

    with transaction():
        feedback.suggest_again(slag, other.id)
    assert learnable() == []
    assert len(noted()) == 1


def test_who_does_not_agree_is_not_noted_and_not_learned_from(ironworks, slag):
    ironworks.get(f"/listings/{slag.id}")
    assert len(learnable()) == 2

    forbid("ironworks")
    with pretend_now(now() + timedelta(days=1)):
        ironworks.get(f"/listings/{slag.id}")
    with transaction():
        feedback.dismiss(
            db.session.get_one(Listing, slag.id), want_of("third"), DismissalReason.PRICE, trader("ironworks")
        )
    assert len(noted()) == 2
    assert learnable() == []


def test_what_is_older_than_two_years_is_not_learned(ironworks, slag):
    ironworks.get(f"/listings/{slag.id}")
    assert len(learnable()) == 2
    with pretend_now(now() + timedelta(days=events.LEARNED_DAYS + 1)):
        assert learnable() == []


def test_only_the_owner_switches_learning_and_it_is_on_record(app, ironworks, world):
    assert ironworks.post("/enterprise/edit", data={"name_en": "Ironworks"}).status_code == 404
    owner = app.test_client()
    owner.post("/sign-in", data={"email": "owner@ironworks.example", "password": PASSWORD})
    assert 'name="is_learned_from"' in owner.get("/enterprise/edit").text
    owner.post("/enterprise/edit", data={"name_en": "Ironworks", "about": ""})
    db.session.rollback()
    assert not db.session.get_one(Enterprise, world.ironworks).is_learned_from
    owner.post("/enterprise/edit", data={"name_en": "Ironworks", "about": "", "is_learned_from": "y"})
    db.session.rollback()
    assert db.session.get_one(Enterprise, world.ironworks).is_learned_from
    recorded = db.session.query(AuditEvent.action).order_by(AuditEvent.id).all()
    assert [a for (a,) in recorded] == ["learning.forbidden", "learning.allowed"]


def test_enterprises_of_before_are_asked_first(session, world):
    """A row written without the column, as by the migration or an older release, is not learned from."""
    with transaction():
        session.execute(
            text(
                "INSERT INTO enterprise (uscc, pseudonym, name_en, name_zh, industry, about, state, decision_reason, "
                "created_at) SELECT 'x', 'x', name_en, name_zh, industry, about, state, decision_reason, created_at "
                "FROM enterprise WHERE id = :id"
            ),
            {"id": world.third},
        )
    assert not session.query(Enterprise).filter_by(uscc="x").one().is_learned_from


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE match_event SET position = 9",
        "DELETE FROM match_event",
        "INSERT INTO match_event SELECT * FROM match_event",
    ],
)
def test_events_cannot_be_changed(ironworks, slag, session, attempt):
    ironworks.get(f"/listings/{slag.id}")
    with pytest.raises(DBAPIError), transaction():
        session.execute(text(attempt))
    assert [e.position for e in noted()] == [1, 2]


def test_a_second_showing_replaces_nothing(ironworks, slag, session):
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("REPLACE is SQLite's")
    ironworks.get(f"/listings/{slag.id}")
    with transaction():
        session.execute(
            text(
                "INSERT OR REPLACE INTO match_event (kind, listing_id, other_id, enterprise_id, position, "
                "model_version, day, at) SELECT kind, listing_id, other_id, enterprise_id, 9, '', day, at "
                "FROM match_event"
            )
        )
    assert [e.position for e in noted()] == [1, 2]


def test_a_page_waits_for_no_writer(app, ironworks, slag):
    """Somebody holds the lock for long: the page is served, the count is lost."""
    before = ironworks.get(f"/listings/{slag.id}").status_code
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    with engine.connect() as other:
        if engine.dialect.name == "sqlite":
            other.connection.dbapi_connection.execute("BEGIN IMMEDIATE")
        else:
            other.execute(text("SELECT id FROM listing FOR UPDATE"))
        with pretend_now(now() + timedelta(days=1)):
            started = time.monotonic()
            answer = ironworks.get(f"/listings/{slag.id}")
        waited_s = time.monotonic() - started
        other.rollback()
    engine.dispose()
    assert waited_s < 10  # the database's own patience is 15 seconds, or endless
    assert (before, answer.status_code) == (200, 200)
    assert len(noted()) == 2
