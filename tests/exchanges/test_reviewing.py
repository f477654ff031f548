"""The scenario guard: what is hard to believe waits for an officer and counts nowhere until then; on both databases."""

import uuid
from decimal import Decimal

import pytest

from marketplace.accounts.models import AuditEvent
from marketplace.calendar import today
from marketplace.carbon.scenario import Concern
from marketplace.database import transaction
from marketplace.district import queries as district
from marketplace.district.queries import Period
from marketplace.exchanges import queries
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.errors import AlreadyReviewed, FigureChanged, NotPossibleNow, TicketUsed
from marketplace.exchanges.models import Delivery, Exchange, ExchangeState, ReviewState, Side
from marketplace.exchanges.service import Decision
from marketplace.extensions import db
from marketplace.ledger.assessing import Before, figure_of
from marketplace.ledger.models import Dimension, LedgerEntry
from marketplace.ledger.verify import verify
from marketplace.listings.models import Nature
from marketplace.notifications.models import OutboxMessage
from tests.factories import (
    PASSWORD,
    agreed,
    completed,
    confirm_both,
    delivered,
    delivery_facts,
    find_user,
    open_listing,
    side_user,
    under_review,
)

REASON = "checked with both plants"


def decide(exchange, decision, reason=REASON, seen=None):
    officer = find_user("district_officer@example.com")
    net = figure_of(exchange).assessment.net_kgco2e if seen is None else seen
    with transaction():
        recorded = exchanges.decide_review(exchange.open_review.id, decision, officer, reason, net)
    return recorded and db.session.get_one(LedgerEntry, recorded.position)


def concerns(exchange):
    return [f.concern for f in queries.findings_of(exchange.reviews[-1])]


def total_kgco2e():
    rows = district.totals([Dimension.ALL], Period(), "en")[Dimension.ALL]
    return district.total_of(rows).net_kgco2e


def entries():
    return db.session.query(LedgerEntry).count()


def by(exchange, side):
    return exchanges.as_party(exchange.id, side_user(exchange, side))


def test_a_usual_exchange_waits_for_nobody(world):
    exchange = completed(open_listing(), use="scm-cement")
    assert exchange.state is ExchangeState.COMPLETED
    assert exchange.reviews == []


def test_a_figure_far_outside_the_documented_range_counts_nowhere_until_decided(world):
    exchange = under_review(open_listing(), use="scm-cement")

    assert exchange.state is ExchangeState.DELIVERING
    assert concerns(exchange) == [Concern.OUTSIDE_RANGE]
    assert (entries(), total_kgco2e()) == (0, 0)
    assert exchange.completed_at is None
    assert verify().is_sound
    told = {m.kind for m in db.session.query(OutboxMessage).filter_by(email="district_officer@example.com")}
    assert "figure_review" in told


def test_nothing_moves_while_an_officer_looks(world):
    exchange = under_review(open_listing())
    delivery_id = exchange.deliveries[0].id
    steps = [
        lambda: exchanges.record_delivery(by(exchange, Side.SUPPLIER), delivery_facts(exchange), str(uuid.uuid4())),
        lambda: exchanges.dispute_delivery(by(exchange, Side.RECEIVER), db.session.get(Delivery, delivery_id), "no"),
        lambda: exchanges.cancel(by(exchange, Side.SUPPLIER), "no"),
        lambda: exchanges.dispute(by(exchange, Side.RECEIVER), "no"),
    ]
    for step in steps:
        with pytest.raises(NotPossibleNow), transaction():
            step()
    with transaction():
        assert exchanges.confirm_completion(by(exchange, Side.SUPPLIER)) is None  # sent twice
    assert entries() == 0


def test_approval_completes_the_exchange_and_records_the_figure_at_once(world):
    exchange = under_review(open_listing())
    seen = figure_of(exchange).assessment.net_kgco2e

    entry = decide(exchange, Decision.APPROVE)

    assert entry.net_kgco2e == seen == total_kgco2e()
    assert exchange.state is ExchangeState.COMPLETED
    assert exchange.reviews[0].state is ReviewState.APPROVED
    event = db.session.query(AuditEvent).filter_by(action="figure.approve").one()
    assert (event.subject_kind, event.subject_id, event.reason) == ("exchange", exchange.id, REASON)
    assert verify().is_sound


def test_sent_back_it_is_corrected_and_confirmed_anew(world):
    exchange = under_review(open_listing())

    assert decide(exchange, Decision.REJECT, "19,000 km cannot be") is None
    assert exchange.state is ExchangeState.DELIVERING
    assert not any(exchange.is_confirmed_by(side) for side in Side)
    assert entries() == 0

    wrong = exchange.deliveries[0].id
    with transaction():
        exchanges.dispute_delivery(by(exchange, Side.RECEIVER), db.session.get_one(Delivery, wrong), "190 km")
    with transaction():
        exchanges.withdraw_delivery(by(exchange, Side.SUPPLIER), db.session.get_one(Delivery, wrong))
    delivered(exchange, distance_km=Decimal(190))
    confirm_both(exchange)

    assert exchange.state is ExchangeState.COMPLETED
    assert entries() == 1
    assert verify().is_sound


