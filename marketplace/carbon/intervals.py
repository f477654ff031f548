"""The 95 % interval around a net figure (METHOD §4)."""

from __future__ import annotations

from decimal import Decimal

from marketplace.carbon.decimals import exact, round_kg

# METHOD §4: the 97.5 % quantile of the standard normal distribution.
Z_95 = Decimal("1.959963984540054")


def interval(net: Decimal, variance: Decimal) -> tuple[Decimal, Decimal]:
    """Lower and upper bound, rounded to 0.001 kg.

    Args:
        net: kg CO2e, not rounded.
        variance: kg² CO2e, ≥ 0.
    """
    with exact():
        reach = Z_95 * variance.sqrt()
        return round_kg(net - reach), round_kg(net + reach)
