"""An officer decides about a figure that is not plausible; until then the exchange is not complete (ADR 0011)."""

import enum
from decimal import Decimal

from marketplace.accounts import service as accounts
from marketplace.accounts.models import User
from marketplace.database import now
from marketplace.exchanges import settling
from marketplace.exchanges.errors import AlreadyReviewed, FigureChanged
from marketplace.exchanges.models import ExchangeState, FigureReview, ReviewState, Side
from marketplace.exchanges.service.completing import record_figure, step_of
from marketplace.exchanges.service.party import lock, record, tell
from marketplace.extensions import db
from marketplace.ledger.assessing import figure_of
from marketplace.ledger.service import Recorded


class Decision(enum.StrEnum):
    """What an officer may decide: it counts, it counts without the avoided disposal, or back to the parties."""

    APPROVE = "approve"
    APPROVE_WITHOUT_DISPOSAL = "approve_without_disposal"
    REJECT = "reject"


def decide_review(
    review_id: int, decision: Decision, officer: User, reason: str, seen_kgco2e: Decimal
) -> Recorded | None:
    """Let the figure count, and complete the exchange in the same transaction; or send it back to be corrected.

    Args:
        seen_kgco2e: the figure that the officer looked at.

    Raises:
        AlreadyReviewed: somebody decided before.
        FigureChanged: the figure is not what the officer saw, because a factor has a new version.
    """
    exchange = lock(db.session.get_one(FigureReview, review_id).exchange_id)
    review = db.session.get_one(FigureReview, review_id, populate_existing=True)
    if review.state is not ReviewState.OPEN:
        raise AlreadyReviewed
    if figure_of(exchange).assessment.net_kgco2e != seen_kgco2e:
        raise FigureChanged
    is_approved = decision is not Decision.REJECT
    review.decided_at, review.decided_by_id, review.reason = now(), officer.id, reason
    review.state = ReviewState.APPROVED if is_approved else ReviewState.REJECTED
    review.without_disposal = decision is Decision.APPROVE_WITHOUT_DISPOSAL
    db.session.flush()
    accounts.audit(officer, f"figure.{decision.value}", "exchange", exchange.id, reason)
    record(exchange, f"review_{review.state.value}", ExchangeState.DELIVERING, officer, None, reason)
    period = settling.open_code(exchange)
    entry = record_figure(exchange, figure_of(exchange)) if is_approved else None
    if entry is None:
        exchange.round += 1  # both sides confirm anew what they correct
    else:
        record(exchange, *step_of(exchange), officer, None, period=period)
    for side in Side:
        tell(exchange, side, f"review_{review.state.value}")
    return entry
