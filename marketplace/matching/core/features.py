"""Features of an offer and a want, each between 0 and 1, none of which may hurt when it grows. Pure (numpy).

One listing (the query) is weighed against many of the other kind at once. What its concepts mean for each material
or use of the others is worked out first (`Query`), so that a pair costs a few look-ups (core/loops.py).
"""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.core.columns import Columns
from marketplace.matching.core.tables import TRUCK_KGCO2E_PER_TKM, KnowledgeTables

NAMES = (
    "application",
    "material",
    "family",
    "benefit",
    "quantity",
    "dates",
    "price",
    "nearness",
    "text",
    "composition",
    "code",
)
COUNT = len(NAMES)
NAMED = 0.6  # from here on a concept was named, not guessed
UNKNOWN = 0.5
FACTS = ("lat", "lon", "log_t", "from_day", "until_day", "price")  # of the query, by their names in `columns.LAYOUT`
READ = ("materials", "material_weights", "uses", "use_weights", "log_t", "from_day", "until_day", "price", "lat", "lon")
_STEP = np.float32(1 / 255)


@dataclass(frozen=True, slots=True)
class Query:
    """One listing, and what it makes of the concepts of the other kind.

    `applies[i]`: strength of the best documented use when the other names material i (of a want's query) or use i
    (of an offer's); `gross_applies[i]`: kg CO2e a tonne saves there before transport, NaN when unknown; `partner[i]`:
    number of the own concept that makes it so. `same`, `family`: own weight of each material, and of its family;
    `gross_same`: the benefit of each material's best established use. `names`: materials that stand in the own text or
    were chosen.
    """

    is_offer: bool
    columns: Columns
    applies: np.ndarray
    gross_applies: np.ndarray
    partner: np.ndarray
    same: np.ndarray
    family: np.ndarray
    gross_same: np.ndarray
    names: np.ndarray

    @property
    def facts(self) -> np.ndarray:
        """What the loops read of its own columns."""
        return np.array([getattr(self.columns, name)[0] for name in FACTS], np.float64)


def query_of(columns: Columns, is_offer: bool, tables: KnowledgeTables) -> Query:
    """The query of the only row of `columns`."""
    materials, of_material = _concepts(columns.materials, columns.material_weights, tables.material_count)
    uses, of_use = _concepts(columns.uses, columns.use_weights, tables.use_count)
    same = np.zeros(tables.material_count + 1, np.float32)
    same[materials] = of_material
    per_family = np.zeros(tables.family_count + 1, np.float32)
    np.maximum.at(per_family, tables.family_of[materials], of_material)
    per_family[tables.family_count] = 0
    if is_offer:
        grid, own = tables.grades[materials].T * of_material, materials
        gross = tables.gross[materials].T
    else:
        grid, own = tables.grades[:, uses] * of_use, uses
        gross = tables.gross[:, uses]
    if len(own):
        best = grid.argmax(axis=1)
        every = np.arange(len(grid))
        applies, gross_applies, partner = grid[every, best], gross[every, best], own[best]
    else:
        applies = np.zeros(len(grid), np.float32)
        gross_applies, partner = np.full(len(grid), np.nan, np.float32), np.zeros(len(grid), int)
    names = np.zeros(tables.material_count + 1, bool)
    names[materials] = (int(columns.named[0]) >> np.arange(len(materials))) & 1
    family = per_family[tables.family_of]
    return Query(is_offer, columns, applies, gross_applies, partner, same, family, tables.gross_established, names)


def _concepts(slots: np.ndarray, weights: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    filled = slots[:, 0] < count
    return slots[filled, 0].astype(int), weights[filled, 0].astype(np.float32) * _STEP


def cheap_features(query: Query, others: Columns, rows: np.ndarray) -> np.ndarray:
    """The features up to nearness of the query with each of n rows, float32 (8, n) in the order of NAMES."""
    from marketplace.matching.core import loops  # the compiler takes a second: only who weighs needs it

    of_material = np.stack([query.same, query.family, query.gross_same])
    of_applied = np.stack([query.applies, query.gross_applies])
    read = (getattr(others, name) for name in READ)
    return loops.cheap_features(
        query.is_offer, of_material, of_applied, query.facts, np.asarray(rows, np.int64), TRUCK_KGCO2E_PER_TKM, *read
    )


def all_features(query: Query, others: Columns, rows: np.ndarray) -> np.ndarray:
    """Every feature of the query with each of n rows, float32 (11, n) in the order of NAMES."""
    return np.concatenate([cheap_features(query, others, rows), dear_features(query, others, rows)])


def dear_features(query: Query, others: Columns, rows: np.ndarray) -> np.ndarray:
    """The remaining features, float32 (3, n), for the few rows that are worth them."""
    own = query.columns
    text = others.vectors[rows].astype(np.float32) @ own.vectors[0].astype(np.float32)
    return np.stack([np.clip(text, 0, 1), composition_fit(query, others, rows), code_fit(own, others, rows)])


def distance_km(own: Columns, others: Columns, rows: np.ndarray) -> np.ndarray:
    """Kilometres by road (great circle times the detour factor) from the query to each row."""
    from marketplace.matching.core import loops

    return loops.roads_km(own.lat[0], own.lon[0], others.lat[rows], others.lon[rows])


def composition_fit(query: Query, others: Columns, rows: np.ndarray) -> np.ndarray:
    """Share of the amounts both state in which the offer keeps the want's bounds; one half when none is shared."""
    own = query.columns
    shared, kept = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.float32)
    for k in np.flatnonzero(own.components[:, 0]):
        for slot in range(len(others.components)):
            both = others.components[slot, rows] == own.components[k, 0]
            if not both.any():
                continue
            mine, theirs = (own.lows[k, 0], own.highs[k, 0]), (others.lows[slot, rows], others.highs[slot, rows])
            offered, wanted = (mine, theirs) if query.is_offer else (theirs, mine)
            shared += both
            kept += both & _keeps(offered, wanted)
    return np.where(shared > 0, kept / np.maximum(shared, 1), np.float32(UNKNOWN))


def _keeps(offered: tuple[np.ndarray, np.ndarray], wanted: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Whether the ranges meet; an open bound (NaN) meets everything."""
    too_little, too_much = offered[1] < wanted[0], offered[0] > wanted[1]  # NaN compares false
    return np.asarray(~(too_little | too_much))


def code_fit(own: Columns, others: Columns, rows: np.ndarray) -> np.ndarray:
    """1 when a waste code is shared, 0.6 when the first four digits are (the same group of the List of Waste)."""
    fit = np.zeros(len(rows), np.float32)
    for code in own.codes[:, 0]:
        if not code:
            continue
        theirs = others.codes[:, rows]
        np.maximum(fit, (theirs == code).any(axis=0), out=fit)
        np.maximum(fit, np.float32(0.6) * (theirs // 100 == code // 100).any(axis=0), out=fit)
    return fit
