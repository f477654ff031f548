"""How a figure is told: each bar with factor, source and share, and the sentence about what would change it most."""

import json
from decimal import Decimal

import pytest

from marketplace.extensions import db
from marketplace.ledger.explaining import explanation_of
from marketplace.ledger.models import LedgerEntry
from tests.factories import PASSWORD, completed, open_listing


@pytest.fixture
def entry(world):
    exchange = completed(open_listing(), use="scm-cement")
    return db.session.query(LedgerEntry).filter_by(exchange_id=exchange.id).one()


@pytest.fixture
def why(app, entry):
    body = json.loads(entry.canonical)
    with app.test_request_context():
        yield explanation_of(body["inputs"], body["factors"], "en")


def test_the_steps_add_up_to_the_entry(why, entry):
    assert sum(step.kgco2e for step in why.steps) == pytest.approx(entry.net_kgco2e, abs=Decimal("0.01"))
    assert sum(step.variance_share for step in why.steps) == pytest.approx(Decimal(1), abs=Decimal("0.001"))
    assert all(step.source and step.factor for step in why.steps)


def test_each_bar_carries_factor_source_and_share(why):
    for bar in why.waterfall.wide.bars[:-1]:
        note = " ".join(line.text for line in bar.note_lines)
        assert "×" in note
        assert "of the uncertainty" in note


def test_the_sentence_names_the_widest_bar_of_the_tornado(why):
    widest = why.tornado.wide.bars[0].row
    assert widest.label in why.sentences[0]
    assert widest.low_text in why.sentences[0]
    assert "Were it known exactly" in why.sentences[1]


def test_party_and_auditor_read_it_on_the_page(app, client, entry, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    for email in ("trader@ironworks.example", "auditor@example.com"):
        client.post("/sign-in", data={"email": email, "password": PASSWORD})
        page = client.get(f"/ledger/entries/{entry.position}").text
        assert "What would change this figure most" in page
        assert "The figure with each input at the two ends" in page
        client.post("/sign-out")