def test_a_decision_is_taken_once(world):
    exchange = under_review(open_listing())
    review_id = exchange.open_review.id
    seen = figure_of(exchange).assessment.net_kgco2e
    decide(exchange, Decision.APPROVE)

    officer = find_user("district_officer@example.com")
    with pytest.raises(AlreadyReviewed), transaction():
        exchanges.decide_review(review_id, Decision.REJECT, officer, "no", seen)
    assert entries() == 1


@pytest.mark.parametrize("seen", [Decimal(1), Decimal("NaN")])
def test_an_officer_decides_only_about_the_figure_on_the_page(world, seen):
    exchange = under_review(open_listing())
    with pytest.raises(FigureChanged):
        decide(exchange, Decision.APPROVE, seen=seen)
    assert entries() == 0
    assert db.session.get_one(Exchange, exchange.id).open_review is not None


def test_waste_that_is_paid_like_a_product_is_looked_at_and_may_count_without_disposal(world):
    exchange = agreed(open_listing(price_cny_per_t=Decimal(300)), use="scm-cement", price_cny_per_t=Decimal(300))
    delivered(exchange)
    confirm_both(exchange)
    with_disposal = figure_of(exchange).assessment
    assert concerns(exchange) == [Concern.PRICED_AS_PRODUCT]

    entry = decide(exchange, Decision.APPROVE_WITHOUT_DISPOSAL)

    expected = with_disposal.net_kgco2e - with_disposal.components["disposal"]
    assert entry.net_kgco2e == pytest.approx(expected, abs=Decimal("0.002"))
    assert verify().is_sound


def test_a_material_sold_as_a_product_before_has_no_avoided_disposal(world):
    open_listing(nature=Nature.BY_PRODUCT)
    exchange = agreed(open_listing(nature=Nature.WASTE), use="scm-cement")
    delivered(exchange)

    figure = figure_of(exchange)

    assert figure.before is Before.SOLD
    assert figure.assessment.components["disposal"] == 0


def test_what_another_supplier_sells_says_nothing_about_this_ones_waste(world):
    open_listing("third", nature=Nature.BY_PRODUCT)
    exchange = agreed(open_listing(nature=Nature.WASTE), use="scm-cement")
    delivered(exchange)
    assert figure_of(exchange).before is Before.WASTE


def test_one_load_in_two_exchanges_is_looked_at(world):
    same = {"gross_t": Decimal("31.42"), "tare_t": Decimal("12.06"), "vehicle": "沪B77777"}
    first = agreed(open_listing(), quantity_t=Decimal(20))
    delivered(first, **same)
    confirm_both(first)
    second = agreed(open_listing(), quantity_t=Decimal(20))
    delivered(second, **same)
    confirm_both(second)

    assert first.state is ExchangeState.COMPLETED
    assert concerns(second) == [Concern.SAME_LOAD]
    assert entries() == 1


@pytest.mark.parametrize("ticket", ["no. 00-17", "NO 0017", "ＮＯ．００１７", "No.0017 "])
def test_a_ticket_in_another_writing_is_the_same_ticket(world, ticket):
    exchange = agreed(open_listing())
    delivered(exchange, ticket_number="No.0017", weighed_on=today())
    facts = delivery_facts(exchange, ticket_number=ticket)
    with pytest.raises(TicketUsed), transaction():
        exchanges.record_delivery(by(exchange, Side.SUPPLIER), facts, str(uuid.uuid4()))


def test_a_delivery_after_a_confirmation_asks_both_sides_anew(world):
    exchange = agreed(open_listing())
    delivered(exchange)
    with transaction():
        exchanges.confirm_completion(by(exchange, Side.SUPPLIER))
    delivered(exchange)

    with transaction():
        exchanges.confirm_completion(by(exchange, Side.RECEIVER))

    assert exchange.state is ExchangeState.DELIVERING
    assert not exchange.is_confirmed_by(Side.SUPPLIER)
    assert entries() == 0


def test_officer_decides_on_the_page_and_the_parties_see_why_they_wait(app, client, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    exchange = under_review(open_listing())
    review_id, exchange_id = exchange.open_review.id, exchange.id
    client.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    assert "under review and counts nowhere yet" in client.get(f"/exchanges/{exchange_id}").text
    client.post("/sign-out")
    client.post("/sign-in", data={"email": "district_officer@example.com", "password": PASSWORD})
    assert f"/district/reviews/{review_id}" in client.get("/district/reviews").text
    page = client.get(f"/district/reviews/{review_id}").text
    seen = page.split('name="seen_kgco2e"')[1].split('value="')[1].split('"')[0]
    form = {"decision": "approve", "reason": "", "seen_kgco2e": seen, "submission": str(uuid.uuid4())}

    without_reason = client.post(f"/district/reviews/{review_id}", data=form)
    assert without_reason.status_code == 422
    assert entries() == 0

    done = client.post(f"/district/reviews/{review_id}", data=form | {"reason": "by ship, checked"})
    assert done.status_code == 303
    assert entries() == 1
    assert "by ship, checked" in client.get(f"/district/reviews/{review_id}").text
