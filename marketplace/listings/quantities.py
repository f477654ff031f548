"""Tonnes over the whole availability of a listing. Pure."""

from datetime import date
from decimal import Decimal

from marketplace.listings.models import Rhythm

_DAYS = {
    Rhythm.DAY: Decimal(1),
    Rhythm.WEEK: Decimal(7),
    Rhythm.MONTH: Decimal("30.4375"),
    Rhythm.YEAR: Decimal("365.25"),
}


def total_t(quantity_t: Decimal, rhythm: Rhythm, available_from: date, available_until: date) -> Decimal:
    """Tonnes from the first to the last day, both included; never less than one period's quantity.

    Args:
        quantity_t: tonnes per period (or once).
    """
    if rhythm is Rhythm.ONCE:
        return quantity_t
    days = Decimal((available_until - available_from).days + 1)
    periods = max(Decimal(1), days / _DAYS[rhythm])
    return (quantity_t * periods).quantize(Decimal("0.000001"))


def monthly_t(quantity_t: Decimal, rhythm: Rhythm) -> Decimal:
    """Tonnes per month of a rhythm; a single quantity counts as one month's."""
    if rhythm is Rhythm.ONCE:
        return quantity_t
    return quantity_t * _DAYS[Rhythm.MONTH] / _DAYS[rhythm]
