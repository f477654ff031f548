"""From request to completion; on both databases."""

import uuid
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from marketplace.accounts.models import Licence
from marketplace.calendar import today
from marketplace.database import now, transaction
from marketplace.exchanges import service
from marketplace.exchanges.errors import (
    AlreadyRequested,
    LicenceMissing,
    ListingNotOpen,
    NotPossibleNow,
    OwnListing,
    StaleRevision,
    TicketUsed,
    UnknownUse,
)
from marketplace.exchanges.models import Delivery, Exchange, ExchangeState, Message, Side, TermsRevision
from marketplace.extensions import db
from marketplace.ledger.models import LedgerEntry
from marketplace.listings import service as listings
from marketplace.listings.errors import NotEnoughLeft
from marketplace.listings.models import Kind, Listing, ListingState
from marketplace.notifications.models import OutboxMessage
from tests.factories import (
    agreed,
    completed,
    delivered,
    delivery_facts,
    open_listing,
    requested,
    side_user,
    terms,
    trader,
)


def act(exchange, side, step, *args):
    with transaction():
        return step(service.as_party(exchange.id, side_user(exchange, side)), *args)


def free_t(listing):
    db.session.rollback()
    return db.session.get(Listing, listing.id).free_t


def test_agreed_tonnes_are_reserved(world):
    slag = open_listing(quantity=Decimal(100))
    exchange = agreed(slag, quantity_t=Decimal(40))
    assert exchange.state is ExchangeState.AGREED
    assert free_t(slag) == Decimal(60)


def test_the_last_tonne_is_agreed_once(world):
    slag = open_listing(quantity=Decimal(10))
    first = requested(slag, "grinding", quantity_t=Decimal(8))
    second = requested(slag, "third", quantity_t=Decimal(8))
    act(first, Side.SUPPLIER, service.accept, 1)

    with pytest.raises(NotEnoughLeft) as refused:
        act(second, Side.SUPPLIER, service.accept, 1)

    assert refused.value.free_t == Decimal(2)
    assert free_t(slag) == Decimal(2)
    assert db.session.get(Exchange, second.id).state is ExchangeState.REQUESTED


def test_a_listing_with_nothing_left_is_fulfilled_and_opens_again_on_cancel(world):
    slag = open_listing(quantity=Decimal(10))
    exchange = agreed(slag, quantity_t=Decimal(10))
    assert db.session.get(Listing, slag.id).state is ListingState.FULFILLED
    act(exchange, Side.RECEIVER, service.cancel, "kiln stopped")
    assert db.session.get(Listing, slag.id).state is ListingState.OPEN
    assert free_t(slag) == Decimal(10)


def test_a_match_of_two_listings_reserves_both(world):
    slag = open_listing(quantity=Decimal(100))
    want = open_listing("grinding", kind=Kind.WANT, title="clinker replacement", quantity=Decimal(50))
    with transaction():
        buyer = trader("grinding")
        exchange = service.request(
            slag.id, buyer, buyer.membership.enterprise.sites[0].id, terms(), str(uuid.uuid4()), want.id
        )
    act(exchange, Side.SUPPLIER, service.accept, 1)
    assert (free_t(slag), free_t(want)) == (Decimal(60), Decimal(10))


def test_a_want_is_answered_by_a_supplier(world):
    want = open_listing("grinding", kind=Kind.WANT, title="clinker replacement")
    exchange = requested(want, "ironworks")
    assert (exchange.supplier_id, exchange.receiver_id) == (world.ironworks, world.grinding)
    assert exchange.requested_by is Side.SUPPLIER


def test_new_terms_need_the_other_side_again(world):
    exchange = requested(open_listing())
    act(exchange, Side.SUPPLIER, service.propose, terms(price_cny_per_t=Decimal(20)), str(uuid.uuid4()))
    assert db.session.get(Exchange, exchange.id).state is ExchangeState.NEGOTIATING
    with pytest.raises(StaleRevision):
        act(exchange, Side.RECEIVER, service.accept, 1)
    act(exchange, Side.RECEIVER, service.accept, 2)
    again = db.session.get(Exchange, exchange.id)
    assert again.state is ExchangeState.AGREED
    assert again.current_terms.price_cny_per_t == Decimal(20)


