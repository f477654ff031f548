"""The doubt about an entry's figure: repeatable, and absent for reversals."""

import json

import pytest

from marketplace.extensions import db
from marketplace.ledger.models import LedgerEntry
from marketplace.ledger.second_opinion import second_opinion
from tests.factories import PASSWORD, completed, open_listing


@pytest.fixture
def entry(world):
    exchange = completed(open_listing(), use="scm-cement")
    return db.session.query(LedgerEntry).filter_by(exchange_id=exchange.id).one()


def test_it_is_the_same_each_time_and_close_to_the_interval(entry):
    body = json.loads(entry.canonical)
    first, again = second_opinion(body), second_opinion(body)
    width = entry.high_kgco2e - entry.low_kgco2e
    assert first == again
    assert abs(first.low_kgco2e - entry.low_kgco2e) < width / 4
    assert abs(first.high_kgco2e - entry.high_kgco2e) < width / 4


def test_a_reversal_has_none():
    assert second_opinion({"kind": "reversal", "result": {}}) is None


def test_the_page_shows_it(app, client, entry, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    client.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    assert "How sure it is" in client.get(f"/ledger/entries/{entry.position}").text
