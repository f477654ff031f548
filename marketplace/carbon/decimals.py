"""Decimal arithmetic of the method: one context, three roundings (METHOD §3)."""

from __future__ import annotations

import decimal
from contextlib import AbstractContextManager
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import lru_cache

# METHOD §3 asks for at least 60 digits; FloatOperation makes any float that slips in an error.
_EXACT = Context(
    prec=80,
    rounding=ROUND_HALF_EVEN,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.FloatOperation],
)

ZERO = Decimal(0)
ONE = Decimal(1)

_KG = Decimal("0.001")
_TENTH_KM = Decimal("0.1")
_MICRO = Decimal("0.000001")


def exact() -> AbstractContextManager[Context]:
    """The method's context for a ``with`` block; the thread's own context is left alone."""
    return localcontext(_EXACT)


def round_kg(kgco2e: Decimal) -> Decimal:
    """To 0.001 kg, half to even, never a negative zero."""
    return _quantized(kgco2e, _KG)


def round_km(km: Decimal) -> Decimal:
    """To 0.1 km, half to even."""
    return _quantized(km, _TENTH_KM)


def round_micro(number: Decimal) -> Decimal:
    """To 1e-6, half to even: what is stored of sensitivities and variances."""
    return _quantized(number, _MICRO)


@lru_cache(maxsize=4096)
def ln(gsd: Decimal) -> Decimal:
    """Natural logarithm of a geometric standard deviation."""
    with exact():
        return gsd.ln()


def variance_of(sensitivity: Decimal, gsd: Decimal) -> Decimal:
    """``(S · ln g)²`` of one input (METHOD §4), in kg² CO2e."""
    with exact():
        deviation = sensitivity * ln(gsd)
        return deviation * deviation


def _quantized(number: Decimal, step: Decimal) -> Decimal:
    with exact():
        return number.quantize(step) + ZERO