def test_nobody_accepts_their_own_terms_alone(world):
    exchange = requested(open_listing())
    act(exchange, Side.RECEIVER, service.accept, 1)  # sent twice by the requester: nothing happens
    assert db.session.get(Exchange, exchange.id).state is ExchangeState.REQUESTED


@pytest.mark.parametrize("sides", [Side.SUPPLIER, Side.RECEIVER])
def test_only_the_asked_side_declines_and_only_the_asker_withdraws(world, sides):
    exchange = requested(open_listing())
    if sides is Side.SUPPLIER:
        with pytest.raises(NotPossibleNow):
            act(exchange, Side.SUPPLIER, service.withdraw, "no")
        act(exchange, Side.SUPPLIER, service.decline, "no")
        assert db.session.get(Exchange, exchange.id).state is ExchangeState.DECLINED
    else:
        with pytest.raises(NotPossibleNow):
            act(exchange, Side.RECEIVER, service.decline, "no")
        act(exchange, Side.RECEIVER, service.withdraw, "no")
        assert db.session.get(Exchange, exchange.id).state is ExchangeState.WITHDRAWN


def test_an_exchange_ends_once(world):
    exchange = requested(open_listing())
    act(exchange, Side.SUPPLIER, service.decline, "no")
    act(exchange, Side.SUPPLIER, service.decline, "no")
    with pytest.raises(NotPossibleNow):
        act(exchange, Side.SUPPLIER, service.accept, 1)
    assert free_t(exchange.listing) == Decimal(100)


def test_what_cannot_be_requested(world):
    slag = open_listing(quantity=Decimal(10))
    with pytest.raises(NotEnoughLeft):
        requested(slag, quantity_t=Decimal(11))
    with pytest.raises(UnknownUse):
        requested(slag, use="cattle-feed", quantity_t=Decimal(1))
    with pytest.raises(OwnListing):
        requested(slag, "ironworks", quantity_t=Decimal(1))
    requested(slag, quantity_t=Decimal(1))
    with pytest.raises(AlreadyRequested):
        requested(slag, quantity_t=Decimal(1))
    with transaction():
        listings.pause(listings.lock(slag.id))
    with pytest.raises(ListingNotOpen):
        requested(slag, "third", quantity_t=Decimal(1))


def test_hazardous_waste_needs_a_verified_licence_of_its_category(world):
    acid = open_listing(
        material="spent-hcl-pickle",
        title="pickle acid",
        is_hazardous=True,
        hw_code="HW34",
        low_code="110105",
        form="liquid",
    )
    with pytest.raises(LicenceMissing):
        requested(acid)
    with transaction():
        db.session.add(
            Licence(
                enterprise_id=world.grinding,
                number="1",
                hw_code="HW34",
                yearly_quantity_t=Decimal(1),
                valid_until=today(),
            )
        )
    with pytest.raises(LicenceMissing):
        requested(acid)
    with transaction():
        db.session.scalar(select(Licence)).verified_at = now()
    assert requested(acid).state is ExchangeState.REQUESTED


def test_more_weighed_than_agreed_takes_from_what_is_free(world):
    slag = open_listing(quantity=Decimal(50))
    exchange = agreed(slag, quantity_t=Decimal(15))
    delivered(exchange, gross_t=Decimal(35), tare_t=Decimal(15))
    assert free_t(slag) == Decimal(30)
    with pytest.raises(NotEnoughLeft):
        delivered(exchange, gross_t=Decimal(90), tare_t=Decimal(15))
    assert free_t(slag) == Decimal(30)


def test_a_ticket_counts_once_until_it_is_withdrawn(world):
    exchange = agreed(open_listing())
    delivered(exchange, ticket_number="A-1")
    with pytest.raises(TicketUsed):
        act(
            exchange,
            Side.SUPPLIER,
            service.record_delivery,
            delivery_facts(exchange, ticket_number="A-1"),
            str(uuid.uuid4()),
        )


