"""Loops over rows and boxes, compiled by Numba: a query weighs some ten thousand rows, and numpy would read them forty
times over for what one reading gives. Pure.

Signatures are given, so that nothing is compiled while someone waits: the first import on a machine does it, later ones
take the machine code from `__pycache__`. That cache goes by this file alone: constants that may be tuned stand here,
and whoever changes one that is imported touches this file too.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import boolean, float32, float64, int16, int32, int64, types, uint8, uint16, uint64

from marketplace.matching.core.columns import (
    ACCEPTS_HAZARD,
    FOOD_SAFE,
    FULL_WEIGHT,
    HAZARDOUS,
    NEEDS_FOOD_SAFE,
    NO_DAY,
    REFUSES,
)
from marketplace.matching.core.features import READ, UNKNOWN
from marketplace.places import DETOUR, EARTH_RADIUS_KM

HALF_KM = 60.0  # at this distance nearness is one half
HALF_DAYS = 30.0  # a gap of so many days is half as good as none
WHOLE_BENEFIT_KGCO2E = 2000.0  # net benefit per tonne at which the feature reaches its ends
CHEAP = 8  # features of a pair that need no text


def _array(of: Any, dimensions: int) -> Any:
    """A type that takes arrays however they lie in memory, mapped and packed ones too."""
    return types.Array(of, dimensions, "A", readonly=True)


_NUMBERS, _DAYS, _WHICH = _array(float32, 1), _array(int32, 1), _array(int64, 1)
_GRID, _CONCEPTS, _WEIGHTS = _array(float32, 2), _array(uint16, 2), _array(uint8, 2)
_FACTS = _array(float64, 1)
_TYPES = dict.fromkeys(READ, _NUMBERS)
_TYPES |= {"materials": _CONCEPTS, "uses": _CONCEPTS, "material_weights": _WEIGHTS, "use_weights": _WEIGHTS}
_TYPES |= {"from_day": _DAYS, "until_day": _DAYS}

F = TypeVar("F", bound=Callable[..., Any])


def compiled(signature: Any = None) -> Callable[[F], F]:
    """`numba.njit` with its cache on disk, and typed."""
    return cast(Callable[[F], F], numba.njit(signature, cache=True, nogil=True))


_NOTHING, _UNKNOWN_GROSS, _WEIGHT_STEP = np.float32(0), np.float32(np.nan), np.float32(1 / FULL_WEIGHT)
_SAME_STRENGTH = np.float32(0.3)  # what the same material counts beside a documented use, when one benefit is chosen
_DIAMETER_KM, _DETOUR, _RADIANS, _HALF = (np.float32(x) for x in (2 * EARTH_RADIUS_KM, DETOUR, np.pi / 180, 0.5))


@compiled()
def _road_km(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> float:
    """`places.road_km` in single precision, which is right to some ten metres and takes a third of the time."""
    north = np.float32(lat_2 - lat_1) * _RADIANS
    east = np.float32(lon_2 - lon_1) * _RADIANS
    h = math.sin(north * _HALF) ** 2
    h += math.cos(np.float32(lat_1) * _RADIANS) * math.cos(np.float32(lat_2) * _RADIANS) * math.sin(east * _HALF) ** 2
    return float(_DETOUR * _DIAMETER_KM * math.asin(math.sqrt(h if h < 1 else np.float32(1))))


@compiled()
def benefit_fit(kgco2e_per_t: float) -> float:
    """What a tonne saves on a scale whose ends are plus and minus WHOLE_BENEFIT; one half when unknown (NaN)."""
    if np.isnan(kgco2e_per_t):
        return UNKNOWN
    return min(max(UNKNOWN + kgco2e_per_t / (2 * WHOLE_BENEFIT_KGCO2E), 0.0), 1.0)


@compiled()
def quantity_fit(own_log_t: float, log_t: float) -> float:
    """1 when one quantity can serve the other, falling with the ratio; one half when one is unknown."""
    apart = abs(log_t - own_log_t)
    return UNKNOWN if np.isnan(apart) else 1 / (1 + 0.5 * min(apart, 6.0))


@compiled()
def dates_fit(own_from: float, own_until: float, start: float, end: float) -> float:
    """1 when the availabilities overlap (or are unknown), else falling with the gap."""
    if own_from == NO_DAY or own_until == NO_DAY or start == NO_DAY or end == NO_DAY:
        return 1.0
    return HALF_DAYS / (HALF_DAYS + max(start - own_until, own_from - end, 0.0))


@compiled()
def price_fit(asked: float, paid: float) -> float:
    """1 when the offer asks no more than the want pays, falling with the difference; one half when one is unknown."""
    if np.isnan(asked) or np.isnan(paid):
        return UNKNOWN
    return 1 / (1 + max(asked - paid, 0.0) / max(50.0, abs(paid)))


@compiled(float32[:, ::1](boolean, _GRID, _GRID, _FACTS, _WHICH, float64, *_TYPES.values()))
def cheap_features(
    is_offer: bool,
    of_material: np.ndarray,
    of_applied: np.ndarray,
    own: np.ndarray,
    rows: np.ndarray,
    transport_kgco2e_per_km: float,
    materials: np.ndarray,
    material_weights: np.ndarray,
    uses: np.ndarray,
    use_weights: np.ndarray,
    log_t: np.ndarray,
    from_day: np.ndarray,
    until_day: np.ndarray,
    price: np.ndarray,
    lat: np.ndarray,
    lon: np.ndarray,
) -> np.ndarray:
    """The features up to nearness of a query with each of n rows: (8, n) in the order of `features.NAMES`.

    Args:
        is_offer: whether the query is an offer.
        of_material: its `same`, `family` and `gross_same`, see `features.Query`: (3, materials + 1).
        of_applied: its `applies` and `gross_applies`: (2, materials or uses + 1).
        own: its facts in the order of `features.FACTS`.
    """
    same_as, family_as, gross_same = of_material
    applied_as, gross_applied = of_applied
    own_lat, own_lon, own_log_t, own_from, own_until, own_price = own
    no_material, no_use = len(same_as) - 1, len(applied_as) - 1
    found = np.zeros((CHEAP, len(rows)), np.float32)
    for i, row in enumerate(rows):
        applies, same, family, gross = _NOTHING, _NOTHING, _NOTHING, _UNKNOWN_GROSS
        strongest = np.float32(1e-6)
        for slot in range(materials.shape[0]):
            concept = materials[slot, row]
            if concept == no_material:  # filled slots come first
                break
            weight = material_weights[slot, row] * _WEIGHT_STEP
            sameness = min(weight, same_as[concept])
            same, family = max(same, sameness), max(family, min(weight, family_as[concept]))
            if _SAME_STRENGTH * sameness > strongest:
                strongest, gross = _SAME_STRENGTH * sameness, gross_same[concept]
            if is_offer:
                continue
            strength = weight * applied_as[concept]
            applies = max(applies, strength)
            if strength > strongest:
                strongest, gross = strength, gross_applied[concept]
        if is_offer:
            for slot in range(uses.shape[0]):
                concept = uses[slot, row]
                if concept == no_use:
                    break
                strength = use_weights[slot, row] * _WEIGHT_STEP * applied_as[concept]
                applies = max(applies, strength)
                if strength > strongest:
                    strongest, gross = strength, gross_applied[concept]
        away_km = _road_km(own_lat, own_lon, lat[row], lon[row])
        found[0, i], found[1, i], found[2, i] = applies, same, family
        found[3, i] = benefit_fit(float(gross) - transport_kgco2e_per_km * away_km)
        found[4, i] = quantity_fit(own_log_t, log_t[row])
        found[5, i] = dates_fit(own_from, own_until, from_day[row], until_day[row])
        found[6, i] = price_fit(own_price, price[row]) if is_offer else price_fit(price[row], own_price)
        found[7, i] = HALF_KM / (HALF_KM + away_km)
    return found


_NUMBERS_OF_ROW, _BARRED = _array(int16, 1), _array(int16, 2)


@compiled(boolean(_NUMBERS_OF_ROW, _NUMBERS_OF_ROW))
def is_refused(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether an offer and a want share a number of `columns.barred` and none is the negative of another."""
    found = False
    for one in mine:
        for other in theirs:
            if one == -other and one != 0:
                return False
            found |= one == other and one != 0
    return found


