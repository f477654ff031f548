"""Figures of a pair beside its score: how the quantities fit, and what a tonne avoided costs. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal


@dataclass(frozen=True, slots=True)
class QuantityFit:
    """Tonnes per month of both sides; `share` is the smaller over the larger, 0 to 1."""

    offered_t: Decimal
    wanted_t: Decimal

    @property
    def share(self) -> float:
        larger = max(self.offered_t, self.wanted_t)
        return float(min(self.offered_t, self.wanted_t) / larger) if larger > 0 else 0.0

    @property
    def is_enough(self) -> bool:
        """Whether the offer covers the want."""
        return self.offered_t >= self.wanted_t


def cost_cny_per_t_avoided(price_cny_per_t: Decimal | None, net_kgco2e_per_t: float | None) -> Decimal | None:
    """What the receiver pays for the material per tonne CO2e avoided, freight not counted.

    Args:
        price_cny_per_t: per tonne of the material; negative when the supplier pays.
        net_kgco2e_per_t: kg CO2e avoided per tonne of the material after transport.

    Returns:
        CNY per tonne CO2e, rounded to whole yuan; None without a price or without a benefit.
    """
    if price_cny_per_t is None or net_kgco2e_per_t is None or net_kgco2e_per_t <= 0:
        return None
    per_t = price_cny_per_t * 1000 / Decimal(str(net_kgco2e_per_t))
    return per_t.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
