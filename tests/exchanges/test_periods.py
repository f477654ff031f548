"""Recurring exchanges, settled month by month or quarter by quarter; on both databases."""

import json
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from marketplace.database import pretend_now, transaction
from marketplace.district import queries as district
from marketplace.district.queries import Period as Months
from marketplace.exchanges import service, settling
from marketplace.exchanges.errors import NotPossibleNow, OutsidePeriods, PeriodChanged, PeriodSettled
from marketplace.exchanges.models import Delivery, Exchange, ExchangeState, Recurrence, Side
from marketplace.exchanges.periods import period_at, period_code, periods_between
from marketplace.exchanges.state import Action, next_step
from marketplace.extensions import db
from marketplace.ledger.assessing import figure_of
from marketplace.ledger.confirmations import terms_digest
from marketplace.ledger.models import Dimension, LedgerEntry
from marketplace.ledger.verify import verify
from marketplace.listings.models import Listing
from marketplace.measured import service as measured
from tests.factories import (
    agreed,
    confirm_both,
    delivered,
    delivery_facts,
    find_user,
    open_listing,
    propose_factor,
    side_user,
)

JULY, AUGUST, SEPTEMBER = (date(2026, month, 15) for month in (7, 8, 9))


def at(year, month, day):
    """Noon of a day in Shanghai."""
    return pretend_now(datetime(year, month, day, 4, tzinfo=UTC))


@pytest.fixture
def monthly(world):
    """Agreed in June 2026: slag for cement, every month from July to September."""
    with at(2026, 6, 20):
        listing = open_listing(quantity=Decimal(1000), available_until=date(2026, 12, 31))
        exchange = agreed(
            listing,
            use="scm-cement",
            quantity_t=Decimal(300),
            recurrence=Recurrence.MONTHLY,
            deliver_from=date(2026, 7, 1),
            deliver_until=date(2026, 9, 30),
        )
    return exchange


def close(exchange, period):
    return confirm_both(exchange, period)


def entries(exchange):
    return db.session.query(LedgerEntry).filter_by(exchange_id=exchange.id).order_by(LedgerEntry.position).all()


def body_of(entry):
    return json.loads(entry.canonical)


def total_by_month():
    return {month: t.net_kgco2e for month, t in district.by_month(Dimension.ALL, "all", Months())}


def party(exchange, side):
    return service.as_party(exchange.id, side_user(exchange, side))


def take_back(exchange, position):
    with transaction():
        service.take_back(exchange.id, position, find_user("district_officer@example.com"), "wrong weight")


@given(day=st.dates(date(2000, 1, 1), date(2100, 12, 31)), recurrence=st.sampled_from(["monthly", "quarterly"]))
def test_a_day_lies_in_one_period_and_periods_follow_each_other(day, recurrence):
    period = period_at(Recurrence(recurrence), day)
    assert period.start <= day < period.end
    assert period_at(Recurrence(recurrence), period.end).start == period.end
    assert periods_between(Recurrence(recurrence), day, day) == [period]


def test_periods_run_from_the_first_delivery_to_the_last():
    months = periods_between(Recurrence.MONTHLY, date(2026, 11, 25), date(2027, 2, 1))
    quarters = periods_between(Recurrence.QUARTERLY, date(2026, 11, 25), date(2027, 2, 1))
    assert [period_code(p) for p in months] == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert [period_code(p) for p in quarters] == ["2026-Q4", "2027-Q1"]
    assert periods_between(Recurrence.ONCE, date(2026, 1, 1), date(2026, 12, 31)) == []


