"""What becomes of suggestions, written down to learn from: only for enterprises that agreed, and never a person.

Requests, completions and dismissals are written in the transaction that makes them. Showings and openings have none
(they happen on pages that only read): they are one INSERT on a connection of its own that waits for nobody, because a
count that is lost on a busy database is no loss, and a page that waits is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Connection, exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from marketplace.accounts.models import Enterprise
from marketplace.accounts.policy import Viewer
from marketplace.calendar import today
from marketplace.database import now
from marketplace.exchanges.signals import exchange_stepped
from marketplace.extensions import db
from marketplace.listings.models import Listing, ListingState
from marketplace.matching.core.learning import DismissalReason, Event, EventKind
from marketplace.matching.models import Dismissal, MatchEvent

if TYPE_CHECKING:
    from marketplace.exchanges.models import Exchange

PATIENCE_MS = 25
LEARNED_DAYS = 730  # older than two years says little of today's plants and prices
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_STEPS = {"request": EventKind.REQUESTED, "complete": EventKind.COMPLETED, "finish": EventKind.COMPLETED}

log = structlog.get_logger()


def note_shown(listing: Listing, others: Sequence[int], model_version: str, who: Viewer) -> None:
    """The page of an enterprise's own open listing showed it suggestions, best first; counted once a day each."""
    if _is_learned(listing, who):
        _insert(
            [
                _row(EventKind.SHOWN, listing, other, position=place, model_version=model_version)
                for place, other in enumerate(others, 1)
            ]
        )


def note_opened(own_id: int | None, other: Listing, who: Viewer) -> None:
    """A member opened the suggestion `other` from the page of a listing of theirs, if any; counted once a day."""
    listing = db.session.get(Listing, own_id) if own_id and who.enterprise_id else None
    if listing is not None and listing.kind is not other.kind and _is_learned(listing, who):
        _insert([_row(EventKind.OPENED, listing, other.id)])


def note_dismissed(listing: Listing, other_id: int, reason: DismissalReason) -> None:
    """A suggestion was put aside; part of the caller's transaction."""
    _note(EventKind.DISMISSED, listing, other_id, reason)


@exchange_stepped.connect
def _note_step(exchange: "Exchange", action: str) -> None:
    """A request or a completion that began with a suggestion, in the transaction of the step itself."""
    kind = _STEPS.get(action)
    if kind and exchange.counter_listing is not None:
        _note(kind, exchange.counter_listing, exchange.listing_id)


def learnable_events() -> list[Event]:
    """Events of two years of enterprises that agree today, oldest first; a dismissal taken back is none."""
    stands = exists().where(Dismissal.listing_id == MatchEvent.listing_id, Dismissal.other_id == MatchEvent.other_id)
    rows = db.session.execute(
        select(
            MatchEvent.listing_id,
            MatchEvent.other_id,
            MatchEvent.kind,
            MatchEvent.day,
            MatchEvent.position,
            MatchEvent.reason,
        )
        .join(Enterprise, Enterprise.id == MatchEvent.enterprise_id)
        .where(
            Enterprise.is_learned_from,
            MatchEvent.day >= today() - timedelta(days=LEARNED_DAYS),
            (MatchEvent.kind != EventKind.DISMISSED) | stands,
        )
        .order_by(MatchEvent.id)
    )
    return [Event(*row) for row in rows]


def _is_learned(listing: Listing, who: Viewer) -> bool:
    """Visitors, officers and other enterprises judge nothing by looking at somebody's suggestions."""
    is_own = who.enterprise_id is not None and who.enterprise_id == listing.enterprise_id
    return is_own and listing.state is ListingState.OPEN and listing.enterprise.is_learned_from


def _note(kind: EventKind, listing: Listing, other_id: int, reason: DismissalReason | None = None) -> None:
    if listing.enterprise.is_learned_from:
        db.session.add(MatchEvent(**_row(kind, listing, other_id, reason=reason)))


def _row(kind: EventKind, listing: Listing, other_id: int, **facts: Any) -> dict[str, Any]:
    usual = {"position": None, "model_version": "", "reason": None}
    who = {"listing_id": listing.id, "other_id": other_id, "enterprise_id": listing.enterprise_id}
    return {"kind": kind, "day": today(), "at": now()} | who | usual | facts


def _insert(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = _INSERT[db.engine.dialect.name](MatchEvent).values(rows).on_conflict_do_nothing()
    try:
        with _without_waiting() as connection:
            connection.execute(statement)
    except OperationalError:
        log.info("match_event.lost", events=len(rows))


@contextmanager
def _without_waiting() -> Iterator[Connection]:
    """A transaction of its own that gives up when somebody else holds the lock."""
    with db.engine.connect().execution_options(begin_immediate=True) as connection:
        driver: Any = connection.connection.dbapi_connection  # settings are no statements of the page
        if connection.dialect.name != "sqlite":
            with connection.begin():
                driver.execute(f"SET LOCAL lock_timeout = '{PATIENCE_MS}ms'")
                yield connection
            return
        patience, durability = (driver.execute(f"PRAGMA {p}").fetchone()[0] for p in ("busy_timeout", "synchronous"))
        driver.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
        driver.execute("PRAGMA synchronous=NORMAL")  # no wait for the disk: a power cut may cost the last counts
        try:
            with connection.begin():
                yield connection
        finally:
            driver.execute(f"PRAGMA busy_timeout={patience}")
            driver.execute(f"PRAGMA synchronous={durability}")
