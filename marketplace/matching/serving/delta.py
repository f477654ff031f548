"""Listings newer than the snapshot, as columns in a worker's own memory. Pure (numpy)."""

import numpy as np

from marketplace.matching.core import columns as layout
from marketplace.matching.core.columns import Columns, take_rows
from marketplace.matching.core.features import Query
from marketplace.matching.core.model import MatchModel
from marketplace.matching.core.picking import Picked, may_suggest_rows, pick
from marketplace.matching.core.search import RESERVE, Filter

FIRST_SIZE = 256


class Delta:
    """Grows by doubling; a listing that changes again leaves its former row dead."""

    def __init__(self) -> None:
        self._arrays = layout.empty(FIRST_SIZE)
        self._alive = np.zeros(FIRST_SIZE, bool)
        self._row_of: dict[int, int] = {}
        self.count = 0

    def __len__(self) -> int:
        """Listings that count."""
        return len(self._row_of)

    @property
    def columns(self) -> Columns:
        """All rows so far, dead ones included."""
        filled = slice(0, self.count)
        return Columns(**{name: take_rows(name, array, filled) for name, array in self._arrays.items()})

    def remove(self, listing_id: int) -> None:
        """A listing that no longer counts; nothing happens when it is not here."""
        row = self._row_of.pop(listing_id, None)
        if row is not None:
            self._alive[row] = False

    def add(self, listings: Columns) -> None:
        """Listings as they are now; rows of the same listings die."""
        first, count = self.count, len(listings)
        self._make_room(first + count)
        for name, array in self._arrays.items():
            take_rows(name, array, slice(first, first + count))[...] = getattr(listings, name)
        for offset, listing_id in enumerate(listings.ids.tolist()):
            self.remove(listing_id)
            self._row_of[listing_id] = first + offset
            self._alive[first + offset] = True
        self.count = first + count

    def search(self, query: Query, model: MatchModel, most: int, keep: Filter) -> Picked:
        """The best rows; there are few enough to weigh them all."""
        columns = self.columns
        rows = np.flatnonzero(self._alive[: self.count])
        rows = rows[may_suggest_rows(query, columns, rows)]
        return pick(query, columns, rows[keep(rows)], model, most, max(RESERVE, most))

    def _make_room(self, needed: int) -> None:
        size = len(self._alive)
        if needed <= size:
            return
        while size < needed:
            size *= 2
        grown, alive = layout.empty(size), np.zeros(size, bool)
        filled = slice(0, self.count)
        for name, array in self._arrays.items():
            take_rows(name, grown[name], filled)[...] = take_rows(name, array, filled)
        alive[filled] = self._alive[filled]
        self._arrays, self._alive = grown, alive
