"""How far a material may travel before transport eats the benefit (METHOD §5)."""

from __future__ import annotations

from decimal import Decimal

from marketplace.carbon.decimals import exact, round_km


def break_even_km(benefit_kgco2e_per_t: Decimal, transport_kgco2e_per_tkm: Decimal) -> Decimal | None:
    """Distance at which transport eats the whole benefit.

    Args:
        benefit_kgco2e_per_t: net benefit before transport, kg CO2e per tonne weighed; may be negative.
        transport_kgco2e_per_tkm: well-to-wheel factor of the mode (ISO 14083), > 0.

    Returns:
        Kilometres, one way, rounded to 0.1; None if there is no benefit to begin with.

    Raises:
        ValueError: the transport factor is not positive.
    """
    if transport_kgco2e_per_tkm <= 0:
        raise ValueError(f"transport factor must be positive, got {transport_kgco2e_per_tkm}")
    if benefit_kgco2e_per_t <= 0:
        return None
    with exact():
        return round_km(benefit_kgco2e_per_t / transport_kgco2e_per_tkm)


def mean_transport_factor(transport_kgco2e: Decimal, tonne_km: Decimal, default: Decimal | None) -> Decimal | None:
    """``T̄``: kg CO2e per tkm over the legs driven, or the default mode's without any.

    Args:
        transport_kgco2e: what transport emitted, ≥ 0 for positive factors.
        tonne_km: ``ΣΣ km·m``, ≥ 0.
        default: factor of the default mode, kgCO2e/tkm, if there is one.
    """
    if tonne_km == 0:
        return default
    with exact():
        return transport_kgco2e / tonne_km
