"""How supplier and receiver share the saving is a term of the exchange (METHOD §6); on both databases."""

import hashlib
import json
import uuid
from decimal import Decimal

import pytest
from flask_babel import refresh
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from marketplace.database import transaction
from marketplace.district import queries as district
from marketplace.district.queries import Period
from marketplace.exchanges import service
from marketplace.exchanges.models import EVEN_PERCENT, Exchange, Side
from marketplace.extensions import db
from marketplace.ledger import service as ledger
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.confirmations import terms_digest
from marketplace.ledger.models import Dimension, LedgerEntry
from marketplace.ledger.verify import verify
from tests.factories import PASSWORD, completed, open_listing, requested, side_user, terms


def body_of(exchange):
    entry = db.session.query(LedgerEntry).filter_by(exchange_id=exchange.id, kind="assessment").one()
    return json.loads(entry.canonical)


def total_of(dimension, key):
    return district.total_of(district.totals([dimension], Period(), "en")[dimension], str(key)).net_kgco2e


def propose(exchange, side, **changes):
    with transaction():
        party = service.as_party(exchange.id, side_user(exchange, side))
        return service.propose(party, terms(**changes), str(uuid.uuid4()))


def test_the_saving_is_shared_half_and_half_unless_agreed_otherwise(world):
    exchange = completed(open_listing(), use="scm-cement")
    assert exchange.current_terms.supplier_percent == EVEN_PERCENT
    assert body_of(exchange)["inputs"]["attribution"] == {"supplier": "0.5", "user": "0.5"}


def test_the_agreed_shares_reach_entry_totals_and_verification(world):
    exchange = completed(open_listing(), use="scm-cement", supplier_percent=Decimal("33.33"))

    body = body_of(exchange)
    shares = {party: Decimal(kg) for party, kg in body["result"]["shares"].items()}
    net = Decimal(body["result"]["net_kgco2e"])

    assert body["inputs"]["attribution"] == {"supplier": "0.3333", "user": "0.6667"}
    assert shares["supplier"] == (net * Decimal("0.3333")).quantize(Decimal("0.001"))
    assert sum(shares.values()) == net
    assert total_of(Dimension.ENTERPRISE, world.ironworks) == shares["supplier"]
    assert total_of(Dimension.ENTERPRISE, world.grinding) == shares["user"]
    assert total_of(Dimension.ALL, "all") == net, "the district counts the exchange once"
    assert verify().is_sound


@pytest.mark.parametrize("percent", [Decimal(0), Decimal(100)])
def test_one_side_may_have_it_all(world, percent):
    exchange = completed(open_listing(), use="scm-cement", supplier_percent=percent)
    net = Decimal(body_of(exchange)["result"]["net_kgco2e"])
    assert total_of(Dimension.ENTERPRISE, world.ironworks) == net * percent / 100
    assert total_of(Dimension.ENTERPRISE, world.grinding) == net * (100 - percent) / 100
    assert verify().is_sound


def test_a_reversal_takes_back_what_each_side_had(world):
    exchange = completed(open_listing(), use="scm-cement", supplier_percent=Decimal(80))
    with transaction():
        ledger.reverse(int(body_of(exchange)["position"]), "wrong weight")
    for key in (world.ironworks, world.grinding):
        assert total_of(Dimension.ENTERPRISE, key) == 0
    assert verify().is_sound


def test_other_shares_are_other_terms_that_both_have_to_agree(world):
    exchange = requested(open_listing())
    propose(exchange, Side.SUPPLIER, supplier_percent=Decimal(70))
    assert not exchange.current_terms.is_agreed

    with transaction():
        service.accept(service.as_party(exchange.id, side_user(exchange, Side.RECEIVER)), 2)

    assert [r.supplier_percent for r in exchange.revisions] == [EVEN_PERCENT, Decimal(70)]
    assert exchange.current_terms.receiver_percent == Decimal(30)
    assert exchange.current_terms.is_agreed


