"""Which step is possible in which state, and for whom: by the exchange and the day, without asking a database."""

import enum
from dataclasses import dataclass

from marketplace.calendar import today
from marketplace.carbon.values import Period
from marketplace.exchanges import settling
from marketplace.exchanges.models import DeliveryState, Exchange, ExchangeState, Side


class Action(enum.StrEnum):
    """Steps of an exchange."""

    PROPOSE = "propose"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    RECORD_DELIVERY = "record_delivery"
    DISPUTE = "dispute"
    RESUME = "resume"
    COMPLETE = "complete"
    CLOSE = "close"
    FINISH = "finish"
    REVIEW = "review"


_OPEN_TERMS = frozenset({ExchangeState.REQUESTED, ExchangeState.NEGOTIATING})
_UNDER_WAY = frozenset({ExchangeState.AGREED, ExchangeState.DELIVERING})

POSSIBLE_IN = {
    Action.PROPOSE: _OPEN_TERMS,
    Action.ACCEPT: _OPEN_TERMS,
    Action.DECLINE: _OPEN_TERMS,
    Action.WITHDRAW: _OPEN_TERMS,
    Action.CANCEL: _UNDER_WAY,
    Action.RECORD_DELIVERY: _UNDER_WAY,
    Action.DISPUTE: _UNDER_WAY,
    Action.RESUME: frozenset({ExchangeState.DISPUTED}),
    Action.COMPLETE: frozenset({ExchangeState.DELIVERING}),
    Action.CLOSE: frozenset({ExchangeState.DELIVERING}),
    Action.FINISH: frozenset({ExchangeState.DELIVERING}),
    Action.REVIEW: frozenset(),  # an officer's, not a party's
}

ENDED = frozenset({ExchangeState.COMPLETED, ExchangeState.DECLINED, ExchangeState.WITHDRAWN, ExchangeState.CANCELLED})


@dataclass(frozen=True, slots=True)
class NextStep:
    """Who must act, and how; nobody when the exchange has ended. `period`: the one to be closed."""

    sides: frozenset[Side]
    action: Action | None
    period: Period | None = None


def is_possible(exchange: Exchange, side: Side, action: Action) -> bool:
    """Whether a side may take a step now."""
    if exchange.state not in POSSIBLE_IN[action] or exchange.open_review is not None:
        return False
    if action is Action.ACCEPT:
        return not exchange.current_terms.is_accepted_by(side)
    if action is Action.WITHDRAW:
        return side is exchange.requested_by
    if action is Action.DECLINE:
        return side is not exchange.requested_by
    if action is Action.CANCEL:
        return not any(d.state is DeliveryState.CONFIRMED for d in exchange.deliveries)
    if action in (Action.COMPLETE, Action.CLOSE):
        return action is settling_action(exchange) and is_ready(exchange) and not exchange.is_confirmed_by(side)
    if action is Action.FINISH:
        is_begun = settling.is_recurring(exchange) and bool(exchange.standing_periods)
        return is_begun and not settling.unsettled(exchange)
    return True


def settling_action(exchange: Exchange) -> Action:
    """What both sides confirm: that the exchange is complete, or that a period of it is closed."""
    return Action.CLOSE if settling.is_recurring(exchange) else Action.COMPLETE


def is_ready(exchange: Exchange) -> bool:
    """Every delivery that the next entry counts is confirmed, there is at least one, and its period is over."""
    due, period = settling.to_settle(exchange), settling.open_period(exchange)
    is_over = period is None or period.end <= today()
    return is_over and bool(due) and all(d.state is DeliveryState.CONFIRMED for d in due)


def next_step(exchange: Exchange) -> NextStep:
    """What the exchange waits for."""
    both, terms = frozenset(Side), exchange.current_terms
    if exchange.state in _OPEN_TERMS:
        return NextStep(frozenset(s for s in Side if not terms.is_accepted_by(s)), Action.ACCEPT)
    if exchange.state is ExchangeState.AGREED:
        return NextStep(frozenset({Side.SUPPLIER}), Action.RECORD_DELIVERY)
    if exchange.open_review is not None:
        return NextStep(frozenset(), Action.REVIEW)
    if exchange.state is ExchangeState.DELIVERING:
        return _next_while_delivering(exchange)
    if exchange.state is ExchangeState.DISPUTED:
        return NextStep(both, Action.RESUME)
    return NextStep(frozenset(), None)


def _next_while_delivering(exchange: Exchange) -> NextStep:
    if is_ready(exchange):
        missing = frozenset(s for s in Side if not exchange.is_confirmed_by(s))
        return NextStep(missing, settling_action(exchange), settling.open_period(exchange))
    if any(d.state is DeliveryState.RECORDED for d in exchange.deliveries):
        return NextStep(frozenset({Side.RECEIVER}), Action.RECORD_DELIVERY)
    if settling.unsettled(exchange) or not settling.is_over(exchange):
        return NextStep(frozenset({Side.SUPPLIER}), Action.RECORD_DELIVERY)
    return NextStep(frozenset(Side), Action.FINISH)
