"""What is wrong is refused with a sentence that says what, and nothing is recorded; on both databases."""

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from marketplace.carbon.errors import BrokenTable, InputError
from marketplace.carbon.library import library, read_factors
from marketplace.carbon.method import assess
from marketplace.database import transaction
from marketplace.errors import DomainError
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Delivery, Exchange, ExchangeState, Side
from marketplace.extensions import db
from marketplace.ledger import factor_table, factors
from marketplace.ledger import service as ledger
from marketplace.ledger.errors import AlreadyReversed, ReversalOfReversal
from marketplace.ledger.models import Checkpoint, EmissionFactor, LedgerEntry, Rollup
from marketplace.ledger.wrong_input import sentence_of
from marketplace.listings.models import Listing
from marketplace.materials.units import NoConversion
from tests.carbon.test_method import FACTORS, a_delivery, an_input
from tests.factories import (
    PASSWORD,
    agreed,
    completed,
    confirm_both,
    delivered,
    delivery_facts,
    open_listing,
    side_user,
)


def recorded():
    """How much of everything is in the ledger."""
    counted = (LedgerEntry, Checkpoint, Rollup)
    return [db.session.scalar(select(func.count()).select_from(table)) for table in counted]


def by(exchange, side):
    return exchanges.as_party(exchange.id, side_user(exchange, side))


@pytest.fixture
def signed_in(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)

    def sign_in(key):
        client.post("/sign-out")
        client.post("/sign-in", data={"email": f"trader@{key}.example", "password": PASSWORD})
        return client

    return sign_in


def ticket(exchange, **changes):
    usual = {
        "gross_t": "35", "tare_t": "15", "weighed_on": "2026-01-05", "ticket_number": "T-1",
        "weighed_at_site_id": str(exchange.supplier_site_id), "mode": "truck", "distance_km": "20",
        "moisture_percent": "10", "submission": str(uuid.uuid4()),
    }  # fmt: skip
    return usual | changes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"gross_t": "0"}, "gross_t"),
        ({"gross_t": "-35"}, "gross_t"),
        ({"gross_t": "35 kg"}, "gross_t"),
        ({"gross_t": "NaN"}, "gross_t"),
        ({"gross_t": "1e9"}, "gross_t"),
        ({"tare_t": "-1"}, "tare_t"),
        ({"tare_t": "35"}, "tare_t"),
        ({"tare_t": "36"}, "tare_t"),
        ({"moisture_percent": "100.01"}, "moisture_percent"),
        ({"moisture_percent": "-1"}, "moisture_percent"),
        ({"distance_km": "-20"}, "distance_km"),
        ({"distance_km": "20001"}, "distance_km"),
        ({"mode": "teleport"}, "mode"),
        ({"weighed_on": "2199-01-01"}, "weighed_on"),
        ({"ticket_number": ""}, "ticket_number"),
    ],
)
def test_a_wrong_ticket_is_refused_beside_its_field_and_what_was_typed_stays(world, signed_in, changes, field):
    exchange = agreed(open_listing())
    client = signed_in("ironworks")

    answer = client.post(f"/exchanges/{exchange.id}/deliveries/new", data=ticket(exchange, **changes))

    assert answer.status_code == 422
    assert f'id="{field}-errors"' in answer.text
    assert 'value="20' in answer.text or field == "distance_km"
    assert db.session.query(Delivery).count() == 0


@pytest.mark.parametrize("wrong", [{"gross_t": Decimal(15)}, {"gross_t": Decimal(10)}, {"distance_km": Decimal(-1)}])
def test_the_database_refuses_a_weight_that_is_not_positive(world, wrong):
    exchange = agreed(open_listing())
    facts = delivery_facts(exchange, **({"tare_t": Decimal(15)} | wrong))
    with pytest.raises(IntegrityError), transaction():
        exchanges.record_delivery(by(exchange, Side.SUPPLIER), facts, str(uuid.uuid4()))
    assert db.session.query(Delivery).count() == 0