def test_the_digest_of_the_terms_covers_the_shares_and_older_digests_stand(world):
    exchange = requested(open_listing(), note="as always")
    for percent in (51, 52):
        propose(exchange, Side.SUPPLIER, note="as always", supplier_percent=Decimal(percent))
    first = exchange.revisions[0]
    said_before_there_were_shares = {
        "exchange": exchange.uuid, "number": "1", "proposed_by": "receiver", "quantity_t": "40.000000",
        "price_cny_per_t": "12.00", "deliver_from": first.deliver_from.isoformat(),
        "deliver_until": first.deliver_until.isoformat(), "transport_by": "receiver", "mode": "truck", "use": "",
        "note": "as always",
    }  # fmt: skip
    assert terms_digest(first) == hashlib.sha256(canonical_bytes(said_before_there_were_shares)).hexdigest()
    assert len({terms_digest(revision) for revision in exchange.revisions}) == 3


@pytest.mark.parametrize("percent", ["-1", "100.01"])
def test_the_database_takes_no_share_beyond_the_whole(world, percent):
    exchange = requested(open_listing())
    with pytest.raises(DBAPIError):
        propose(exchange, Side.SUPPLIER, supplier_percent=Decimal(percent))
    db.session.rollback()
    assert len(db.session.get_one(Exchange, exchange.id).revisions) == 1


def test_terms_written_before_there_were_shares_are_half_and_half(world):
    exchange = requested(open_listing())
    columns = (
        "submission, exchange_id, number, proposed_by, user_id, quantity_t, price_cny_per_t, deliver_from, "
        "deliver_until, transport_by, mode, use, note, created_at"
    )
    with transaction():
        old = columns.replace("submission", "'old'").replace("number", "7")
        db.session.execute(text(f"INSERT INTO terms_revision ({columns}) SELECT {old} FROM terms_revision"))
    assert exchange.current_terms.supplier_percent == EVEN_PERCENT


WRONG = [("", "Fill this in."), ("101", "Between 0 and 100."), ("-0.1", "Between 0 and 100."), ("half", "Write a")]


@pytest.mark.parametrize(("typed", "words"), WRONG)
def test_a_wrong_share_is_refused_beside_the_field_and_nothing_is_lost(app, client, world, monkeypatch, typed, words):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    exchange_id = requested(open_listing(), note="keep me").id
    client.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    page = client.get(f"/exchanges/{exchange_id}/terms").text
    assert 'value="50"' in page.split('name="supplier_percent"')[1][:200]
    form = {
        "quantity_t": "40", "price_cny_per_t": "12", "deliver_from": "2026-12-01", "deliver_until": "2026-12-31",
        "transport_by": "receiver", "mode": "truck", "use": "", "note": "with my words",
        "supplier_percent": typed, "submission": str(uuid.uuid4()),
    }  # fmt: skip

    refused = client.post(f"/exchanges/{exchange_id}/terms", data=form)

    assert refused.status_code == 422
    assert words in refused.text
    assert "with my words" in refused.text
    assert len(db.session.get_one(Exchange, exchange_id).revisions) == 1


SAID = {
    "en": ("supplier 60 %, receiver 40 %", "(60 %) and the receiver"),
    "zh": ("供方60 %，接收方40 %", "（60 %），接收方可主张"),
}


@pytest.mark.parametrize("language", SAID)
def test_the_pages_say_who_may_claim_how_much_in_both_languages(app, client, world, monkeypatch, language):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    exchange = completed(open_listing(), use="scm-cement", supplier_percent=Decimal(60))
    client.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    client.get(f"/lang/{language}")
    refresh()  # the tests' requests share one application context, which remembers its first language
    agreed, claimed = SAID[language]
    assert agreed in client.get(f"/exchanges/{exchange.id}").text
    assert claimed in client.get("/ledger/entries/0").text
