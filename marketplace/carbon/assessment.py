"""The result of one assessment and its wire form (METHOD §9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marketplace.carbon.decimals import exact, round_micro
from marketplace.carbon.values import Factor

COMPONENTS = (
    "disposal",
    "disposal_transport",
    "displaced",
    "displaced_transport",
    "reprocessing",
    "transport",
    "rejects",
)


@dataclass(frozen=True, slots=True)
class SpecificVariance:
    """Variances that belong to one entry alone, unrounded, in kg² CO2e (METHOD §4)."""

    substitution: Decimal
    km: Decimal
    mass: Decimal

    @property
    def sum(self) -> Decimal:
        with exact():
            return self.substitution + self.km + self.mass


@dataclass(frozen=True, slots=True)
class Assessment:
    """Avoided emissions of one exchange or settled period.

    Reported, rounded to 0.001 kg half to even: ``net_kgco2e``, ``low_kgco2e``, ``high_kgco2e``, ``components``
    (all seven, in the order of METHOD §2), ``shares`` (by party, adding up to net), ``biogenic_kgco2`` (None where
    nothing biogenic is declared); ``break_even_km`` to 0.1 km. Stored, rounded to 1e-6: ``sensitivities`` (``S_j`` by
    factor id, kg CO2e) and ``specific_variance`` (kg² CO2e). The ``exact_…`` figures, ``specific`` and ``factors`` are
    what totals are made of.
    """

    net_kgco2e: Decimal
    low_kgco2e: Decimal
    high_kgco2e: Decimal
    components: Mapping[str, Decimal]
    break_even_km: Decimal | None
    shares: Mapping[str, Decimal]
    biogenic_kgco2: Decimal | None
    accepted_wet_t: Decimal
    accepted_dry_t: Decimal
    exact_net: Decimal
    exact_components: Mapping[str, Decimal]
    exact_sensitivities: Mapping[str, Decimal]
    specific: SpecificVariance
    factors: Mapping[str, Factor]

    @property
    def sensitivities(self) -> dict[str, Decimal]:
        return {factor: round_micro(kgco2e) for factor, kgco2e in self.exact_sensitivities.items()}

    @property
    def specific_variance(self) -> Decimal:
        return round_micro(self.specific.sum)

    def to_dict(self) -> dict[str, Any]:
        """The keys of a case's ``expect``: decimal strings, None for no break-even, biogenic only if declared."""
        figures: dict[str, Any] = {
            "net_kgco2e": str(self.net_kgco2e),
            "low_kgco2e": str(self.low_kgco2e),
            "high_kgco2e": str(self.high_kgco2e),
            "components": {name: str(kgco2e) for name, kgco2e in self.components.items()},
            "break_even_km": None if self.break_even_km is None else str(self.break_even_km),
            "shares": {party: str(kgco2e) for party, kgco2e in self.shares.items()},
        }
        if self.biogenic_kgco2 is not None:
            figures["biogenic_kgco2"] = str(self.biogenic_kgco2)
        return figures
