"""Weighed deliveries: recorded by either side, confirmed or disputed by the receiver."""

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select

from marketplace.database import now
from marketplace.exchanges import settling
from marketplace.exchanges.errors import NotPossibleNow, OutsidePeriods, PeriodSettled, TicketUsed
from marketplace.exchanges.models import Delivery, DeliveryState, Exchange, ExchangeState, Mode, Side
from marketplace.exchanges.periods import period_code
from marketplace.exchanges.service.negotiating import held_listings
from marketplace.exchanges.service.party import Party, record
from marketplace.exchanges.state import Action
from marketplace.extensions import db
from marketplace.listings import service as listings


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """What a weighbridge ticket says. Masses in tonnes, wet; `moisture_fraction` 0 to 1."""

    gross_t: Decimal
    tare_t: Decimal
    moisture_fraction: Decimal
    weighed_on: date
    mode: Mode
    distance_km: Decimal
    ticket_number: str
    weighed_at_site_id: int
    vehicle: str
    manifest_number: str


def record_delivery(party: Party, facts: DeliveryFacts, submission: str) -> Delivery:
    """Record a weighed batch; the exchange holds more of the listing if more was weighed than agreed.

    Raises:
        NotPossibleNow: the exchange is not agreed or delivering.
        TicketUsed: the ticket counts already (METHOD.md §6: once per site and day).
        NotEnoughLeft: more was weighed than the listing has.
        PeriodSettled, OutsidePeriods: a recurring exchange takes no delivery of that day.
    """
    exchange = party.exchange
    sent = db.session.scalar(select(Delivery).where(Delivery.submission == submission))
    if sent and sent.exchange_id == exchange.id:
        return sent
    party.require(Action.RECORD_DELIVERY)
    _require_new_ticket(facts)
    _require_open_day(exchange, facts.weighed_on)
    void_confirmations(party, facts.weighed_on)
    delivery = Delivery(
        submission=submission,
        exchange=exchange,
        number=len(exchange.deliveries) + 1,
        state=DeliveryState.RECORDED,
        gross_t=facts.gross_t,
        tare_t=facts.tare_t,
        net_t=facts.gross_t - facts.tare_t,
        reject_t=Decimal(0),
        moisture_fraction=facts.moisture_fraction,
        weighed_on=facts.weighed_on,
        mode=facts.mode,
        distance_km=facts.distance_km,
        ticket_number=facts.ticket_number,
        weighed_at_site_id=facts.weighed_at_site_id,
        vehicle=facts.vehicle,
        manifest_number=facts.manifest_number,
        recorded_by_id=party.user.id,
    )
    db.session.add(delivery)
    db.session.flush()
    _hold(exchange)
    party.step("delivery", ExchangeState.DELIVERING)
    return delivery


def confirm_delivery(party: Party, delivery: Delivery, reject_t: Decimal) -> None:
    """The receiver confirms the weight and says how much was rejected.

    Raises:
        NotPossibleNow: not the receiver, or the delivery has been answered otherwise.
    """
    _require_answerable(party, delivery)
    if delivery.state is DeliveryState.CONFIRMED and delivery.reject_t == reject_t:
        return
    if delivery.state is not DeliveryState.RECORDED:
        raise NotPossibleNow
    delivery.state, delivery.reject_t, delivery.answered_at = DeliveryState.CONFIRMED, reject_t, now()
    party.step("delivery_confirmed", ExchangeState.DELIVERING)


def dispute_delivery(party: Party, delivery: Delivery, reason: str) -> None:
    """The receiver does not agree with a delivery; it does not count until it is recorded anew.

    Raises:
        NotPossibleNow: not the receiver, or the delivery does not stand.
        PeriodSettled: it counts in the ledger.
    """
    _require_answerable(party, delivery)
    if delivery.state is DeliveryState.DISPUTED:
        return
    if delivery.state is DeliveryState.WITHDRAWN:
        raise NotPossibleNow
    _require_open_day(party.exchange, delivery.weighed_on)
    void_confirmations(party, delivery.weighed_on)
    delivery.state, delivery.reason, delivery.answered_at = DeliveryState.DISPUTED, reason, now()
    party.step("delivery_disputed", ExchangeState.DELIVERING, reason)


def withdraw_delivery(party: Party, delivery: Delivery) -> None:
    """Take back a delivery that is not confirmed, to record it rightly; its ticket may be used again.

    Raises:
        NotPossibleNow: it is confirmed, or the exchange is not under way.
    """
    if delivery.state is DeliveryState.WITHDRAWN:
        return
    if party.exchange.state is not ExchangeState.DELIVERING or delivery.state is DeliveryState.CONFIRMED:
        raise NotPossibleNow
    _require_no_review(party)
    delivery.state = DeliveryState.WITHDRAWN
    db.session.flush()
    _hold(party.exchange)
    state = ExchangeState.DELIVERING if party.exchange.counted_deliveries else ExchangeState.AGREED
    party.step("delivery_withdrawn", state)


def _require_answerable(party: Party, delivery: Delivery) -> None:
    if party.side is not Side.RECEIVER or party.exchange.state is not ExchangeState.DELIVERING:
        raise NotPossibleNow
    if delivery.exchange_id != party.exchange.id:
        raise NotPossibleNow
    _require_no_review(party)


def _require_no_review(party: Party) -> None:
    """What an officer looks at does not change meanwhile."""
    if party.exchange.open_review is not None:
        raise NotPossibleNow


def _require_open_day(exchange: Exchange, day: date) -> None:
    """A closed period keeps its deliveries, and a day beyond the terms would never be settled."""
    settled = settling.settled_at(exchange, day)
    if settled is not None:
        raise PeriodSettled(period_code(settled.period))
    periods = settling.schedule(exchange)
    if periods and not periods[0].start <= day < periods[-1].end:
        raise OutsidePeriods(periods[0].start, periods[-1].end - timedelta(days=1))


def void_confirmations(party: Party, day: date) -> None:
    """Who confirmed completion confirmed the deliveries of that moment; when they change, all confirm anew."""
    exchange = party.exchange
    if exchange.current_confirmations and settling.concerns_settling(exchange, day):
        exchange.round += 1
        record(exchange, "confirmation_void", exchange.state, party.user, party.side)


def _require_new_ticket(facts: DeliveryFacts) -> None:
    tickets = db.session.scalars(
        select(Delivery.ticket_number).where(
            Delivery.weighed_at_site_id == facts.weighed_at_site_id,
            Delivery.weighed_on == facts.weighed_on,
            Delivery.state != DeliveryState.WITHDRAWN,
        )
    )
    if _bare(facts.ticket_number) in map(_bare, tickets):
        raise TicketUsed


def _bare(ticket: str) -> str:
    """A number in one writing: “no. 00-17”, “NO 0017” and “ＮＯ．００１７” are one ticket."""
    folded = unicodedata.normalize("NFKC", ticket).casefold()
    return "".join(c for c in folded if c.isalnum()) or ticket


def _hold(exchange: Exchange) -> None:
    """An exchange holds what was agreed, or what was weighed when that is more."""
    held = max(exchange.current_terms.quantity_t, exchange.delivered_t)
    for listing_id in held_listings(exchange):
        listings.reserve(listing_id, exchange.id, held)