def test_a_disputed_delivery_is_withdrawn_and_recorded_anew(world):
    exchange = agreed(open_listing())
    facts = delivery_facts(exchange, ticket_number="A-1")
    act(exchange, Side.SUPPLIER, service.record_delivery, facts, str(uuid.uuid4()))
    first = db.session.scalar(select(Delivery))
    act(exchange, Side.RECEIVER, lambda p: service.dispute_delivery(p, p.exchange.deliveries[0], "too wet"))
    with pytest.raises(NotPossibleNow):
        act(exchange, Side.SUPPLIER, service.confirm_completion)
    act(exchange, Side.SUPPLIER, lambda p: service.withdraw_delivery(p, p.exchange.deliveries[0]))
    delivered(exchange, ticket_number="A-1")
    assert [d.state.value for d in db.session.get(Exchange, exchange.id).deliveries] == ["withdrawn", "confirmed"]
    assert first.reason == "too wet"


def test_the_supplier_cannot_confirm_a_delivery(world):
    exchange = agreed(open_listing())
    act(exchange, Side.SUPPLIER, service.record_delivery, delivery_facts(exchange), str(uuid.uuid4()))
    with pytest.raises(NotPossibleNow):
        act(exchange, Side.SUPPLIER, lambda p: service.confirm_delivery(p, p.exchange.deliveries[0], Decimal(0)))


def test_an_exchange_with_confirmed_deliveries_is_disputed_not_cancelled(world):
    exchange = agreed(open_listing())
    delivered(exchange)
    with pytest.raises(NotPossibleNow):
        act(exchange, Side.RECEIVER, service.cancel, "changed our mind")
    act(exchange, Side.RECEIVER, service.dispute, "weights differ")
    with transaction():
        service.resume(exchange.id, side_user(exchange, Side.SUPPLIER), "weighed again together")
    assert db.session.get(Exchange, exchange.id).state is ExchangeState.DELIVERING


def test_both_sides_complete_and_the_figure_is_recorded_once(world):
    exchange = completed(open_listing(), use="scm-cement")
    for side in Side:
        act(exchange, side, service.confirm_completion)
    entries = db.session.scalars(select(LedgerEntry)).all()
    assert len(entries) == 1
    assert entries[0].net_kgco2e > 0
    assert db.session.get(Exchange, exchange.id).state is ExchangeState.COMPLETED


def test_one_confirmation_completes_nothing(world):
    exchange = agreed(open_listing())
    delivered(exchange)
    act(exchange, Side.RECEIVER, service.confirm_completion)
    assert db.session.scalar(select(func.count()).select_from(LedgerEntry)) == 0
    assert db.session.get(Exchange, exchange.id).state is ExchangeState.DELIVERING


def test_completion_keeps_only_what_was_delivered_reserved(world):
    slag = open_listing(quantity=Decimal(100))
    completed(slag, quantity_t=Decimal(60))
    assert free_t(slag) == Decimal(80)


def test_a_second_sending_of_any_form_changes_nothing(world):
    slag = open_listing()
    buyer, key = trader("grinding"), str(uuid.uuid4())
    site = buyer.membership.enterprise.sites[0].id
    made = []
    for _ in range(2):
        with transaction():
            made.append(service.request(slag.id, trader("grinding"), site, terms(), key).id)
    exchange = db.session.get(Exchange, made[0])
    for _ in range(2):
        act(exchange, Side.SUPPLIER, service.propose, terms(note="better"), "propose-key")
        act(exchange, Side.SUPPLIER, service.write_message, "hello", "message-key")
    for _ in range(2):
        act(exchange, Side.RECEIVER, service.accept, 2)
    for _ in range(2):
        act(
            exchange,
            Side.SUPPLIER,
            service.record_delivery,
            delivery_facts(exchange, ticket_number="1"),
            "delivery-key",
        )
    assert made[0] == made[1]
    assert db.session.scalar(select(func.count()).select_from(TermsRevision)) == 2
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1
    assert db.session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_each_step_tells_the_other_side_and_nobody_else(world):
    requested(open_listing())
    told = db.session.scalars(select(OutboxMessage)).all()
    assert {m.email for m in told} == {"owner@ironworks.example", "trader@ironworks.example"}
    assert {m.kind for m in told} == {"exchange_request"}


def test_a_stranger_takes_no_step(world):
    exchange = requested(open_listing())
    with pytest.raises(NotPossibleNow), transaction():
        service.as_party(exchange.id, trader("third"))
