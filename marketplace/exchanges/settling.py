"""Which deliveries the next ledger entry of an exchange counts: all of them, or those of the period to be closed.

A period takes the deliveries weighed in it, and once it counts in the ledger no day of it takes another: so no delivery
is in two entries, and none in none. What was skipped for want of deliveries may still get some.
"""

from datetime import date

from marketplace.calendar import today
from marketplace.carbon.values import Period
from marketplace.exchanges.models import Delivery, Exchange, SettledPeriod
from marketplace.exchanges.periods import Recurrence, period_at, period_code, periods_between


def is_recurring(exchange: Exchange) -> bool:
    return exchange.current_terms.recurrence is not Recurrence.ONCE


def schedule(exchange: Exchange) -> list[Period]:
    """All periods by the terms; none for an exchange that is settled at once."""
    terms = exchange.current_terms
    return periods_between(terms.recurrence, terms.deliver_from, terms.deliver_until)


def settled_at(exchange: Exchange, day: date) -> SettledPeriod | None:
    """The period that counts in the ledger and holds a day."""
    if not is_recurring(exchange):
        return None
    return _standing(exchange).get(period_at(exchange.current_terms.recurrence, day).start)


def unsettled(exchange: Exchange) -> list[Delivery]:
    """Deliveries that stand and count in no entry yet."""
    counted, recurrence = exchange.counted_deliveries, exchange.current_terms.recurrence
    if recurrence is Recurrence.ONCE:
        return counted
    standing = _standing(exchange)
    return [d for d in counted if period_at(recurrence, d.weighed_on).start not in standing]


def open_period(exchange: Exchange) -> Period | None:
    """The period that is closed next: the earliest with deliveries that count nowhere yet, else the present one.

    None where there is none: nothing recurs, or all is settled and the last period is over.
    """
    if not is_recurring(exchange):
        return None
    waiting = unsettled(exchange)
    if waiting:
        return period_at(exchange.current_terms.recurrence, min(d.weighed_on for d in waiting))
    free = (p for p in schedule(exchange) if settled_at(exchange, p.start) is None and p.end > today())
    return next(free, None)


def open_code(exchange: Exchange) -> str:
    """The open period's code, which both sides confirm; empty where there is none."""
    period = open_period(exchange)
    return period_code(period) if period else ""


def to_settle(exchange: Exchange) -> list[Delivery]:
    """What the next entry counts."""
    if not is_recurring(exchange):
        return exchange.counted_deliveries
    period = open_period(exchange)
    return [d for d in unsettled(exchange) if period is not None and period.holds(d.weighed_on)]


def is_over(exchange: Exchange) -> bool:
    """Whether a recurring exchange has no day left on which something could be weighed."""
    periods = schedule(exchange)
    return bool(periods) and periods[-1].end <= today()


def is_last(exchange: Exchange) -> bool:
    """Whether what is settled now completes the exchange: no delivery waits, and the last period is closed.

    Without deliveries in its last period it stays open for a late ticket, until a side ends it.
    """
    period = open_period(exchange)
    if period is None:
        return True
    last = schedule(exchange)[-1]
    is_last_closed = period == last or settled_at(exchange, last.start) is not None
    return is_last_closed and len(to_settle(exchange)) == len(unsettled(exchange))


def concerns_settling(exchange: Exchange, day: date) -> bool:
    """Whether a delivery of that day changes what the sides are confirming now."""
    period = open_period(exchange)
    return period is None or day < period.end


def _standing(exchange: Exchange) -> dict[date, SettledPeriod]:
    """Periods that count, by their first day."""
    return {settled.starts_on: settled for settled in exchange.standing_periods}
