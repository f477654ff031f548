"""Whether the scenario behind a figure is plausible (METHOD §1, §6): what a person must look at first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from marketplace.carbon.assessment import Assessment
from marketplace.carbon.baselines import Baseline
from marketplace.carbon.decimals import exact, round_kg
from marketplace.carbon.method import assess
from marketplace.carbon.resolution import NO_STEP

# What taking a tonne of industrial waste away costs in Shanghai, in order of magnitude (own judgement): who is paid
# more for a material would hardly have had it taken away.
PRODUCT_PRICE_CNY_PER_T = Decimal(200)
USUAL_WAYS_KM = ("0", "300")


class Concern(StrEnum):
    """Why a figure waits for an officer."""

    OUTSIDE_RANGE = "outside_range"
    PRICED_AS_PRODUCT = "priced_as_product"
    SAME_LOAD = "same_load"


@dataclass(frozen=True, slots=True)
class Finding:
    """A concern with its facts, as strings by name."""

    concern: Concern
    facts: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """As it is stored."""
        return {"concern": self.concern.value, "facts": dict(self.facts)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Finding:
        """What `to_dict` gave."""
        return cls(Concern(stored["concern"]), stored["facts"])


@dataclass(frozen=True, slots=True)
class Use:
    """One documented use, in the method's words; ``substitution`` 0 where nothing is displaced."""

    displaced_factor: str
    substitution: Decimal
    substitution_gsd: Decimal
    reprocessing_factor: str


NO_USE = Use(NO_STEP, Decimal(0), Decimal(1), NO_STEP)


@dataclass(frozen=True, slots=True)
class PlausibleRange:
    """What a use of a material gives, kg CO2e per tonne, wet."""

    low: Decimal
    high: Decimal

    def is_far_from(self, kgco2e_per_t: Decimal) -> bool:
        """Beyond an end by more than a quarter of the width."""
        margin = (self.high - self.low) / 4
        return not self.low - margin <= kgco2e_per_t <= self.high + margin


def plausible_range(
    baseline: Baseline, use: Use, truck_factor: str, factors: Mapping[str, Mapping[str, Any]]
) -> PlausibleRange:
    """With and without avoided disposal, next door and 300 km away by lorry, at the 95 % bounds."""
    assessments = [
        assess(_one_tonne(baseline, use, disposal, km, truck_factor), factors)
        for disposal in (baseline.disposal_factor, NO_STEP)
        for km in USUAL_WAYS_KM
    ]
    return PlausibleRange(min(a.low_kgco2e for a in assessments), max(a.high_kgco2e for a in assessments))


def outside_range(assessment: Assessment, weighed_t: Decimal, span: PlausibleRange) -> Iterator[Finding]:
    """A figure per tonne accepted (weighed, if all was rejected) that the use does not explain."""
    tonnes = assessment.accepted_wet_t or weighed_t
    if tonnes <= 0:
        return
    with exact():
        per_t = round_kg(assessment.exact_net / tonnes)
    if span.is_far_from(per_t):
        yield Finding(Concern.OUTSIDE_RANGE, {"per_t": str(per_t), "low": str(span.low), "high": str(span.high)})


def priced_as_product(assessment: Assessment, price_cny_per_t: Decimal) -> Iterator[Finding]:
    """Avoided disposal is claimed for what is paid like a product: it was hardly thrown away before."""
    if assessment.components["disposal"] != 0 and price_cny_per_t > PRODUCT_PRICE_CNY_PER_T:
        facts = {"price": f"{price_cny_per_t:f}", "usual": f"{PRODUCT_PRICE_CNY_PER_T:f}"}
        yield Finding(Concern.PRICED_AS_PRODUCT, facts)


def _one_tonne(baseline: Baseline, use: Use, disposal: str, km: str, truck_factor: str) -> dict[str, Any]:
    leg = {"km": km, "factor": truck_factor}
    return {
        "deliveries": [
            {"wet_t": "1", "reject_t": "0", "moisture": "0", "weighed_on": "2026-01-01", "legs": [leg]},
        ],
        "disposal": {"factor": disposal},
        "displaced": {
            "factor": use.displaced_factor,
            "substitution": f"{use.substitution:f}",
            "substitution_gsd": f"{use.substitution_gsd:f}",
        },
        "reprocessing": {"factor": use.reprocessing_factor},
        "basis": {"disposal": baseline.basis.value, "displaced": "wet", "reprocessing": "wet"},
    }
