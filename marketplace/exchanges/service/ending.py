"""Decline, withdraw, cancel, dispute and resume, each with its reason."""

from marketplace.accounts.models import User
from marketplace.database import now
from marketplace.exchanges.errors import NotPossibleNow
from marketplace.exchanges.models import ExchangeState, Side
from marketplace.exchanges.service.completing import release_rest
from marketplace.exchanges.service.negotiating import held_listings
from marketplace.exchanges.service.party import Party, lock, record, tell
from marketplace.exchanges.state import ENDED, Action
from marketplace.listings import service as listings


def decline(party: Party, reason: str) -> None:
    """The asked side says no. Raises: NotPossibleNow."""
    _end(party, Action.DECLINE, ExchangeState.DECLINED, reason)


def withdraw(party: Party, reason: str) -> None:
    """The requester takes the request back. Raises: NotPossibleNow."""
    _end(party, Action.WITHDRAW, ExchangeState.WITHDRAWN, reason)


def cancel(party: Party, reason: str) -> None:
    """Either side ends an agreed exchange before anything was confirmed; the quantity is free again.

    Raises:
        NotPossibleNow: a delivery is confirmed already; dispute instead.
    """
    if party.exchange.state is ExchangeState.CANCELLED:
        return
    party.require(Action.CANCEL)
    for listing_id in held_listings(party.exchange):
        listings.release(listing_id, party.exchange.id)
    party.step("cancel", ExchangeState.CANCELLED, reason)


def dispute(party: Party, reason: str) -> None:
    """Stop an exchange under way until the sides have talked. Raises: NotPossibleNow."""
    if party.exchange.state is ExchangeState.DISPUTED:
        return
    party.require(Action.DISPUTE)
    party.step("dispute", ExchangeState.DISPUTED, reason)


def finish(party: Party, reason: str) -> None:
    """Either side ends a recurring exchange of which every delivery is settled; what is left of the quantity is free.

    Raises:
        NotPossibleNow: a delivery is not settled yet, or nothing has been.
    """
    if party.exchange.state is ExchangeState.COMPLETED:
        return
    party.require(Action.FINISH)
    release_rest(party.exchange)
    party.exchange.completed_at = now()
    party.step("finish", ExchangeState.COMPLETED, reason)


def resume(exchange_id: int, user: User, reason: str) -> None:
    """A party or a district officer ends the dispute and the exchange goes on.

    Raises:
        NotPossibleNow: it is not disputed.
    """
    exchange = lock(exchange_id)
    if exchange.state is not ExchangeState.DISPUTED:
        raise NotPossibleNow
    side = exchange.side_of(user.membership.enterprise_id if user.membership else None)
    state = ExchangeState.DELIVERING if exchange.counted_deliveries else ExchangeState.AGREED
    record(exchange, "resume", state, user, side, reason)
    for told in Side:
        if told is not side:
            tell(exchange, told, "resume")


def _end(party: Party, action: Action, state: ExchangeState, reason: str) -> None:
    if party.exchange.state is state and state in ENDED:
        return  # sent twice
    party.require(action)
    party.step(action.value, state, reason)