def test_each_closed_period_gives_its_own_entry_and_the_last_completes_the_exchange(monthly):
    with at(2026, 8, 3):
        delivered(monthly, weighed_on=JULY)
        delivered(monthly, weighed_on=date(2026, 7, 31))
        delivered(monthly, weighed_on=date(2026, 8, 1))
        close(monthly, "2026-07")
    assert monthly.state is ExchangeState.DELIVERING
    with at(2026, 9, 2):
        close(monthly, "2026-08")
    assert monthly.state is ExchangeState.DELIVERING
    with at(2026, 10, 1):
        delivered(monthly, weighed_on=SEPTEMBER)
        close(monthly, "2026-09")

    assert monthly.state is ExchangeState.COMPLETED
    assert monthly.completed_at is not None
    bodies = [body_of(entry) for entry in entries(monthly)]
    assert [b["inputs"]["period"] for b in bodies] == [
        {"from": "2026-07-01", "to": "2026-08-01"},
        {"from": "2026-08-01", "to": "2026-09-01"},
        {"from": "2026-09-01", "to": "2026-10-01"},
    ]
    assert [len(b["inputs"]["deliveries"]) for b in bodies] == [2, 1, 1]
    tickets = [d["ticket"] for b in bodies for d in b["inputs"]["deliveries"]]
    assert sorted(tickets) == sorted(d.ticket_number for d in monthly.deliveries), "each once, none left out"
    assert all({c["from"] for c in b["confirmations"]} == {b["inputs"]["period"]["from"]} for b in bodies)
    assert verify().is_sound, verify().faults


def test_a_period_counts_in_its_own_month_whenever_it_was_closed(monthly):
    with at(2026, 9, 2):
        delivered(monthly, weighed_on=JULY)
        delivered(monthly, weighed_on=AUGUST)
        close(monthly, "2026-07")
        close(monthly, "2026-08")
    first, second = entries(monthly)
    assert total_by_month() == {date(2026, 7, 1): first.net_kgco2e, date(2026, 8, 1): second.net_kgco2e}
    assert verify().is_sound


def test_a_quarter_takes_its_three_months(world):
    with at(2026, 6, 20):
        listing = open_listing(quantity=Decimal(1000), available_until=date(2026, 12, 31))
        dates = {"deliver_from": date(2026, 7, 1), "deliver_until": date(2026, 12, 31)}
        exchange = agreed(listing, recurrence=Recurrence.QUARTERLY, **dates)
    with at(2026, 10, 5):
        for day in (JULY, AUGUST, SEPTEMBER, date(2026, 10, 1)):
            delivered(exchange, weighed_on=day)
        close(exchange, "2026-Q3")
    (entry,) = entries(exchange)
    assert entry.month == date(2026, 9, 1)
    assert len(body_of(entry)["inputs"]["deliveries"]) == 3
    assert verify().is_sound


def test_a_period_is_closed_only_when_it_is_over(monthly):
    with at(2026, 7, 31):
        delivered(monthly, weighed_on=JULY)
        with pytest.raises(NotPossibleNow), transaction():
            service.confirm_completion(party(monthly, Side.SUPPLIER), "2026-07")
        assert next_step(monthly).action is Action.RECORD_DELIVERY
    with at(2026, 8, 1):
        step = next_step(monthly)
        assert (step.action, step.sides, step.period) == (Action.CLOSE, frozenset(Side), period_at("monthly", JULY))


def test_a_later_delivery_does_not_keep_an_earlier_period_open(monthly):
    with at(2026, 8, 5):
        delivered(monthly, weighed_on=JULY)
        with transaction():
            facts = delivery_facts(monthly, weighed_on=date(2026, 8, 4))
            service.record_delivery(party(monthly, Side.SUPPLIER), facts, str(uuid.uuid4()))
        with transaction():
            service.confirm_completion(party(monthly, Side.SUPPLIER), "2026-07")
        delivered(monthly, weighed_on=date(2026, 8, 5))
        assert monthly.is_confirmed_by(Side.SUPPLIER), "August does not concern what July was confirmed with"
        with transaction():
            service.confirm_completion(party(monthly, Side.RECEIVER), "2026-07")
    assert len(entries(monthly)) == 1


def test_a_delivery_of_the_period_makes_both_sides_confirm_it_anew(monthly):
    with at(2026, 8, 5):
        delivered(monthly, weighed_on=JULY)
        with transaction():
            service.confirm_completion(party(monthly, Side.SUPPLIER), "2026-07")
        delivered(monthly, weighed_on=date(2026, 7, 16))
        with transaction():
            service.confirm_completion(party(monthly, Side.RECEIVER), "2026-07")
    assert entries(monthly) == []
    assert not monthly.is_confirmed_by(Side.SUPPLIER)


