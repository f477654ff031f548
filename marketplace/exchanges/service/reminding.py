"""Tell both sides that a period is over: nobody else does something on the first day of a month."""

from datetime import datetime, time

from sqlalchemy import Exists, exists, select

from marketplace.calendar import SHANGHAI, today
from marketplace.database import transaction
from marketplace.exchanges import settling
from marketplace.exchanges.models import Exchange, ExchangeEvent, ExchangeState, Recurrence, Side, TermsRevision
from marketplace.exchanges.service.party import lock, record, tell
from marketplace.exchanges.state import Action, next_step
from marketplace.extensions import db

REMINDED = "period_over"


def remind_of_due_periods() -> int:
    """Remind the sides of each recurring exchange whose period waits for both, once a month; returns how many.

    Each in a transaction of its own, so that nobody waits for all of them.
    """
    recurs = exists().where(TermsRevision.exchange_id == Exchange.id, TermsRevision.recurrence != Recurrence.ONCE)
    candidates = select(Exchange.id).where(Exchange.state == ExchangeState.DELIVERING, recurs, ~_was_reminded())
    ids = db.session.scalars(candidates.order_by(Exchange.id)).all()
    return sum(_remind(exchange_id) for exchange_id in ids)


def _was_reminded() -> Exists:
    begun = datetime.combine(today().replace(day=1), time.min, SHANGHAI)
    return exists().where(
        ExchangeEvent.exchange_id == Exchange.id, ExchangeEvent.action == REMINDED, ExchangeEvent.at >= begun
    )


def _remind(exchange_id: int) -> bool:
    with transaction():
        exchange = lock(exchange_id)
        step = next_step(exchange)
        is_due = step.action is Action.CLOSE and step.sides == frozenset(Side)
        if not is_due or db.session.scalar(select(Exchange.id).where(Exchange.id == exchange_id, _was_reminded())):
            return False
        code = settling.open_code(exchange)
        record(exchange, REMINDED, exchange.state, None, None, period=code)
        for side in Side:
            tell(exchange, side, REMINDED, period=code)
    return True