def test_no_more_can_be_rejected_than_was_delivered(world, signed_in):
    exchange = agreed(open_listing())
    with transaction():
        facts = delivery_facts(exchange)
        delivery = exchanges.record_delivery(by(exchange, Side.SUPPLIER), facts, str(uuid.uuid4()))
    form = {"reject_t": "20.001", "submission": str(uuid.uuid4())}

    answer = signed_in("grinding").post(f"/exchanges/{exchange.id}/deliveries/{delivery.id}/confirm", data=form)

    assert answer.status_code == 422
    assert "No more can be rejected than was delivered." in answer.text
    assert db.session.get_one(Delivery, delivery.id).reject_t == 0


@pytest.mark.parametrize(
    ("delivery", "path"),
    [
        ({"wet_t": "0"}, "deliveries.0.wet_t"),
        ({"wet_t": "-25"}, "deliveries.0.wet_t"),
        ({"wet_t": "Infinity"}, "deliveries.0.wet_t"),
        ({"reject_t": "25.001"}, "deliveries.0.reject_t"),
        ({"reject_t": "-1"}, "deliveries.0.reject_t"),
        ({"moisture": "1.01"}, "deliveries.0.moisture"),
        ({"moisture": "-0.1"}, "deliveries.0.moisture"),
        ({"km": "-8"}, "deliveries.0.legs.0.km"),
        ({"mode": "zeppelin"}, "deliveries.0.legs.0.factor"),
    ],
)
def test_the_method_names_the_wrong_field_of_a_delivery(delivery, path):
    with pytest.raises(InputError) as wrong:
        assess(an_input(a_delivery(**delivery)), FACTORS)
    assert wrong.value.path == path


@pytest.mark.parametrize(
    ("factor", "path"),
    [
        ({"gsd": "0.99"}, "factors.clinker.gsd"),
        ({"gsd": "-1"}, "factors.clinker.gsd"),
        ({"value": "high"}, "factors.clinker.value"),
        ({"unit": "kgCO2e/tkm"}, "displaced.factor"),
        ({"unit": "kgCO2e/m3"}, "displaced.factor"),
    ],
)
def test_the_method_refuses_a_factor_whose_spread_or_unit_does_not_fit(factor, path):
    factors = FACTORS | {"clinker": FACTORS["clinker"] | factor}
    with pytest.raises(InputError) as wrong:
        assess(an_input(), factors)
    assert wrong.value.path == path


@pytest.mark.parametrize(
    "shares", [{"supplier": "0.6", "user": "0.6"}, {"supplier": "1", "user": "1"}, {"user": "0.9"}]
)
def test_shares_that_do_not_make_one_are_refused(shares):
    with pytest.raises(InputError) as wrong:
        assess(an_input(attribution=shares), FACTORS)
    assert wrong.value.path == "attribution"


@pytest.mark.parametrize("wrong", [{"gsd": "0.9"}, {"unit": "kgCO2e/furlong"}, {"value": ""}])
def test_a_table_of_factors_with_a_wrong_row_publishes_nothing(world, wrong):
    clinker = library()["clinker-cn"]
    row = {name: str(getattr(clinker, name)) for name in type(clinker).__dataclass_fields__}
    before = db.session.query(EmissionFactor).count()
    with pytest.raises(BrokenTable, match="clinker-cn"):
        read_factors([row | wrong])
    assert db.session.query(EmissionFactor).count() == before


def test_a_factor_with_a_spread_below_one_is_never_published(world):
    narrow = replace(library()["clinker-cn"], gsd=Decimal("0.99"))
    before = db.session.query(EmissionFactor).count()
    with pytest.raises(ValueError, match=r"clinker-cn: a spread \(gsd\) of 0.99 is below 1"), transaction():
        factors.publish_library([narrow])
    assert db.session.query(EmissionFactor).count() == before


def test_a_missing_factor_is_named_and_nothing_is_recorded(world, signed_in):
    exchange = agreed(open_listing(), use="scm-cement")
    delivered(exchange)
    with transaction():
        exchanges.confirm_completion(by(exchange, Side.SUPPLIER))
    _unpublish("truck-cn-49t")

    with pytest.raises(DomainError) as missing, transaction():
        exchanges.confirm_completion(by(exchange, Side.RECEIVER))

    assert "truck-cn-49t" in missing.value.sentence()
    assert recorded() == [0, 0, 0]
    assert db.session.get_one(Exchange, exchange.id).state is ExchangeState.DELIVERING
    answer = signed_in("grinding").post(f"/exchanges/{exchange.id}/complete", follow_redirects=True)
    assert "truck-cn-49t" in answer.text