def test_a_closed_period_takes_no_delivery_and_gives_none_back(monthly):
    with at(2026, 8, 5):
        delivered(monthly, weighed_on=JULY)
        close(monthly, "2026-07")
        delivery_id = monthly.deliveries[0].id
        facts = delivery_facts(monthly, weighed_on=date(2026, 7, 31))
        with pytest.raises(PeriodSettled) as refused, transaction():
            service.record_delivery(party(monthly, Side.SUPPLIER), facts, str(uuid.uuid4()))
        assert refused.value.code == "2026-07"
        with pytest.raises(PeriodSettled), transaction():
            service.dispute_delivery(party(monthly, Side.RECEIVER), db.session.get_one(Delivery, delivery_id), "no")
    assert len(monthly.deliveries) == 1


@pytest.mark.parametrize("day", [date(2026, 6, 30), date(2026, 10, 1)])
def test_a_day_beyond_the_terms_would_never_be_settled_and_is_refused(monthly, day):
    with at(2026, 10, 5), pytest.raises(OutsidePeriods) as refused, transaction():
        service.record_delivery(party(monthly, Side.SUPPLIER), delivery_facts(monthly, weighed_on=day), "x" * 36)
    assert (refused.value.first, refused.value.last) == (date(2026, 7, 1), date(2026, 9, 30))


def test_a_period_without_deliveries_is_passed_over(monthly):
    with at(2026, 10, 2):
        delivered(monthly, weighed_on=JULY)
        delivered(monthly, weighed_on=SEPTEMBER)
        close(monthly, "2026-07")
        close(monthly, "2026-09")
    assert monthly.state is ExchangeState.COMPLETED
    assert len(entries(monthly)) == 2


def test_a_late_ticket_of_a_month_that_was_passed_over_is_settled_next(monthly):
    with at(2026, 9, 5):
        delivered(monthly, weighed_on=AUGUST)
        close(monthly, "2026-08")
        delivered(monthly, weighed_on=JULY)
        close(monthly, "2026-07")
    assert [body_of(e)["inputs"]["period"]["from"] for e in entries(monthly)] == ["2026-08-01", "2026-07-01"]
    assert verify().is_sound


def test_who_confirms_another_period_than_the_one_that_is_due_is_told(monthly):
    with at(2026, 9, 5):
        delivered(monthly, weighed_on=JULY)
        delivered(monthly, weighed_on=AUGUST)
        for seen in ("2026-08", "", "2031-01"):
            with pytest.raises(PeriodChanged), transaction():
                service.confirm_completion(party(monthly, Side.SUPPLIER), seen)
    assert monthly.confirmations == []


def test_a_second_sending_closes_nothing_else(monthly):
    with at(2026, 9, 5):
        delivered(monthly, weighed_on=JULY)
        delivered(monthly, weighed_on=AUGUST)
        for _ in range(2):
            close(monthly, "2026-07")
    assert len(entries(monthly)) == 1
    assert not any(monthly.is_confirmed_by(side) for side in Side)


def test_a_reversed_period_is_open_again_and_the_others_stay_closed(monthly):
    with at(2026, 9, 5):
        delivered(monthly, weighed_on=JULY)
        delivered(monthly, weighed_on=AUGUST)
        close(monthly, "2026-07")
        close(monthly, "2026-08")
        august = entries(monthly)[1].net_kgco2e
        take_back(monthly, 0)

        assert total_by_month() == {date(2026, 7, 1): 0, date(2026, 8, 1): august}
        assert settling.open_code(monthly) == "2026-07"
        assert verify().is_sound
        delivered(monthly, weighed_on=date(2026, 7, 20))
        close(monthly, "2026-07")

    assert [e.kind.value for e in entries(monthly)] == ["assessment", "assessment", "reversal", "assessment"]
    assert len(body_of(entries(monthly)[3])["inputs"]["deliveries"]) == 2
    assert len(monthly.standing_periods) == 2
    assert verify().is_sound


def test_reversing_one_period_of_a_completed_exchange_opens_it_again_until_it_is_closed(monthly):
    with at(2026, 10, 5):
        for day, code in ((JULY, "2026-07"), (SEPTEMBER, "2026-09")):
            delivered(monthly, weighed_on=day)
            close(monthly, code)
        assert monthly.state is ExchangeState.COMPLETED
        take_back(monthly, 0)
        assert monthly.state is ExchangeState.DELIVERING
        assert verify().is_sound
        close(monthly, "2026-07")
    assert monthly.state is ExchangeState.COMPLETED
    assert verify().is_sound


