"""From a raw document to checked values; the first wrong field is named (METHOD §8).

Order: deliveries, then the fields in the order in which METHOD §8 lists them, then those it does not name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from marketplace.carbon.decimals import ONE, ZERO, exact
from marketplace.carbon.errors import InputError
from marketplace.carbon.fields import (
    between_at,
    date_at,
    decimal_at,
    factor_at,
    mapping_at,
    positive_at,
    sequence_at,
)
from marketplace.carbon.values import AssessmentInput, Basis, Delivery, Displaced, Factor, Leg, Period, Treatment

Raw = Mapping[str, Any]
RawFactors = Mapping[str, Mapping[str, Any]]

DEFAULT_ATTRIBUTION: Mapping[str, Decimal] = MappingProxyType({"supplier": Decimal("0.5"), "user": Decimal("0.5")})
PER_TONNE = frozenset({"kgCO2e/t", "kgCO2/t"})
PER_TONNE_KM = frozenset({"kgCO2e/tkm"})


def parse_input(raw: Raw, factors: RawFactors) -> tuple[AssessmentInput, dict[str, Factor]]:
    """Check the inputs of one exchange.

    Args:
        raw: the ``input`` of a case (METHOD §9): decimals as strings, dates as YYYY-MM-DD.
        factors: factor id to ``{"value", "unit", "gsd"}`` and, if known, ``"version"``.

    Returns:
        The checked input, and the factors it refers to by id.

    Raises:
        InputError: the first wrong field, by its path.
    """
    with exact():
        raw = mapping_at("input", raw)
        deliveries = _deliveries(raw.get("deliveries"), factors)
        parsed = _rest(raw, deliveries, factors)
        table = _used_factors(parsed, factors)
        _check_units(parsed, table)
    return parsed, table


def _deliveries(raw: object, factors: RawFactors) -> tuple[Delivery, ...]:
    rows = sequence_at("deliveries", raw)
    if not rows:
        raise InputError("deliveries", "must hold at least one delivery")
    return tuple(_delivery(f"deliveries.{index}", row, factors) for index, row in enumerate(rows))


def _delivery(path: str, raw: object, factors: RawFactors) -> Delivery:
    row = mapping_at(path, raw)
    wet_t = positive_at(f"{path}.wet_t", row.get("wet_t"))
    reject_t = between_at(f"{path}.reject_t", row.get("reject_t"), ZERO, wet_t)
    moisture = between_at(f"{path}.moisture", row.get("moisture"), ZERO, ONE)
    legs = tuple(
        _leg(f"{path}.legs.{index}", leg, factors)
        for index, leg in enumerate(sequence_at(f"{path}.legs", row.get("legs")))
    )
    weighed_on = date_at(f"{path}.weighed_on", row.get("weighed_on"))
    return Delivery(wet_t=wet_t, reject_t=reject_t, moisture=moisture, weighed_on=weighed_on, legs=legs)


def _leg(path: str, raw: object, factors: RawFactors) -> Leg:
    row = mapping_at(path, raw)
    km = between_at(f"{path}.km", row.get("km"), ZERO)
    return Leg(km=km, factor=factor_at(f"{path}.factor", row.get("factor"), factors))


def _rest(raw: Raw, deliveries: tuple[Delivery, ...], factors: RawFactors) -> AssessmentInput:
    disposal = _step_factor(raw, "disposal", factors)
    displaced = _step_factor(raw, "displaced", factors)
    product = mapping_at("displaced", raw["displaced"])
    substitution = between_at("displaced.substitution", product.get("substitution"), ZERO)
    quality = _quality(product.get("quality", "1"))
    reprocessing = _step_factor(raw, "reprocessing", factors)
    rejects = _rejects_factor(raw, deliveries, factors)
    attribution = _attribution(raw.get("attribution"))
    mass_gsd = _gsd("mass_gsd", raw.get("mass_gsd", "1"))
    km_gsd = _gsd("km_gsd", raw.get("km_gsd", "1"))
    basis = _bases(raw)
    return AssessmentInput(
        deliveries=deliveries,
        disposal=Treatment(disposal, basis["disposal"]),
        displaced=Displaced(
            factor=displaced,
            basis=basis["displaced"],
            substitution=substitution,
            quality=quality,
            substitution_gsd=_gsd("displaced.substitution_gsd", product.get("substitution_gsd", "1")),
        ),
        reprocessing=Treatment(reprocessing, basis["reprocessing"]),
        rejects_factor=rejects,
        disposal_transport=_haul(raw, "disposal_transport", factors),
        displaced_transport=_haul(raw, "displaced_transport", factors),
        biogenic=_biogenic(raw, factors),
        default_mode=_default_mode(raw, factors),
        period=_period(raw),
        attribution=attribution,
        mass_gsd=mass_gsd,
        km_gsd=km_gsd,
    )


def _step_factor(raw: Raw, step: str, factors: RawFactors) -> str:
    path = f"{step}.factor"
    return factor_at(path, mapping_at(path, raw.get(step)).get("factor"), factors)


def _quality(raw: object) -> Decimal:
    quality = positive_at("displaced.quality", raw)
    if quality > 1:
        raise InputError("displaced.quality", "must be at most 1")
    return quality


def _rejects_factor(raw: Raw, deliveries: tuple[Delivery, ...], factors: RawFactors) -> str | None:
    if raw.get("rejects") is not None:
        return factor_at("rejects.factor", mapping_at("rejects", raw["rejects"]).get("factor"), factors)
    if any(delivery.reject_t for delivery in deliveries):
        raise InputError("rejects", "must name what happens to the rejected material")
    return None


def _attribution(raw: object) -> Mapping[str, Decimal]:
    if raw is None:
        return DEFAULT_ATTRIBUTION
    shares: dict[str, Decimal] = {}
    for party, share in mapping_at("attribution", raw).items():
        shares[party] = between_at("attribution", share, ZERO, ONE)
    if sum(shares.values(), ZERO) != ONE:
        raise InputError("attribution", "must add up to exactly 1")
    return MappingProxyType(shares)


def _gsd(path: str, raw: object) -> Decimal:
    return between_at(path, raw, ONE)


def _bases(raw: Raw) -> dict[str, Basis]:
    bases = mapping_at("basis", raw.get("basis"))
    return {step: _basis(f"basis.{step}", bases.get(step)) for step in ("disposal", "displaced", "reprocessing")}


def _basis(path: str, raw: object) -> Basis:
    if raw not in ("wet", "dry"):
        raise InputError(path, "must be wet or dry")
    return Basis(str(raw))


def _haul(raw: Raw, name: str, factors: RawFactors) -> Leg | None:
    return None if raw.get(name) is None else _leg(name, raw[name], factors)


def _biogenic(raw: Raw, factors: RawFactors) -> Treatment | None:
    if raw.get("biogenic") is None:
        return None
    row = mapping_at("biogenic", raw["biogenic"])
    factor = factor_at("biogenic.factor", row.get("factor"), factors)
    return Treatment(factor, _basis("biogenic.basis", row.get("basis")))


def _default_mode(raw: Raw, factors: RawFactors) -> str | None:
    mode = raw.get("default_mode")
    return None if mode is None else factor_at("default_mode", mode, factors)


def _period(raw: Raw) -> Period | None:
    if raw.get("period") is None:
        return None
    row = mapping_at("period", raw["period"])
    period = Period(date_at("period.from", row.get("from")), date_at("period.to", row.get("to")))
    if period.end <= period.start:
        raise InputError("period.to", "must lie after period.from")
    return period


def _references(parsed: AssessmentInput) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Every place that names a factor: path, factor id, units that fit."""
    for index, delivery in enumerate(parsed.deliveries):
        for number, leg in enumerate(delivery.legs):
            yield f"deliveries.{index}.legs.{number}.factor", leg.factor, PER_TONNE_KM
    yield "disposal.factor", parsed.disposal.factor, PER_TONNE
    yield "displaced.factor", parsed.displaced.factor, PER_TONNE
    yield "reprocessing.factor", parsed.reprocessing.factor, PER_TONNE
    if parsed.rejects_factor is not None:
        yield "rejects.factor", parsed.rejects_factor, PER_TONNE
    if parsed.disposal_transport is not None:
        yield "disposal_transport.factor", parsed.disposal_transport.factor, PER_TONNE_KM
    if parsed.displaced_transport is not None:
        yield "displaced_transport.factor", parsed.displaced_transport.factor, PER_TONNE_KM
    if parsed.biogenic is not None:
        yield "biogenic.factor", parsed.biogenic.factor, PER_TONNE
    if parsed.default_mode is not None:
        yield "default_mode", parsed.default_mode, PER_TONNE_KM


def _used_factors(parsed: AssessmentInput, factors: RawFactors) -> dict[str, Factor]:
    used = dict.fromkeys(factor for _path, factor, _units in _references(parsed))
    return {factor: _factor(factor, factors[factor]) for factor in used}


def _factor(factor: str, raw: object) -> Factor:
    path = f"factors.{factor}"
    row = mapping_at(path, raw)
    value = decimal_at(f"{path}.value", row.get("value"))
    gsd = _gsd(f"{path}.gsd", row.get("gsd"))
    unit = row.get("unit")
    if not isinstance(unit, str):
        raise InputError(f"{path}.unit", "must be a unit such as kgCO2e/t")
    return Factor(id=factor, value=value, unit=unit, gsd=gsd, version=str(row.get("version", "")))


def _check_units(parsed: AssessmentInput, table: Mapping[str, Factor]) -> None:
    """A factor of another dimension would give a number that looks right; zero has none."""
    for path, factor, units in _references(parsed):
        if table[factor].unit not in units and table[factor].value != 0:
            raise InputError(path, f"is in {table[factor].unit}, needs {' or '.join(sorted(units))}")
