"""Both sides confirm; the ledger entry is appended in the same transaction."""

from marketplace.accounts.models import User
from marketplace.database import now
from marketplace.exchanges.models import Confirmation, Exchange, ExchangeState, Side
from marketplace.exchanges.service.negotiating import held_listings
from marketplace.exchanges.service.party import Party, lock, record, tell
from marketplace.exchanges.state import Action
from marketplace.extensions import db
from marketplace.ledger import service as ledger
from marketplace.ledger.confirmations import seal
from marketplace.ledger.service import Recorded
from marketplace.listings import service as listings


def confirm_completion(party: Party) -> Recorded | None:
    """One side confirms; with the second the exchange is complete and its figure recorded.

    Returns:
        The ledger entry's place; None while the other side's confirmation is missing.

    Raises:
        NotPossibleNow: a delivery is unanswered, or the exchange is not under way.
        InputError: the figure cannot be computed; the message names the field.
    """
    exchange = party.exchange
    if exchange.is_confirmed_by(party.side):
        return None  # sent twice
    party.require(Action.COMPLETE)
    confirmation = Confirmation(
        side=party.side,
        round=exchange.round,
        revision=exchange.current_terms.number,
        user_id=party.user.id,
        user=party.user,
        at=now(),
    )
    seal(confirmation, exchange)
    exchange.confirmations.append(confirmation)
    db.session.flush()
    if not all(exchange.is_confirmed_by(side) for side in Side):
        party.step("confirm", ExchangeState.DELIVERING)
        return None
    for listing_id in held_listings(exchange):
        listings.reserve(listing_id, exchange.id, exchange.delivered_t)
    recorded = ledger.append_assessment(exchange)
    exchange.completed_at = recorded.at
    party.step("complete", ExchangeState.COMPLETED)
    return recorded


def reopen(exchange_id: int, officer: User, reason: str) -> None:
    """After its entry was reversed, an exchange goes back to its deliveries, to be completed anew."""
    exchange: Exchange = lock(exchange_id)
    exchange.round += 1
    exchange.completed_at = None
    record(exchange, "reopen", ExchangeState.DELIVERING, officer, None, reason)
    for side in Side:
        tell(exchange, side, "reopen")