def test_the_listing_keeps_what_was_agreed_until_the_end_and_then_what_was_delivered(monthly):
    listing_id = monthly.listing_id
    with at(2026, 10, 5):
        delivered(monthly, weighed_on=JULY)
        delivered(monthly, weighed_on=SEPTEMBER)
        close(monthly, "2026-07")
        assert db.session.get_one(Listing, listing_id).free_t == Decimal(700)
        close(monthly, "2026-09")
    db.session.expire_all()
    assert db.session.get_one(Listing, listing_id).free_t == Decimal(1000) - monthly.delivered_t


def test_either_side_ends_a_recurring_exchange_early_when_all_is_settled(monthly):
    with at(2026, 8, 5):
        delivered(monthly, weighed_on=JULY)
        with pytest.raises(NotPossibleNow), transaction():
            service.finish(party(monthly, Side.RECEIVER), "the kiln stops")
        close(monthly, "2026-07")
        with transaction():
            service.finish(party(monthly, Side.RECEIVER), "the kiln stops")
    assert monthly.state is ExchangeState.COMPLETED
    assert db.session.get_one(Listing, monthly.listing_id).free_t == Decimal(1000) - monthly.delivered_t
    assert verify().is_sound


def test_after_the_last_period_what_never_came_is_ended_by_hand(monthly):
    with at(2026, 8, 5):
        delivered(monthly, weighed_on=JULY)
        close(monthly, "2026-07")
    with at(2026, 10, 1):
        assert next_step(monthly).action is Action.FINISH
        with transaction():
            service.finish(party(monthly, Side.SUPPLIER), "no slag in August and September")
    assert monthly.state is ExchangeState.COMPLETED


def test_an_exchange_that_does_not_recur_is_not_finished_but_completed(world):
    exchange = agreed(open_listing())
    delivered(exchange)
    with pytest.raises(NotPossibleNow), transaction():
        service.finish(party(exchange, Side.SUPPLIER), "no")


def test_an_implausible_period_waits_for_an_officer_and_the_exchange_goes_on_after(monthly):
    officer = find_user("district_officer@example.com")
    with at(2026, 8, 5):
        delivered(monthly, weighed_on=JULY, distance_km=Decimal(19000))
        close(monthly, "2026-07")
        assert entries(monthly) == []
        seen = figure_of(monthly).assessment.net_kgco2e
        review = monthly.open_review
        with transaction():
            service.decide_review(review.id, service.Decision.APPROVE, officer, "by sea", seen)
        assert monthly.state is ExchangeState.DELIVERING
        assert len(entries(monthly)) == len(monthly.standing_periods) == 1
    with at(2026, 9, 5):
        delivered(monthly, weighed_on=AUGUST)
        close(monthly, "2026-08")
    assert len(entries(monthly)) == 2
    assert verify().is_sound


def test_a_measurement_counts_in_the_periods_that_begin_after_its_approval(monthly):
    with at(2026, 7, 20), transaction():
        measured.approve(propose_factor().id, "seen", find_user("district_officer@example.com"))
    with at(2026, 9, 5):
        delivered(monthly, weighed_on=JULY)
        delivered(monthly, weighed_on=AUGUST)
        close(monthly, "2026-07")
        close(monthly, "2026-08")
    july, august = ({f["step"] for f in body_of(entry)["factors"].values()} for entry in entries(monthly))
    assert "site" not in july
    assert "site" in august
    assert verify().is_sound


def test_the_digest_of_the_terms_says_that_they_recur(monthly):
    terms = monthly.current_terms
    monthly_digest = terms_digest(terms)
    db.session.expunge(terms)
    terms.recurrence = Recurrence.QUARTERLY
    assert terms_digest(terms) != monthly_digest


def test_the_database_takes_no_period_twice(monthly):
    with at(2026, 8, 5):
        delivered(monthly, weighed_on=JULY)
        close(monthly, "2026-07")
    settled = db.session.get_one(Exchange, monthly.id).settled_periods[0]
    again = type(settled)(
        exchange_id=monthly.id, position=0, starts_on=settled.starts_on, ends_before=settled.ends_before
    )
    db.session.add(again)
    with pytest.raises(IntegrityError):
        db.session.flush()
