"""The index a worker asks: the mapped snapshot without what changed, and the changes from the database.

Every worker reads the change log before each search, so that a listing just posted, changed or closed is right at
once wherever the next request lands.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import structlog
from flask import current_app
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import Licence
from marketplace.calendar import SHANGHAI, today
from marketplace.extensions import db
from marketplace.listings.models import Kind, Listing, ListingState
from marketplace.matching.core.block import Block
from marketplace.matching.core.columns import Columns, day_number
from marketplace.matching.core.encode import Encoder
from marketplace.matching.core.features import Query
from marketplace.matching.core.model import MatchModel
from marketplace.matching.core.picking import Picked
from marketplace.matching.core.search import search
from marketplace.matching.core.snapshot import BrokenSnapshot, Snapshot, open_snapshot
from marketplace.matching.listing_values import as_value, licences_of
from marketplace.matching.serving.changelog import changes_since
from marketplace.matching.serving.delta import Delta
from marketplace.matching.serving.places import current_folder

log = structlog.get_logger()
MOST_READ = 500  # listings loaded at a time
KeepColumns = Callable[[Columns, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Hit:
    """Rows of one block or of the delta, with the columns they stand in."""

    columns: Columns
    picked: Picked


class LiveIndex:
    """One snapshot and what changed since, for one worker; its methods may be called by several threads."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder) -> None:
        self.snapshot = snapshot
        self._encoder = encoder
        sizes = {True: len(snapshot.offers.columns), False: len(snapshot.wants.columns)}
        self._dead = {is_offer: np.zeros(size, bool) for is_offer, size in sizes.items()}
        self._delta = {True: Delta(), False: Delta()}
        self._mark = snapshot.mark
        self._licences_of = datetime.fromisoformat(snapshot.built_at).astimezone(SHANGHAI).date()
        self._lock = threading.Lock()

    def changes(self) -> int:
        """How many listings differ from the snapshot."""
        return len(self._delta[True]) + len(self._delta[False])

    def refresh(self) -> None:
        """Read what changed since the last time, by somebody or by the calendar."""
        with self._lock:
            fresh, mark = changes_since(self._mark)
            day = today()
            if day > self._licences_of:
                fresh |= _losing_their_licence(self._licences_of, day)
            ids = sorted(fresh)
            for start in range(0, len(ids), MOST_READ):
                self._apply(ids[start : start + MOST_READ])
            self._mark, self._licences_of = mark, day

    def search(self, query: Query, model: MatchModel, most: int, keep: KeepColumns | None = None) -> list[Hit]:
        """The best of the snapshot and the best of the delta; the caller merges them by score."""
        others_are_offers = not query.is_offer
        block, dead = self.snapshot.partners_of(query.is_offer), self._dead[others_are_offers]
        first_day = day_number(today())

        def kept(columns: Columns, rows: np.ndarray) -> np.ndarray:
            found = columns.until_day[rows] >= first_day
            return found & keep(columns, rows) if keep else found

        of_block = search(
            query, block, model, self._encoder.tables, most, lambda rows: ~dead[rows] & kept(block.columns, rows)
        )
        delta = self._delta[others_are_offers]
        recent = delta.columns
        of_delta = delta.search(query, model, most, lambda rows: kept(recent, rows))
        return [Hit(block.columns, of_block), Hit(recent, of_delta)]

    def _apply(self, ids: Sequence[int]) -> None:
        for is_offer, block in ((True, self.snapshot.offers), (False, self.snapshot.wants)):
            self._dead[is_offer][_rows_of(block, ids)] = True
            for listing_id in ids:
                self._delta[is_offer].remove(listing_id)
        listings = db.session.scalars(
            select(Listing)
            .where(Listing.id.in_(ids), *servable())
            .options(joinedload(Listing.park))
            .execution_options(populate_existing=True)
        ).all()
        licences = licences_of(listings)
        for is_offer in (True, False):
            kind = Kind.OFFER if is_offer else Kind.WANT
            values = [as_value(x, licences) for x in listings if x.kind is kind]
            if values:
                self._delta[is_offer].add(self._encoder.encode(values))


def _losing_their_licence(since: date, day: date) -> set[int]:
    """Wants that took hazardous waste on one day and may not on a later one: a licence runs out without a change."""
    return set(
        db.session.scalars(
            select(Listing.id)
            .join(Licence, Licence.enterprise_id == Listing.enterprise_id)
            .where(
                Listing.kind == Kind.WANT,
                Listing.accepts_hazard,
                Licence.valid_until >= since,
                Licence.valid_until < day,
                *servable(),
            )
        )
    )


def servable() -> tuple[ColumnElement[bool], ...]:
    """Conditions on listings that belong into the index."""
    return (
        Listing.state == ListingState.OPEN,
        Listing.published_at.is_not(None),
        Listing.available_until >= today(),
    )


def _rows_of(block: Block, ids: Sequence[int]) -> np.ndarray:
    """The rows of those ids that are in a block."""
    if not len(block.columns) or not ids:
        return np.zeros(0, int)
    wanted = np.asarray(ids)
    places = np.searchsorted(block.columns.ids, wanted, sorter=block.by_id)
    rows = block.by_id[np.minimum(places, len(block.by_id) - 1)]
    return np.asarray(rows[block.columns.ids[rows] == wanted])


_open: dict[str, LiveIndex | None] = {}
_opening = threading.Lock()


def live_index(encoder: Encoder) -> LiveIndex | None:
    """The index over the snapshot in use, up to date; None when there is none or it is refused.

    A refused one is said once in the log; matches then come from the database.
    """
    folder = current_folder(current_app)
    if folder is None:
        return None
    key = str(folder)
    if key not in _open:
        with _opening:
            if key not in _open:
                _open.clear()  # of an older snapshot; whoever still searches it keeps it until done
                _open[key] = _try_to_open(folder, encoder)
    index = _open.get(key)
    if index is not None:
        index.refresh()
    return index


def _try_to_open(folder: Path, encoder: Encoder) -> LiveIndex | None:
    try:
        return LiveIndex(open_snapshot(folder, encoder.tables), encoder)
    except BrokenSnapshot as refused:
        log.error("snapshot.refused", why=str(refused))
        return None
