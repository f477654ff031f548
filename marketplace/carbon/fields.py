"""Single fields of a raw document, each checked under its path (METHOD §8)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.carbon.errors import InputError

# ASCII only: Decimal() itself would take "１２", "1_000" and " 5 ".
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MAX_LENGTH = 64
_MAX_MAGNITUDE = 15
_MAX_PLACES = 30


def decimal_at(path: str, raw: object) -> Decimal:
    """A finite decimal number written as a string (or a whole JSON number).

    Raises:
        InputError: float, bool, NaN, infinity, more than 15 digits before or 30 after the point.
    """
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**_MAX_MAGNITUDE:
        return Decimal(raw)
    if not isinstance(raw, str) or len(raw) > _MAX_LENGTH or not _NUMBER.fullmatch(raw):
        raise InputError(path, "must be a decimal number written as a string")
    number = Decimal(raw)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_MAX_PLACES or number.adjusted() > _MAX_MAGNITUDE:
        raise InputError(path, f"must have at most {_MAX_MAGNITUDE} digits before and {_MAX_PLACES} after the point")
    return number


def positive_at(path: str, raw: object) -> Decimal:
    number = decimal_at(path, raw)
    if number <= 0:
        raise InputError(path, "must be greater than 0")
    return number


def between_at(path: str, raw: object, low: Decimal, high: Decimal | None = None) -> Decimal:
    """A number from ``low`` to ``high``, both included; ``high`` None means no upper bound."""
    number = decimal_at(path, raw)
    if number < low:
        raise InputError(path, f"must be at least {low}")
    if high is not None and number > high:
        raise InputError(path, f"must be at most {high}")
    return number


def date_at(path: str, raw: object) -> date:
    if not isinstance(raw, str) or not _DATE.fullmatch(raw):
        raise InputError(path, "must be a date as YYYY-MM-DD")
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise InputError(path, "is not a day of the calendar") from None


def mapping_at(path: str, raw: object) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise InputError(path, "must be an object")
    return raw


def sequence_at(path: str, raw: object) -> Sequence[Any]:
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        raise InputError(path, "must be a list")
    return raw


def factor_at(path: str, raw: object, factors: Mapping[str, Any]) -> str:
    """The id of a factor that the table of factors holds."""
    if not isinstance(raw, str) or raw not in factors:
        raise InputError(path, "names no known factor")
    return raw