def _unpublish(factor_id):
    """Publish everything but one factor, in an empty table: as if its row had never been published."""
    from sqlalchemy import text

    factor_table._read.cache_clear()  # which knows that versions are only added
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        db.session.execute(text("DELETE FROM emission_factor WHERE factor_id = :f"), {"f": factor_id})
        db.session.commit()
        return
    guard = db.session.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'emission_factor_no_delete'"))
    db.session.execute(text("DROP TRIGGER emission_factor_no_delete"))
    db.session.execute(text("DELETE FROM emission_factor WHERE factor_id = :f"), {"f": factor_id})
    db.session.execute(text(guard))
    db.session.commit()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InputError("deliveries.2.wet_t", "must be greater than 0"), "第 3 次交付的重量"),
        (InputError("deliveries.0.moisture", "must be at most 1"), "第 1 次交付的含水率"),
        (InputError("attribution", "must add up to exactly 1"), "双方份额"),
        (InputError("displaced.factor", "is in kgCO2e/tkm, needs kgCO2e/t"), "kgCO2e/tkm"),
        (InputError("something.new", "is odd"), "something.new"),
    ],
)
def test_a_wrong_input_is_told_in_the_readers_language(app, error, words):
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert words in sentence_of(error)


def test_completing_twice_records_once(world, signed_in):
    exchange = completed(open_listing())
    before = recorded()
    with transaction():
        assert exchanges.confirm_completion(by(exchange, Side.RECEIVER)) is None
    for key in ("ironworks", "grinding"):
        assert signed_in(key).post(f"/exchanges/{exchange.id}/complete").status_code == 303
    assert recorded() == before


def test_an_entry_is_reversed_once_and_a_reversal_never(world):
    exchange = completed(open_listing())
    with transaction():
        ledger.reverse(0, "weighed twice")
    before = recorded()
    for position, error, words in ((0, AlreadyReversed, "already reversed"), (1, ReversalOfReversal, "reversal")):
        with pytest.raises(error) as refused, transaction():
            ledger.reverse(position, "again")
        assert words in refused.value.sentence()
    assert recorded() == before
    assert db.session.get_one(Exchange, exchange.id).round == 1


def test_the_page_for_reversing_says_so_and_leads_back(app, client, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    completed(open_listing())
    client.post("/sign-in", data={"email": "district_officer@example.com", "password": PASSWORD})
    form = {"reason": "weighed twice", "submission": str(uuid.uuid4())}
    assert client.post("/ledger/entries/0/reverse", data=form).status_code == 303

    again = client.post("/ledger/entries/0/reverse", data=form, follow_redirects=True)
    of_reversal = client.post("/ledger/entries/1/reverse", data=form, follow_redirects=True)

    assert "This entry is already reversed." in again.text
    assert "A reversal cannot be reversed" in of_reversal.text
    assert recorded()[0] == 2


def test_a_reversed_exchange_is_completed_anew_and_counts_once(world):
    exchange = completed(open_listing())
    with transaction():
        ledger.reverse(0, "wrong weight")
        exchanges.reopen(exchange.id, side_user(exchange, Side.SUPPLIER), "wrong weight")
    delivered(exchange)
    confirm_both(exchange)
    entries = db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.position)).all()
    assert [e.kind.value for e in entries] == ["assessment", "reversal", "assessment"]
    assert entries[0].net_kgco2e + entries[1].net_kgco2e == 0


@pytest.mark.parametrize("unit", ["piece", "m3"])
def test_a_quantity_that_cannot_be_turned_into_tonnes_is_refused_with_what_is_missing(world, unit):
    with pytest.raises(NoConversion, match=unit):
        open_listing(material="mixed-paper", unit=unit, title="paper")
    assert db.session.query(Listing).count() == 0


def test_an_unknown_unit_is_refused_beside_its_field(world, signed_in):
    form = {"title": "slag", "quantity": "1", "unit": "furlong", "submission": str(uuid.uuid4())}
    answer = signed_in("ironworks").post("/listings/new", data=form)
    assert answer.status_code == 422
    assert 'id="unit-errors"' in answer.text
    assert db.session.query(Listing).count() == 0
