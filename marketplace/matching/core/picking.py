"""Weigh one listing against many rows, and pick the best. Pure (numpy).

All rows are weighed by what is cheap (concepts, quantity, dates, price, place), the promising ones by everything.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.core.columns import Columns
from marketplace.matching.core.features import Query, all_features, cheap_features
from marketplace.matching.core.model import MatchModel


@dataclass(frozen=True, slots=True)
class Picked:
    """n rows of some columns, best first, with scores and features (11, n) in the order of `features.NAMES`."""

    rows: np.ndarray
    scores: np.ndarray
    features: np.ndarray

    def first(self, most: int | None) -> "Picked":
        """The best of them."""
        return Picked(self.rows[:most], self.scores[:most], self.features[:, :most])


def weigh(
    query: Query, columns: Columns, rows: np.ndarray, model: MatchModel, order: np.ndarray | None = None
) -> Picked:
    """Every one of the rows with its score and features, best first; equal scores in `order` (by row without it)."""
    features = all_features(query, columns, rows)
    scores = model.probability(model.log_odds(features))
    best = np.lexsort((order[rows] if order is not None else rows, -scores))
    return Picked(rows[best], scores[best], features[:, best])


def pick(query: Query, columns: Columns, rows: np.ndarray, model: MatchModel, most: int, reserve: int) -> Picked:
    """The best `most` of many rows: the `reserve` most promising ones are weighed by everything."""
    if len(rows) <= reserve:
        return weigh(query, columns, rows, model).first(most)
    partial = model.log_odds(cheap_features(query, columns, rows))
    promising = np.sort(np.argpartition(-partial, reserve)[:reserve])
    return weigh(query, columns, rows[promising], model).first(most)


def may_suggest_rows(query: Query, columns: Columns, rows: np.ndarray) -> np.ndarray:
    """Which rows may be suggested at all: hazard and licence, food, what a want refuses; no enterprise to itself."""
    from marketplace.matching.core import loops

    own = query.columns
    return loops.may_be_suggested(
        query.is_offer,
        int(own.enterprises[0]),
        int(own.flags[0]),
        int(own.licences[0]),
        own.barred[0],
        np.asarray(rows, np.int64),
        columns.enterprises,
        columns.flags,
        columns.licences,
        columns.barred,
    )