@compiled(
    boolean[::1](
        boolean, int64, uint8, uint64, _NUMBERS_OF_ROW, _WHICH, _WHICH, _array(uint8, 1), _array(uint64, 1), _BARRED
    )
)
def may_be_suggested(
    is_offer: bool,
    own_enterprise: int,
    own_flags: int,
    own_licences: int,
    own_barred: np.ndarray,
    rows: np.ndarray,
    enterprises: np.ndarray,
    flags: np.ndarray,
    licences: np.ndarray,
    barred: np.ndarray,
) -> np.ndarray:
    """Which of n rows a query may be matched with: hazard and licence, food, what a want refuses; none with itself."""
    found = np.empty(len(rows), np.bool_)
    for i, row in enumerate(rows):
        offer, want = (own_flags, flags[row]) if is_offer else (flags[row], own_flags)
        theirs = licences[row]
        is_covered = own_licences == 0 or theirs == 0 or own_licences & theirs != 0
        is_safe = not offer & HAZARDOUS or (want & ACCEPTS_HAZARD and is_covered)
        is_clean = not want & NEEDS_FOOD_SAFE or offer & FOOD_SAFE
        is_own = own_enterprise != 0 and enterprises[row] == own_enterprise
        is_barred = want & REFUSES and is_refused(own_barred, barred[row])
        found[i] = is_safe and is_clean and not is_own and not is_barred
    return found


