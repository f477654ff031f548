"""Weigh one listing against many rows, and pick the best. Pure (numpy).

All rows are weighed by what is cheap (concepts, quantity, dates, price, place), the promising ones by everything.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.core import columns as layout
from marketplace.matching.core.columns import Columns
from marketplace.matching.core.features import Query, cheap_features, dear_features
from marketplace.matching.core.model import MatchModel
from marketplace.matching.core.refusals import is_refused


@dataclass(frozen=True, slots=True)
class Picked:
    """Rows of some columns, best first, with scores and features (one array per name of `features.NAMES`)."""

    rows: np.ndarray
    scores: np.ndarray
    features: list[np.ndarray]

    def first(self, most: int | None) -> "Picked":
        """The best of them."""
        return Picked(self.rows[:most], self.scores[:most], [f[:most] for f in self.features])


def weigh(
    query: Query, columns: Columns, rows: np.ndarray, model: MatchModel, order: np.ndarray | None = None
) -> Picked:
    """Every one of the rows with its score and features, best first; equal scores in `order` (by row without it)."""
    features = [*cheap_features(query, columns, rows), *dear_features(query, columns, rows)]
    scores = model.probability(model.log_odds(features))
    best = np.lexsort((order[rows] if order is not None else rows, -scores))
    return Picked(rows[best], scores[best], [f[best] for f in features])


def pick(query: Query, columns: Columns, rows: np.ndarray, model: MatchModel, most: int, reserve: int) -> Picked:
    """The best `most` of many rows: the `reserve` most promising ones are weighed by everything."""
    if len(rows) <= reserve:
        return weigh(query, columns, rows, model).first(most)
    partial = model.log_odds(cheap_features(query, columns, rows))
    promising = np.sort(np.argpartition(-partial, reserve)[:reserve])
    return weigh(query, columns, rows[promising], model).first(most)


def may_suggest_rows(query: Query, columns: Columns, rows: np.ndarray) -> np.ndarray:
    """Which rows may be suggested at all: hazard and licence, food, what a want refuses; no enterprise to itself."""
    own, flags = query.columns, columns.flags[rows]
    enterprise = own.enterprises[0]
    allowed = columns.enterprises[rows] != enterprise if enterprise else np.ones(len(rows), bool)
    allowed &= ~is_refused(query.is_offer, own, columns, rows)
    mine, theirs = own.licences[0], columns.licences[rows]
    is_covered = (theirs == 0) | ((mine & theirs) != 0) if mine else np.ones(len(rows), bool)
    if query.is_offer:
        if own.flags[0] & layout.HAZARDOUS:
            allowed &= ((flags & layout.ACCEPTS_HAZARD) != 0) & is_covered
        if not own.flags[0] & layout.FOOD_SAFE:
            allowed &= (flags & layout.NEEDS_FOOD_SAFE) == 0
        return np.asarray(allowed)
    is_taken = is_covered if own.flags[0] & layout.ACCEPTS_HAZARD else np.zeros(len(rows), bool)
    allowed &= ((flags & layout.HAZARDOUS) == 0) | is_taken
    if own.flags[0] & layout.NEEDS_FOOD_SAFE:
        allowed &= (flags & layout.FOOD_SAFE) != 0
    return np.asarray(allowed)
