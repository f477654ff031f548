"""Both sides confirm; the ledger entry is appended in the same transaction, unless an officer must look first.

An exchange is settled once, or period by period; a period's settlement is the same use case with fewer deliveries.
"""

import json

from sqlalchemy import select

from marketplace.accounts.models import User
from marketplace.carbon.scenario import Finding
from marketplace.database import now
from marketplace.exchanges import settling
from marketplace.exchanges.errors import PeriodChanged, ReviewPending
from marketplace.exchanges.models import Confirmation, Exchange, ExchangeState, FigureReview, SettledPeriod, Side
from marketplace.exchanges.periods import period_code
from marketplace.exchanges.service.negotiating import held_listings
from marketplace.exchanges.service.party import Party, lock, record, tell
from marketplace.exchanges.state import Action, settling_action
from marketplace.extensions import db
from marketplace.ledger import confirmations
from marketplace.ledger import service as ledger
from marketplace.ledger.assessing import Figure, figure_of
from marketplace.ledger.guarding import findings_of
from marketplace.ledger.models import LedgerEntry
from marketplace.ledger.service import Recorded
from marketplace.listings import service as listings
from marketplace.notifications import service as notifications


def confirm_completion(party: Party, seen_period: str = "") -> Recorded | None:
    """One side confirms; with the second the exchange, or the period of it that is due, is settled in the ledger.

    A figure that is not plausible opens a review instead: the exchange waits, uncompleted, for an officer (ADR 0011).

    Args:
        seen_period: the code of the period that the person confirms; empty where nothing recurs.

    Returns:
        The ledger entry's place; None while the other side's confirmation or an officer's decision is missing.

    Raises:
        NotPossibleNow: a delivery is unanswered, the period is not over, or the exchange is not under way.
        PeriodChanged: another period is due than the one that was confirmed.
        InputError: the figure cannot be computed; the message names the field.
    """
    exchange = party.exchange
    if _is_sent_twice(party, seen_period):
        return None
    if seen_period != settling.open_code(exchange):
        raise PeriodChanged
    action = settling_action(exchange)
    party.require(action)
    _confirm(party)
    if not all(exchange.is_confirmed_by(side) for side in Side):
        step = "confirm" if action is Action.COMPLETE else "confirm_period"
        party.step(step, ExchangeState.DELIVERING, period=seen_period)
        return None
    figure = figure_of(exchange)
    findings = findings_of(exchange, figure)
    if findings:
        _open_review(party, figure, findings)
        return None
    recorded = record_figure(exchange, figure)
    party.step(*step_of(exchange), period=seen_period)
    return recorded


def record_figure(exchange: Exchange, figure: Figure) -> Recorded:
    """Append the entry of the exchange, or of its period that is due; the caller records the step.

    After the last entry the listing keeps what was delivered; after another the next round of confirmations begins.
    """
    confirmations.require_logged(exchange)
    is_last, period = settling.is_last(exchange), settling.open_period(exchange)
    if is_last:
        release_rest(exchange)
    recorded = ledger.append_assessment(exchange, figure)
    if period is not None:
        settled = SettledPeriod(position=recorded.position, starts_on=period.start, ends_before=period.end)
        exchange.settled_periods.append(settled)
    if is_last:
        exchange.completed_at = recorded.at
    else:
        exchange.round += 1
    db.session.flush()
    return recorded


def step_of(exchange: Exchange) -> tuple[str, ExchangeState]:
    """The step that an exchange has taken when its figure is recorded."""
    is_complete = exchange.completed_at is not None
    return ("complete", ExchangeState.COMPLETED) if is_complete else ("close", ExchangeState.DELIVERING)


def release_rest(exchange: Exchange) -> None:
    """Nothing more will come: the listings keep what was delivered, the rest of what was agreed is free again."""
    for listing_id in held_listings(exchange):
        listings.reserve(listing_id, exchange.id, exchange.delivered_t)


def take_back(exchange_id: int, position: int, officer: User, reason: str) -> Recorded:
    """Reverse an entry and open its exchange, or the period that it settled, to be corrected and confirmed anew.

    Locks the exchange before the ledger's head, as completing does: two that wait for each other would both stop.

    Raises:
        AlreadyReversed, ReversalOfReversal: as their names say.
        ReviewPending: a figure of this exchange waits for an officer; that is decided first.
    """
    lock(exchange_id)
    reversal = ledger.reverse(position, reason)
    reopen(exchange_id, officer, reason)
    return reversal


def reopen(exchange_id: int, officer: User, reason: str) -> None:
    """After its entry was reversed, an exchange goes back to its deliveries, to be completed anew.

    Raises:
        ReviewPending: a figure of this exchange waits for an officer.
    """
    exchange: Exchange = lock(exchange_id)
    if exchange.open_review is not None:
        raise ReviewPending
    positions = [settled.position for settled in exchange.standing_periods]
    taken_back = set(db.session.scalars(select(LedgerEntry.reverses).where(LedgerEntry.reverses.in_(positions))))
    for settled in exchange.standing_periods:
        if settled.position in taken_back:
            settled.reversed_at = now()
    exchange.round += 1
    exchange.completed_at = None
    state = ExchangeState.DISPUTED if exchange.state is ExchangeState.DISPUTED else ExchangeState.DELIVERING
    record(exchange, "reopen", state, officer, None, reason)
    for side in Side:
        tell(exchange, side, "reopen")


def _is_sent_twice(party: Party, seen_period: str) -> bool:
    """This side has confirmed that before; it may even be settled since."""
    exchange = party.exchange
    if seen_period == settling.open_code(exchange):
        return exchange.is_confirmed_by(party.side)
    return any(period_code(settled.period) == seen_period for settled in exchange.standing_periods)


def _confirm(party: Party) -> None:
    exchange, period = party.exchange, settling.open_period(party.exchange)
    confirmation = Confirmation(
        side=party.side,
        round=exchange.round,
        revision=exchange.current_terms.number,
        user_id=party.user.id,
        user=party.user,
        at=now(),
        starts_on=period.start if period else None,
        ends_before=period.end if period else None,
    )
    confirmations.enter(confirmation, exchange)


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
