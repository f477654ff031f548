"""When a period is over both sides are reminded of it, once a month; on both databases."""

from datetime import timedelta

from marketplace.calendar import today
from marketplace.database import pretend_now, transaction
from marketplace.exchanges import service, settling
from marketplace.exchanges.models import Side
from marketplace.extensions import db
from marketplace.notifications.models import OutboxMessage
from tests.exchanges.test_parallel import at_once
from tests.factories import agreed, confirm_both, delivered, open_listing, recurring, side_user


def reminded():
    return sorted(m.email for m in db.session.query(OutboxMessage).filter_by(kind="exchange_period_over"))


TRADERS = [f"{role}@{key}.example" for key in ("grinding", "ironworks") for role in ("owner", "trader")]


def test_both_sides_are_reminded_once_of_a_period_that_is_over(world):
    recurring(open_listing())
    assert [service.remind_of_due_periods() for _ in range(2)] == [1, 0]
    assert reminded() == sorted(TRADERS)


def test_whom_nothing_waits_for_is_not_reminded(world):
    exchange = recurring(open_listing())
    with transaction():
        party = service.as_party(exchange.id, side_user(exchange, Side.SUPPLIER))
        service.confirm_completion(party, settling.open_code(exchange))
    delivered(agreed(open_listing()))  # it does not recur
    assert service.remind_of_due_periods() == 0
    assert reminded() == []


def test_the_next_month_has_its_own_reminder(world):
    exchange = recurring(open_listing(available_until=today() + timedelta(days=90)))
    service.remind_of_due_periods()
    confirm_both(exchange, settling.open_code(exchange))
    delivered(exchange, weighed_on=today())
    next_month = (today().replace(day=1) + timedelta(days=32)).replace(day=1)
    with pretend_now(exchange.created_at + (next_month - today()) + timedelta(days=1)):
        assert service.remind_of_due_periods() == 1
    assert len(reminded()) == 2 * len(TRADERS)


def test_two_workers_remind_once(app, world):
    recurring(open_listing())
    at_once(app, [service.remind_of_due_periods] * 2)
    assert reminded() == sorted(TRADERS)