@compiled(float64[::1](_array(float64, 2), _GRID))
def summed(curves: np.ndarray, features: np.ndarray) -> np.ndarray:
    """The sum of the first curves (one value a step) at the features of n pairs (k, n): (n)."""
    steps = curves.shape[1] - 1
    total = np.zeros(features.shape[1])
    for k in range(features.shape[0]):
        for i in range(features.shape[1]):
            total[i] += curves[k, int(np.rint(features[k, i] * np.float32(steps)))]
    return total


@compiled(float64[::1](boolean, _FACTS, _GRID, _GRID, _WHICH, _array(float64, 2)))
def promised(
    is_offer: bool, own: np.ndarray, lows: np.ndarray, highs: np.ndarray, which: np.ndarray, curves: np.ndarray
) -> np.ndarray:
    """The most that the features 4 to 7 can add in each of n boxes, whose sides lie in the order of `boxes.BOXED`."""
    own_lat, own_lon, own_log_t, own_from, own_until, own_price = own
    most, steps = np.empty(len(which)), curves.shape[1] - 1
    for i, box in enumerate(which):
        lat = min(max(own_lat, lows[0, box]), highs[0, box])
        lon = min(max(own_lon, lows[1, box]), highs[1, box])
        log_t = min(max(own_log_t, lows[2, box]), highs[2, box])
        if np.isnan(lows[2, box]):
            log_t = np.nan
        quantity = quantity_fit(own_log_t, log_t)
        dates = dates_fit(own_from, own_until, lows[3, box], highs[4, box])
        price = price_fit(own_price, highs[5, box]) if is_offer else price_fit(lows[5, box], own_price)
        nearness = HALF_KM / (HALF_KM + _road_km(own_lat, own_lon, lat, lon))
        total = 0.0
        for k, fit in enumerate((quantity, dates, price, nearness)):
            total += curves[4 + k, int(np.rint(fit * steps))]
        most[i] = total
    return most


@compiled(float32[::1](float64, float64, _NUMBERS, _NUMBERS))
def roads_km(lat: float, lon: float, lats: np.ndarray, lons: np.ndarray) -> np.ndarray:
    """Kilometres by road from one place to n others: (n)."""
    return np.array([_road_km(lat, lon, lats[i], lons[i]) for i in range(len(lats))])


@compiled(float64[::1](_NUMBERS))
def benefit_fits(kgco2e_per_t: np.ndarray) -> np.ndarray:
    """`benefit_fit` of each of n: (n)."""
    return np.array([benefit_fit(value) for value in kgco2e_per_t])
