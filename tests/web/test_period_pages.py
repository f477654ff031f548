"""Pages of recurring exchanges: agreed by form, closed and ended from the exchange, in both languages and databases."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from flask_babel import refresh

from marketplace.calendar import today
from marketplace.exchanges import settling
from marketplace.exchanges.models import Exchange, ExchangeState, Recurrence
from marketplace.extensions import db
from marketplace.ledger.models import LedgerEntry
from tests.factories import PASSWORD, confirm_both, delivery_facts, open_listing, recurring, requested


@pytest.fixture
def sign_in(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)

    def enter(email, language="en"):
        client.post("/sign-out")
        client.post("/sign-in", data={"email": email, "password": PASSWORD})
        client.get(f"/lang/{language}")
        refresh()  # the tests' requests share one application context, which remembers its first language

    return enter


def test_a_recurring_exchange_is_proposed_by_the_form_and_the_page_says_so(client, world, sign_in):
    exchange_id = requested(open_listing()).id
    sign_in("trader@ironworks.example")
    form = {
        "quantity_t": "40", "price_cny_per_t": "12", "deliver_from": "2026-12-01", "deliver_until": "2027-03-31",
        "transport_by": "receiver", "mode": "truck", "use": "", "note": "", "supplier_percent": "50",
        "recurrence": "quarterly", "submission": str(uuid.uuid4()),
    }  # fmt: skip

    too_long = client.post(f"/exchanges/{exchange_id}/terms", data=form | {"deliver_until": "2099-12-31"})
    assert too_long.status_code == 422
    assert "at most 60 can be agreed" in too_long.text
    assert client.post(f"/exchanges/{exchange_id}/terms", data=form | {"recurrence": "daily"}).status_code == 422
    assert client.post(f"/exchanges/{exchange_id}/terms", data=form).status_code == 303

    assert db.session.get_one(Exchange, exchange_id).current_terms.recurrence is Recurrence.QUARTERLY
    page = client.get(f"/exchanges/{exchange_id}").text
    assert "every quarter" in page
    assert "Q1 2027" in page
    assert "<ins>every quarter</ins>" in page


def test_each_side_closes_the_month_from_its_page_and_finds_the_entry_there(client, world, sign_in):
    exchange = recurring(open_listing())
    exchange_id, code = exchange.id, settling.open_code(exchange)
    for email in ("trader@ironworks.example", "trader@grinding.example"):
        sign_in(email)
        assert "is over: check its figure and confirm it." in client.get("/work").text
        page = client.get(f"/exchanges/{exchange_id}/complete").text
        assert f'name="period" value="{code}"' in page
        assert client.post(f"/exchanges/{exchange_id}/complete", data={"period": code}).status_code == 303

    exchange = db.session.get_one(Exchange, exchange_id)
    assert exchange.state is ExchangeState.DELIVERING
    entry = db.session.query(LedgerEntry).one()
    page = client.get(f"/exchanges/{exchange_id}").text
    assert f"/ledger/entries/{entry.position}" in page
    assert f"confirmed the period, its figure is recorded: {code}" in page
    assert "1 settled delivery" in page
    assert "Period" in client.get("/ledger/entries/0").text


def test_who_confirms_an_outdated_page_is_told_and_nothing_is_recorded(client, world, sign_in):
    exchange_id = recurring(open_listing()).id
    sign_in("trader@ironworks.example")
    answer = client.post(f"/exchanges/{exchange_id}/complete", data={"period": "2020-01"}, follow_redirects=True)
    assert "Another period is due to be closed now." in answer.text
    assert db.session.get_one(Exchange, exchange_id).confirmations == []


REFUSED = {
    "en": ("is closed and in the ledger", "was agreed for deliveries from"),
    "zh": ("期已结算入账", "约定的交付期为"),
}


@pytest.mark.parametrize("language", REFUSED)
def test_a_day_that_takes_no_delivery_is_refused_beside_the_field(client, world, sign_in, language):
    exchange = recurring(open_listing())
    confirm_both(exchange, settling.open_code(exchange))
    exchange_id, facts = exchange.id, delivery_facts(exchange)
    form = {
        "gross_t": "35", "tare_t": "15", "ticket_number": "mine-1", "mode": "truck", "distance_km": "20.5",
        "weighed_at_site_id": str(facts.weighed_at_site_id), "vehicle": "沪D99999", "submission": str(uuid.uuid4()),
    }  # fmt: skip
    sign_in("trader@ironworks.example", language)
    closed_day = today().replace(day=1) - timedelta(days=1)
    for day, words in zip((closed_day, today() - timedelta(days=200)), REFUSED[language], strict=True):
        answer = client.post(f"/exchanges/{exchange_id}/deliveries/new", data=form | {"weighed_on": day.isoformat()})
        assert answer.status_code == 409
        assert words in answer.text
        assert "沪D99999" in answer.text, "nothing is lost"
    assert len(db.session.get_one(Exchange, exchange_id).deliveries) == 1


def test_a_side_ends_the_exchange_when_all_is_settled(client, world, sign_in):
    exchange = recurring(open_listing(quantity=Decimal(100)))
    exchange_id = exchange.id
    sign_in("trader@grinding.example")
    assert "End the exchange" not in client.get(f"/exchanges/{exchange_id}").text
    confirm_both(exchange, settling.open_code(exchange))
    assert "End the exchange" in client.get(f"/exchanges/{exchange_id}").text
    assert client.post(f"/exchanges/{exchange_id}/finish", data={"reason": ""}).status_code == 422
    form = {"reason": "the kiln is taken down", "submission": str(uuid.uuid4())}
    assert client.post(f"/exchanges/{exchange_id}/finish", data=form).status_code == 303
    assert db.session.get_one(Exchange, exchange_id).state is ExchangeState.COMPLETED
    assert "each period has its entry" in client.get(f"/exchanges/{exchange_id}").text


def test_an_officer_reverses_a_period_from_its_entry_and_it_is_open_again(client, world, sign_in):
    exchange = recurring(open_listing())
    exchange_id, code = exchange.id, settling.open_code(exchange)
    confirm_both(exchange, code)
    sign_in("district_officer@example.com")
    form = {"reason": "wrong scale", "submission": str(uuid.uuid4())}
    assert client.post("/ledger/entries/0/reverse", data=form).status_code == 303
    assert settling.open_code(db.session.get_one(Exchange, exchange_id)) == code
