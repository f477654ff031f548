"""The values an assessment is made of (METHOD §2); tonnes, kilometres, fractions of mass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from marketplace.carbon.decimals import ONE, exact


class Basis(StrEnum):
    """Whether a factor is per tonne as weighed or per tonne of dry matter."""

    WET = "wet"
    DRY = "dry"


@dataclass(frozen=True, slots=True)
class Factor:
    """An emission factor: lognormal, median ``value``, geometric standard deviation ``gsd`` ≥ 1."""

    id: str
    value: Decimal
    unit: str
    gsd: Decimal
    version: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of transport by one mode; ``factor`` is a factor's id in kgCO2e/tkm."""

    km: Decimal
    factor: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One weighing: tonnes wet, of them rejected, moisture as a fraction 0–1, date in Asia/Shanghai."""

    wet_t: Decimal
    reject_t: Decimal
    moisture: Decimal
    weighed_on: date
    legs: tuple[Leg, ...]

    @property
    def accepted_wet_t(self) -> Decimal:
        with exact():
            return self.wet_t - self.reject_t

    @property
    def accepted_dry_t(self) -> Decimal:
        with exact():
            return (self.wet_t - self.reject_t) * (ONE - self.moisture)

    def mass_t(self, basis: Basis) -> Decimal:
        """Accepted mass ``M_i`` on a basis."""
        return self.accepted_wet_t if basis is Basis.WET else self.accepted_dry_t


@dataclass(frozen=True, slots=True)
class Treatment:
    """A factor in kgCO2e (or kgCO2) per tonne, applied to the accepted mass on a basis."""

    factor: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Displaced:
    """The product not made: ``substitution`` t per t of material, ``quality`` in (0, 1]."""

    factor: str
    basis: Basis
    substitution: Decimal
    quality: Decimal
    substitution_gsd: Decimal


@dataclass(frozen=True, slots=True)
class Period:
    """A settled period: ``start`` ≤ weighed_on < ``end``."""

    start: date
    end: date

    def holds(self, day: date) -> bool:
        return self.start <= day < self.end


@dataclass(frozen=True, slots=True)
class AssessmentInput:
    """Everything METHOD §2 names, checked; factors by id."""

    deliveries: tuple[Delivery, ...]
    disposal: Treatment
    displaced: Displaced
    reprocessing: Treatment
    rejects_factor: str | None
    disposal_transport: Leg | None
    displaced_transport: Leg | None
    biogenic: Treatment | None
    default_mode: str | None
    period: Period | None
    attribution: Mapping[str, Decimal]
    mass_gsd: Decimal
    km_gsd: Decimal

    @property
    def settled_deliveries(self) -> tuple[Delivery, ...]:
        """The deliveries of the period, or all where there is none."""
        if self.period is None:
            return self.deliveries
        return tuple(d for d in self.deliveries if self.period.holds(d.weighed_on))
