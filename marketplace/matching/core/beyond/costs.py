"""What moving and avoiding cost: documented assumptions, replaced by a real quotation when the terms are made. Pure.

Prices of haulage are private and change by the week, so there is no public factor to cite. The two figures stand for
a full 30 t truck on short hauls in the delta and are of the order of published freight offers there (2023-2025). They
rank alternatives; they are no quotation.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

TRUCK_CNY_PER_TKM = Decimal("0.50")  # own assumption, fuel, toll and driver included
LOADING_CNY_PER_T = Decimal("12")  # own assumption: loading, weighing and unloading once
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Abatement:
    """What one tonne of material costs on arrival and what one tonne of CO2e avoided by it costs.

    `cny_per_tco2e` is None when nothing is avoided; `has_price` is false when the parties still have to agree one,
    and then only the way is counted.
    """

    cny_per_t: Decimal
    cny_per_tco2e: Decimal | None
    has_price: bool


def transport_cny_per_t(distance_km: float) -> Decimal:
    """Loading once and the way by truck, CNY per tonne.

    Raises:
        ValueError: the distance is negative.
    """
    if distance_km < 0:
        raise ValueError(f"a distance cannot be negative, got {distance_km}")
    return (LOADING_CNY_PER_T + TRUCK_CNY_PER_TKM * Decimal(repr(distance_km))).quantize(_CENT, ROUND_HALF_UP)


def abatement(price_cny_per_t: Decimal | None, distance_km: float, net_avoided_kgco2e_per_t: float | None) -> Abatement:
    """The price and the way of a match against what it avoids, both per tonne of the offer; taxes left out.

    The price may be negative (the supplier pays). What the replaced product would have cost is not subtracted: nobody
    has told us that price.
    """
    cost = (price_cny_per_t or Decimal(0)) + transport_cny_per_t(distance_km)
    per_tonne = None
    if net_avoided_kgco2e_per_t is not None and net_avoided_kgco2e_per_t > 0:
        per_tonne = (cost * 1000 / Decimal(repr(net_avoided_kgco2e_per_t))).quantize(Decimal(1), ROUND_HALF_UP)
    return Abatement(cost, per_tonne, price_cny_per_t is not None)
