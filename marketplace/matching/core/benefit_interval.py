"""The 95 % interval around a match's net figure: the ledger's own method for one tonne (METHOD.md §4). Pure.

A tonne is a tonne here: the spread of a weighbridge belongs to deliveries, hence the masses are certain.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from marketplace.carbon.baselines import baseline_for
from marketplace.carbon.library import TRANSPORT_FACTOR_BY_MODE, library
from marketplace.carbon.method import assess
from marketplace.carbon.resolution import NO_STEP, SHANGHAI, resolve_wanted
from marketplace.matching.core.knowledge import Application

SUGGESTED_DISTANCE_GSD = "1.1"  # a way suggested from two points, as the ledger assumes
DAY = date(2026, 1, 1)  # of the imagined delivery: factors of later years are not for it


@dataclass(frozen=True, slots=True)
class NetInterval:
    """kg CO2e avoided per tonne of the offer after transport, with the 95 % bounds."""

    net: Decimal
    low: Decimal
    high: Decimal


@lru_cache(maxsize=4096)
def net_interval(application: Application, distance_km: Decimal, is_waste: bool = True) -> NetInterval:
    """What a documented use avoids per tonne after a haul by truck, with its 95 % interval.

    Args:
        application: names the factors and the substitution ratio with its geometric standard deviation.
        distance_km: one way, ≥ 0.
        is_waste: whether its disposal is avoided (METHOD.md §1).

    Raises:
        InputError: the distance is negative or not finite.
    """
    truck = TRANSPORT_FACTOR_BY_MODE["truck"]
    disposal = baseline_for(application.material).disposal_factor if is_waste else NO_STEP
    inputs: dict[str, Any] = {
        "deliveries": [
            {
                "wet_t": "1",
                "reject_t": "0",
                "moisture": "0",
                "weighed_on": DAY.isoformat(),
                "legs": [{"km": f"{distance_km:f}", "factor": truck}],
            }
        ],
        "disposal": {"factor": disposal},
        "displaced": _displaced(application),
        "reprocessing": {"factor": application.reprocessing_factor},
        "basis": {"disposal": "wet", "displaced": "wet", "reprocessing": "wet"},
        "default_mode": truck,
        "km_gsd": SUGGESTED_DISTANCE_GSD,
    }
    names = {truck, disposal, inputs["displaced"]["factor"], application.reprocessing_factor}
    figure = assess(inputs, {name: _factor_here(name) for name in names})
    return NetInterval(figure.net_kgco2e, figure.low_kgco2e, figure.high_kgco2e)


def _factor_here(name: str) -> dict[str, str]:
    """What the ledger would take in Shanghai where no site has measured: a foreign figure with its wider spread."""
    return resolve_wanted(name, library(), province=SHANGHAI, on=DAY).factor.to_raw()


def _displaced(application: Application) -> dict[str, str]:
    if application.substitution_ratio is None:
        return {"factor": NO_STEP, "substitution": "0"}
    return {
        "factor": application.displaced_factor,
        "substitution": f"{application.substitution_ratio:f}",
        "substitution_gsd": f"{application.substitution_gsd:f}",
    }
