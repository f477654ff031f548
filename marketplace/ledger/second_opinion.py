"""How sure a figure is: a seeded Monte Carlo beside the interval, and which input the doubt comes from (METHOD §4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from marketplace.carbon.method import assess
from marketplace.carbon.uncertainty import is_skewed, monte_carlo, variance_shares
from marketplace.ledger.assessing import raw_factors
from marketplace.web.pictures import BarRow, bar_rows


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """Bounds of the simulation in kg CO2e; `is_skewed`: one differs by more than a tenth of the interval's width."""

    low_kgco2e: Decimal
    high_kgco2e: Decimal
    is_skewed: bool
    rows: Sequence[BarRow]


def second_opinion(body: Mapping[str, Any], language: str) -> SecondOpinion | None:
    """Recomputed from the entry alone, the same each time; None for a reversal, which has no inputs of its own."""
    if "inputs" not in body:
        return None
    factors = raw_factors(body["factors"])
    assessment = assess(body["inputs"], factors)
    low, _median, high = monte_carlo(body["inputs"], factors)
    shares = variance_shares(assessment)
    rows = bar_rows([(_label(name, body["factors"], language), share * 100) for name, share in shares])
    linear = (assessment.low_kgco2e, assessment.high_kgco2e)
    return SecondOpinion(low, high, is_skewed(linear, (low, high)), rows)


def _label(name: str, factors: Mapping[str, Mapping[str, Any]], language: str) -> str:
    if name in factors:
        factor = factors[name]
        return str((factor.get("name_zh") if language == "zh" else "") or factor.get("name_en") or name)
    return {
        "substitution": gettext("how much it replaces"),
        "km": gettext("the distances"),
        "mass": gettext("the weighing"),
    }.get(name, name)
