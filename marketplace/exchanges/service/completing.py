"""Both sides confirm; the ledger entry is appended in the same transaction, unless an officer must look first."""

import json

from marketplace.accounts.models import User
from marketplace.carbon.scenario import Finding
from marketplace.database import now
from marketplace.exchanges.models import Confirmation, Exchange, ExchangeState, FigureReview, Side
from marketplace.exchanges.service.negotiating import held_listings
from marketplace.exchanges.service.party import Party, lock, record, tell
from marketplace.exchanges.state import Action
from marketplace.extensions import db
from marketplace.ledger import service as ledger
from marketplace.ledger.assessing import Figure, figure_of
from marketplace.ledger.confirmations import seal
from marketplace.ledger.guarding import findings_of
from marketplace.ledger.service import Recorded
from marketplace.listings import service as listings
from marketplace.notifications import service as notifications


def confirm_completion(party: Party) -> Recorded | None:
    """One side confirms; with the second the exchange is complete and its figure recorded.

    A figure that is not plausible opens a review instead: the exchange waits, uncompleted, for an officer (ADR 0011).

    Returns:
        The ledger entry's place; None while the other side's confirmation or an officer's decision is missing.

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
    figure = figure_of(exchange)
    findings = findings_of(exchange, figure)
    if findings:
        _open_review(party, figure, findings)
        return None
    recorded = record_figure(exchange, figure)
    party.step("complete", ExchangeState.COMPLETED)
    return recorded


def record_figure(exchange: Exchange, figure: Figure) -> Recorded:
    """Append the entry and keep of the listing what was delivered; the caller records the step."""
    for listing_id in held_listings(exchange):
        listings.reserve(listing_id, exchange.id, exchange.delivered_t)
    recorded = ledger.append_assessment(exchange, figure)
    exchange.completed_at = recorded.at
    return recorded


def _open_review(party: Party, figure: Figure, findings: list[Finding]) -> None:
    exchange = party.exchange
    review = FigureReview(
        exchange=exchange,
        round=exchange.round,
        findings=json.dumps([finding.to_dict() for finding in findings]),
        net_kgco2e=figure.assessment.net_kgco2e,
    )
    db.session.add(review)
    db.session.flush()
    party.step("review", ExchangeState.DELIVERING)
    path = f"/district/reviews/{review.id}"
    notifications.tell(notifications.officers(), "figure_review", path, listing=exchange.listing.title)


def reopen(exchange_id: int, officer: User, reason: str) -> None:
    """After its entry was reversed, an exchange goes back to its deliveries, to be completed anew."""
    exchange: Exchange = lock(exchange_id)
    exchange.round += 1
    exchange.completed_at = None
    record(exchange, "reopen", ExchangeState.DELIVERING, officer, None, reason)
    for side in Side:
        tell(exchange, side, "reopen")
