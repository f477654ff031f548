"""A second, quick way to the figure of an entry by method avoided/1.0, for checking a million of them.

`quick_result` gives what `entries.result_of(carbon.method.assess(…))` gives, for the inputs that nearly all entries
have, and None for all others. It is trusted only where it agrees with the entry: whoever gets None or another figure
asks `assess`, which alone decides that an entry is wrong. A test holds both equal on random inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, getcontext, localcontext
from functools import lru_cache
from typing import Any

from marketplace.carbon.decimals import ln
from marketplace.carbon.intervals import Z_95
from marketplace.carbon.parsing import PER_TONNE, PER_TONNE_KM
from marketplace.ledger.reading import SharedFactors

Factors = Mapping[str, Mapping[str, str]]

# Products of numbers with at most 15 + 15 digits stay exact well below 80 digits, as in the method itself.
EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_KG, _KM, _MICRO = Decimal("0.001"), Decimal("0.1"), Decimal("0.000001")
_ZERO, _ONE = Decimal(0), Decimal(1)
# Logarithms to 30 digits, roots to 18: variances and intervals come out right to far below their last reported digit.
_ROOT = Context(prec=18, rounding=ROUND_HALF_EVEN)
_MOST_HALF = Decimal(10**9)
_LOGARITHM = Context(prec=30, rounding=ROUND_HALF_EVEN)
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_KNOWN = frozenset(
    "deliveries disposal displaced reprocessing basis default_mode attribution mass_gsd km_gsd rejects period".split()
)
_PRODUCT = frozenset(("factor", "substitution", "substitution_gsd", "quality"))


class _Unusual(Exception):
    """An input for the careful way."""


def quick_result(inputs: Mapping[str, Any], factors: Factors) -> dict[str, Any] | None:
    """The result of an entry, or None where the inputs are unusual or wrong."""
    try:
        if getcontext().prec >= EXACT.prec:
            return _result(inputs, factors)
        with localcontext(EXACT):
            return _result(inputs, factors)
    except (_Unusual, KeyError, TypeError, AttributeError, ValueError, ArithmeticError):
        return None


class _Read(dict[str, Decimal]):
    """Numbers by factor, each read when it is first asked for."""

    def __init__(self, read: Callable[[str], Decimal]) -> None:
        self._read = read

    def __missing__(self, factor_id: str) -> Decimal:
        number = self[factor_id] = self._read(factor_id)
        return number


class _Numbers:
    """What factors say: kg CO2e per tonne and per tonne-kilometre, and the logarithms of their spreads."""

    __slots__ = ("logs", "per_tkm", "per_tonne")

    def __init__(self, factors: Factors) -> None:
        self.per_tonne = _Read(lambda name: _factor(factors[name], PER_TONNE))
        self.per_tkm = _Read(lambda name: _factor(factors[name], PER_TONNE_KM))
        self.logs = _Read(lambda name: _log(factors[name]["gsd"]))

    @classmethod
    def of(cls, factors: Factors) -> _Numbers:
        if type(factors) is not SharedFactors:
            return cls(factors)
        if factors.numbers is None:
            factors.numbers = cls(factors)
        numbers: _Numbers = factors.numbers
        return numbers


def _result(inputs: Mapping[str, Any], factors: Factors) -> dict[str, Any]:
    if not inputs.keys() <= _KNOWN or not inputs["displaced"].keys() <= _PRODUCT or not inputs["deliveries"]:
        raise _Unusual
    basis, product, numbers = inputs["basis"], inputs["displaced"], _Numbers.of(factors)
    per_tonne, per_tkm = numbers.per_tonne, numbers.per_tkm
    disposal_id, displaced_id = inputs["disposal"]["factor"], product["factor"]
    reprocessing_id = inputs["reprocessing"]["factor"]
    disposal, reprocessing = per_tonne[disposal_id], per_tonne[reprocessing_id]
    replaced = per_tonne[displaced_id] * _number(product["substitution"]) * _share(product.get("quality", "1"))
    rejects_id = inputs["rejects"]["factor"] if "rejects" in inputs else None
    rejects = per_tonne[rejects_id] if rejects_id is not None else None
    default = per_tkm[inputs["default_mode"]]
    steps = ((disposal, _is_dry(basis["disposal"])), (replaced, _is_dry(basis["displaced"])),
             (-reprocessing, _is_dry(basis["reprocessing"])))  # fmt: skip
    # What a tonne counts, as weighed and dry: nothing is rounded, so the masses may be added up first.
    per_wet, per_dry, needs_dry = _ZERO, _ZERO, False
    for amount, is_dry in steps:
        if is_dry:
            per_dry, needs_dry = per_dry + amount, True
        else:
            per_wet += amount
    mass_log, km_log = _log(inputs.get("mass_gsd", "1")), _log(inputs.get("km_gsd", "1"))
    substitution_log = _log(product.get("substitution_gsd", "1"))

    begin, end = _bounds(inputs["period"]) if "period" in inputs else (date.min, date.max)
    ways: dict[str, Decimal] = {}
    accepted_t = dry_t = rejected_t = weighed_t = tonne_km = squares = _ZERO
    for delivery in inputs["deliveries"]:
        wet, reject, moisture = _number(delivery["wet_t"]), _number(delivery["reject_t"]), _number(delivery["moisture"])
        day, accepted = _day(delivery["weighed_on"]), wet
        if not wet or moisture > _ONE or not begin <= day < end:
            raise _Unusual
        if reject:
            if reject > wet or rejects is None:
                raise _Unusual
            accepted = wet - reject
        own = per_wet * accepted
        accepted_t += accepted
        weighed_t += wet
        if needs_dry:
            dried = accepted * (_ONE - moisture)
            dry_t += dried
            own += per_dry * dried
        for leg in delivery["legs"]:
            carried, leg_id = _number(leg["km"]) * wet, leg["factor"]
            way = per_tkm[leg_id] * carried
            tonne_km += carried
            own -= way
            ways[leg_id] = ways.get(leg_id, _ZERO) - way
        if rejects is not None:
            rejected_t += reject
            own -= rejects * reject
        squares += own * own
    avoided, made, treated = [amount * (dry_t if is_dry else accepted_t) for amount, is_dry in steps]
    moved, thrown = sum(ways.values(), _ZERO), -rejects * rejected_t if rejects is not None else _ZERO
    net = avoided + made + treated + moved + thrown
    sums = {disposal_id: avoided}
    parts = [(displaced_id, made), (reprocessing_id, treated), *ways.items()]
    if rejects_id is not None:
        parts.append((rejects_id, thrown))
    for name, part in parts:
        sums[name] = sums[name] + part if name in sums else part
    product_deviation, way_deviation = made * substitution_log, moved * km_log
    specific = product_deviation * product_deviation + way_deviation * way_deviation + squares * (mass_log * mass_log)
    variance = specific
    for name, sensitivity in sums.items():
        deviation = sensitivity * numbers.logs[name]
        variance += deviation * deviation
    half = Z_95 * variance.sqrt(_ROOT)
    if half > _MOST_HALF:
        raise _Unusual
    rounded = _kg(net)
    return {
        "net_kgco2e": str(rounded),
        "low_kgco2e": _kg_text(net - half),
        "high_kgco2e": _kg_text(net + half),
        "components": {
            "disposal": _kg_text(avoided),
            "disposal_transport": "0.000",
            "displaced": _kg_text(made),
            "displaced_transport": "0.000",
            "reprocessing": _kg_text(treated),
            "transport": _kg_text(moved),
            "rejects": _kg_text(thrown),
        },
        "break_even_km": _break_even((net - moved) / weighed_t, -moved / tonne_km if tonne_km else default),
        "shares": _shares(rounded, inputs["attribution"]),
        "sensitivities": {name: _micro_text(s) for name, s in sums.items()},
        "specific_variance": _micro_text(specific),
    }


def _break_even(benefit: Decimal, per_km: Decimal) -> str | None:
    if per_km <= _ZERO or benefit <= _ZERO:
        return None
    return str((benefit / per_km).quantize(_KM) + _ZERO)


def _shares(net: Decimal, attribution: Mapping[str, str]) -> dict[str, str]:
    *others, (last, _) = _portions(tuple(attribution.items()))
    shares, rest = {}, net
    for party, portion in others:
        amount = _kg(net * portion)
        rest -= amount
        shares[party] = str(amount)
    shares[last] = str(_kg(rest))
    return shares


@lru_cache(maxsize=1024)
def _portions(attribution: tuple[tuple[str, str], ...]) -> tuple[tuple[str, Decimal], ...]:
    portions = tuple((party, _number(text)) for party, text in attribution)
    if sum((portion for _, portion in portions), _ZERO) != 1:
        raise _Unusual
    return portions


def _kg(amount: Decimal) -> Decimal:
    return amount.quantize(_KG) + _ZERO  # + 0 turns a negative zero


def _kg_text(amount: Decimal) -> str:
    text = str(amount.quantize(_KG))
    return text if text != "-0.000" else "0.000"


def _micro_text(amount: Decimal) -> str:
    text = str(amount.quantize(_MICRO)).rstrip("0").rstrip(".")
    return text if text != "-0" else "0"


@lru_cache(maxsize=65536)
def _number(text: str) -> Decimal:
    """A plain number from 0; whatever else the method takes goes the careful way."""
    if not _NUMBER.fullmatch(text):
        raise _Unusual
    return Decimal(text)


@lru_cache(maxsize=1024)
def _share(text: str) -> Decimal:
    share = _number(text)
    if not 0 < share <= 1:
        raise _Unusual
    return share


@lru_cache(maxsize=4096)
def _log(gsd: str) -> Decimal:
    spread = _number(gsd)
    if spread < 1:
        raise _Unusual
    return _LOGARITHM.plus(ln(spread))


def _factor(copy: Mapping[str, str], units: frozenset[str]) -> Decimal:
    return _checked_factor(copy["value"], copy["unit"], copy["gsd"], units)


@lru_cache(maxsize=4096)
def _checked_factor(value: str, unit: str, gsd: str, units: frozenset[str]) -> Decimal:
    sign, digits = (-1, value[1:]) if value.startswith("-") else (1, value)
    number = sign * _number(digits)
    if unit not in units and number:
        raise _Unusual
    _log(gsd)
    return number


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    if len(text) != 10:
        raise _Unusual
    return date.fromisoformat(text)


def _bounds(period: Mapping[str, str]) -> tuple[date, date]:
    return _day(period["from"]), _day(period["to"])


def _is_dry(text: str) -> bool:
    if text not in ("wet", "dry"):
        raise _Unusual
    return text == "dry"
