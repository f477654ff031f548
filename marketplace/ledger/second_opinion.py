"""How sure a figure is: a seeded Monte Carlo beside the interval (METHOD §4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marketplace.carbon.method import assess
from marketplace.carbon.uncertainty import is_skewed, monte_carlo
from marketplace.ledger.assessing import raw_factors


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """Bounds of the simulation in kg CO2e; `is_skewed`: one differs by more than a tenth of the interval's width."""

    low_kgco2e: Decimal
    high_kgco2e: Decimal
    is_skewed: bool


def second_opinion(body: Mapping[str, Any]) -> SecondOpinion | None:
    """Recomputed from the entry alone, the same each time; None for a reversal, which has no inputs of its own."""
    if "inputs" not in body:
        return None
    factors = raw_factors(body["factors"])
    assessment = assess(body["inputs"], factors)
    low, _median, high = monte_carlo(body["inputs"], factors)
    linear = (assessment.low_kgco2e, assessment.high_kgco2e)
    return SecondOpinion(low, high, is_skewed(linear, (low, high)))
