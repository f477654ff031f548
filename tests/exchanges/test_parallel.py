"""Real parallel connections: the last tonne goes to one buyer, an exchange completes once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from sqlalchemy import func, select

from marketplace.accounts.models import User
from marketplace.database import transaction
from marketplace.errors import DomainError
from marketplace.exchanges import service
from marketplace.exchanges.models import Exchange, ExchangeState, Side
from marketplace.extensions import db
from marketplace.ledger.models import LedgerEntry, LedgerHead
from marketplace.ledger.verify import verify
from marketplace.listings.models import Listing
from tests.factories import agreed, delivered, open_listing, requested, side_user

AT_ONCE = 6


def at_once(app, steps):
    """Run steps in threads, each with its own connection, all started together; returns the refusals."""
    start = threading.Barrier(len(steps))

    def run(step):
        with app.app_context():
            try:
                start.wait(timeout=10)
                with transaction():
                    step()
                return None
            except DomainError as refused:
                return refused
            finally:
                db.session.remove()

    db.session.rollback()
    with ThreadPoolExecutor(len(steps)) as pool:
        return [r for r in pool.map(run, steps) if r is not None]


def accept_as(exchange_id, user_id):
    def step():
        user = db.session.get(User, user_id)
        service.accept(service.as_party(exchange_id, user), 1)

    return step


def confirm_as(exchange_id, user_id):
    def step():
        service.confirm_completion(service.as_party(exchange_id, db.session.get(User, user_id)))

    return step


def test_two_buyers_never_both_get_the_last_tonne(app, world):
    for _ in range(4):
        slag = open_listing(quantity=Decimal(10))
        exchanges = [requested(slag, by, quantity_t=Decimal(6)) for by in ("grinding", "third")]
        steps = [accept_as(e.id, side_user(e, Side.SUPPLIER).id) for e in exchanges]

        refused = at_once(app, steps)

        assert len(refused) == 1
        states = {db.session.get(Exchange, e.id).state for e in exchanges}
        assert states == {ExchangeState.AGREED, ExchangeState.REQUESTED}
        assert db.session.get(Listing, slag.id).free_t == Decimal(4)


def test_an_exchange_confirmed_from_many_windows_has_one_entry(app, world):
    exchange = agreed(open_listing())
    delivered(exchange)
    people = [side_user(exchange, side).id for side in Side]
    steps = [confirm_as(exchange.id, people[i % 2]) for i in range(AT_ONCE)]

    at_once(app, steps)

    assert db.session.scalar(select(func.count()).select_from(LedgerEntry)) == 1


def test_exchanges_completed_at_once_make_one_sound_chain(app, world):
    ready = []
    for _ in range(AT_ONCE):
        exchange = agreed(open_listing())
        delivered(exchange)
        with transaction():
            service.confirm_completion(service.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)))
        ready.append(exchange)
    steps = [confirm_as(e.id, side_user(e, Side.RECEIVER).id) for e in ready]

    assert at_once(app, steps) == []

    assert db.session.get(LedgerHead, 1).size == AT_ONCE
    assert verify().is_sound
