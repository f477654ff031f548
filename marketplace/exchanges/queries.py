"""Reads for the pages of exchanges."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from marketplace.accounts.models import Office, Site, User
from marketplace.accounts.policy import Viewer, may_see
from marketplace.carbon.scenario import Finding
from marketplace.exchanges.models import (
    Delivery,
    Exchange,
    ExchangeEvent,
    ExchangeState,
    FigureReview,
    Message,
    ReviewState,
    Side,
    TermsRevision,
)
from marketplace.exchanges.state import ENDED, NextStep, next_step
from marketplace.extensions import db
from marketplace.listings.models import Listing

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class Row:
    """An exchange in a list, seen from one side."""

    exchange: Exchange
    side: Side | None
    step: NextStep
    is_my_turn: bool


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """A step, a message or a set of terms, in the order of time."""

    at: datetime
    side: Side | None
    who: str
    event: ExchangeEvent | None = None
    message: Message | None = None


def detail_options() -> tuple[ORMOption, ...]:
    """What the page of an exchange needs besides the row."""
    return (
        joinedload(Exchange.listing),
        joinedload(Exchange.counter_listing),
        joinedload(Exchange.supplier),
        joinedload(Exchange.receiver),
        joinedload(Exchange.supplier_site).joinedload(Site.park),
        joinedload(Exchange.receiver_site).joinedload(Site.park),
        selectinload(Exchange.revisions).selectinload(TermsRevision.acceptances),
        selectinload(Exchange.deliveries).selectinload(Delivery.attachments),
        selectinload(Exchange.confirmations),
        selectinload(Exchange.reviews),
        selectinload(Exchange.settled_periods),
    )


def own_exchanges(who: Viewer, after: int | None = None, is_ended: bool | None = None) -> tuple[list[Row], int | None]:
    """Exchanges a viewer may see, newest first, and the id after which the next page begins."""
    statement = (
        select(Exchange)
        .where(may_see(Exchange, who))
        .options(
            joinedload(Exchange.listing).load_only(Listing.title, Listing.language),
            joinedload(Exchange.supplier),
            joinedload(Exchange.receiver),
            selectinload(Exchange.revisions).selectinload(TermsRevision.acceptances),
            selectinload(Exchange.deliveries),
            selectinload(Exchange.confirmations),
            selectinload(Exchange.reviews),
            selectinload(Exchange.settled_periods),
        )
        .order_by(Exchange.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if after:
        statement = statement.where(Exchange.id < after)
    if is_ended is not None:
        statement = statement.where(Exchange.state.in_(ENDED) if is_ended else Exchange.state.not_in(ENDED))
    found = db.session.scalars(statement).all()
    rows = [_row(exchange, who) for exchange in found[:PAGE_SIZE]]
    return rows, (found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None)


def waiting_for(who: Viewer) -> list[Row]:
    """What waits for this person's enterprise, oldest first."""
    rows, _ = own_exchanges(who, is_ended=False)
    return sorted((r for r in rows if r.is_my_turn), key=lambda r: r.exchange.changed_at)


def disputed() -> Sequence[Exchange]:
    """Exchanges that an officer may have to settle, oldest first."""
    return db.session.scalars(
        select(Exchange)
        .where(Exchange.state == ExchangeState.DISPUTED)
        .options(joinedload(Exchange.listing), joinedload(Exchange.supplier), joinedload(Exchange.receiver))
        .order_by(Exchange.changed_at)
        .limit(50)
    ).all()


def reviews(state: ReviewState, limit: int = 50) -> Sequence[FigureReview]:
    """Figures that wait for an officer, oldest first; or those decided, newest first."""
    order = FigureReview.id if state is ReviewState.OPEN else FigureReview.id.desc()
    return db.session.scalars(
        select(FigureReview)
        .where(FigureReview.state == state)
        .options(
            joinedload(FigureReview.exchange).joinedload(Exchange.listing),
            joinedload(FigureReview.exchange).joinedload(Exchange.supplier),
            joinedload(FigureReview.exchange).joinedload(Exchange.receiver),
            joinedload(FigureReview.decided_by),
        )
        .order_by(order)
        .limit(limit)
    ).all()


def count_open_reviews() -> int:
    """Figures that wait for an officer."""
    return db.session.execute(
        select(func.count()).select_from(FigureReview).where(FigureReview.state == ReviewState.OPEN)
    ).scalar_one()


def findings_of(review: FigureReview) -> list[Finding]:
    """What raised a review."""
    return [Finding.from_dict(stored) for stored in json.loads(review.findings)]


def timeline(exchange: Exchange, with_messages: bool) -> list[TimelineItem]:
    """Steps and messages of an exchange; messages only for its parties."""
    events = db.session.execute(
        select(ExchangeEvent, User.name)
        .outerjoin(User, User.id == ExchangeEvent.user_id)
        .where(ExchangeEvent.exchange_id == exchange.id)
    ).all()
    items = [TimelineItem(e.at, e.side, name or "", event=e) for e, name in events]
    if with_messages:
        messages = db.session.execute(
            select(Message, User.name).join(User, User.id == Message.user_id).where(Message.exchange_id == exchange.id)
        ).all()
        items += [TimelineItem(m.created_at, m.side, name, message=m) for m, name in messages]
    return sorted(items, key=lambda i: (i.at, i.event.id if i.event else 0))


def own_sites(enterprise_id: int) -> list[Site]:
    return list(db.session.scalars(select(Site).where(Site.enterprise_id == enterprise_id).order_by(Site.id)))


def _row(exchange: Exchange, who: Viewer) -> Row:
    side, step = exchange.side_of(who.enterprise_id), next_step(exchange)
    return Row(exchange, side, step, is_my_turn=side in step.sides and who.is_trader)


def may_list(who: Viewer) -> bool:
    """Officers see all exchanges."""
    return who.office is Office.DISTRICT_OFFICER
