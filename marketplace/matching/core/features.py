"""Features of an offer and a want, each between 0 and 1, none of which may hurt when it grows. Pure (numpy).

One listing (the query) is weighed against many of the other kind at once. What its concepts mean for each material
or use of the others is worked out first (`Query`), so that a pair costs a few look-ups.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from marketplace.matching.core.columns import NO_DAY, Columns
from marketplace.matching.core.tables import TRUCK_KGCO2E_PER_TKM, KnowledgeTables
from marketplace.places import DETOUR, EARTH_RADIUS_KM

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
HALF_KM = 60.0  # at this distance nearness is one half
WHOLE_BENEFIT_KGCO2E = 2000.0  # net benefit per tonne at which the feature reaches its ends
UNKNOWN = 0.5
_STEP = np.float32(1 / 255)


class Placed(Protocol):
    """Anything with places, in WGS-84 degrees."""

    @property
    def lat(self) -> np.ndarray: ...
    @property
    def lon(self) -> np.ndarray: ...


class Available(Protocol):
    """Anything with days, as `Columns` holds them."""

    @property
    def from_day(self) -> np.ndarray: ...
    @property
    def until_day(self) -> np.ndarray: ...


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


def cheap_features(query: Query, others: Columns, rows: np.ndarray) -> list[np.ndarray]:
    """The features up to nearness of the query with each of the rows, as float32 arrays in the order of NAMES."""
    applies, same, family, gross = _concept_features(query, others, rows)
    own = query.columns
    distance = distance_km(own, others, rows)
    benefit = benefit_fit(gross - TRUCK_KGCO2E_PER_TKM * distance)
    return [
        applies,
        same,
        family,
        benefit,
        quantity_fit(own.log_t[0], others.log_t[rows]),
        dates_fit(own, others, rows),
        price_fit(query, others.price[rows]),
        HALF_KM / (HALF_KM + distance),
    ]


def _concept_features(
    query: Query, others: Columns, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Application, same material, same family, and the gross benefit of the strongest of the first two."""
    count = len(rows)
    same, family = np.zeros(count, np.float32), np.zeros(count, np.float32)
    applies, strongest = np.zeros(count, np.float32), np.full(count, 1e-6, np.float32)
    gross = np.full(count, np.nan, np.float32)
    means_anything = (query.same > 0) | (query.family > 0)
    if not query.is_offer:
        means_anything |= query.applies > 0
    for slot in range(len(others.materials)):
        concept = others.materials[slot].take(rows)
        at = np.flatnonzero(means_anything.take(concept))  # most concepts of most rows mean nothing to a query
        concept, weight = concept[at], others.material_weights[slot].take(rows[at]) * _STEP
        sameness = np.minimum(weight, query.same[concept])
        same[at] = np.maximum(same[at], sameness)
        family[at] = np.maximum(family[at], np.minimum(weight, query.family[concept]))
        _prefer(gross, strongest, at, 0.3 * sameness, query.gross_same[concept])
        if not query.is_offer:
            _apply(query, applies, gross, strongest, at, concept, weight)
    if query.is_offer:
        for slot in range(len(others.uses)):
            concept = others.uses[slot].take(rows)
            at = np.flatnonzero(query.applies.take(concept))
            weight = others.use_weights[slot].take(rows[at]) * _STEP
            _apply(query, applies, gross, strongest, at, concept[at], weight)
    return applies, same, family, gross


def _apply(
    query: Query,
    applies: np.ndarray,
    gross: np.ndarray,
    strongest: np.ndarray,
    at: np.ndarray,
    concept: np.ndarray,
    weight: np.ndarray,
) -> None:
    """Take the documented uses of one concept of each of the rows `at` into account."""
    strength = weight * query.applies[concept]
    applies[at] = np.maximum(applies[at], strength)
    _prefer(gross, strongest, at, strength, query.gross_applies[concept])


def _prefer(
    gross: np.ndarray, strongest: np.ndarray, at: np.ndarray, strength: np.ndarray, benefit: np.ndarray
) -> None:
    """Where this strength beats the strongest so far, its benefit counts."""
    better = strength > strongest[at]
    strongest[at[better]] = strength[better]
    gross[at[better]] = benefit[better]


def dear_features(query: Query, others: Columns, rows: np.ndarray) -> list[np.ndarray]:
    """The remaining features, for the few rows that are worth them."""
    own = query.columns
    text = others.vectors[rows].astype(np.float32) @ own.vectors[0].astype(np.float32)
    return [np.clip(text, 0, 1), composition_fit(query, others, rows), code_fit(own, others, rows)]


def distance_km(own: Columns, others: Placed, rows: np.ndarray | slice) -> np.ndarray:
    """Kilometres by road (great circle times the detour factor) from the query to each row."""
    lat = np.radians(others.lat[rows])
    north, east = lat - np.radians(own.lat[0]), np.radians(others.lon[rows] - own.lon[0])
    h = np.sin(north / 2) ** 2 + np.cos(np.radians(own.lat[0])) * np.cos(lat) * np.sin(east / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * DETOUR * np.arcsin(np.sqrt(np.minimum(h, 1))), np.float32)


def benefit_fit(kgco2e_per_t: np.ndarray) -> np.ndarray:
    """What a tonne saves on a scale whose ends are plus and minus WHOLE_BENEFIT; one half when unknown (NaN)."""
    benefit = np.clip(UNKNOWN + kgco2e_per_t / (2 * WHOLE_BENEFIT_KGCO2E), 0, 1)
    return np.where(np.isnan(benefit), np.float32(UNKNOWN), benefit)


def quantity_fit(own_log_t: np.ndarray, log_t: np.ndarray) -> np.ndarray:
    """1 when one quantity can serve the other, falling with the ratio; one half when one is unknown."""
    fit = 1 / (1 + 0.5 * np.minimum(np.abs(log_t - own_log_t), 6))
    return np.where(np.isnan(fit), np.float32(UNKNOWN), fit)


def dates_fit(own: Columns, others: Available, rows: np.ndarray | slice) -> np.ndarray:
    """1 when the availabilities overlap (or are unknown), else falling with the gap: half at 30 days."""
    if NO_DAY in (own.from_day[0], own.until_day[0]):
        return np.ones(len(others.from_day[rows]), np.float32)
    start, end = others.from_day[rows], others.until_day[rows]
    gap = np.maximum(start - own.until_day[0], own.from_day[0] - end)
    fit = 30 / (30 + np.maximum(gap, 0).astype(np.float32))
    return np.where((start == NO_DAY) | (end == NO_DAY), np.float32(1), fit)


def price_fit(query: Query, price: np.ndarray) -> np.ndarray:
    """1 when the offer asks no more than the want pays, falling with the difference; one half when one is unknown."""
    own = query.columns.price[0]
    if np.isnan(own):
        return np.full(len(price), UNKNOWN, np.float32)
    asked, paid = (own, price) if query.is_offer else (price, own)
    fit = 1 / (1 + np.maximum(asked - paid, 0) / np.maximum(50, np.abs(paid)))
    return np.where(np.isnan(fit), np.float32(UNKNOWN), fit)


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
