"""What an entry says of times, factors and the entry that it reverses, against what it may say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from marketplace.calendar import SHANGHAI
from marketplace.ledger.entries import booked_month, month_of, reversal_body

CLOCKS_DIFFER_BY = timedelta(minutes=5)

Published = Mapping[tuple[str, str], tuple[str, str, str]]


def time_fault(body: Mapping[str, Any], before: str) -> str | None:
    """What is wrong with the time of recording, or with the month that the entry counts for.

    Args:
        before: the latest `recorded_at` of earlier entries, empty where there is none.
    """
    at = body["recorded_at"]
    if at[26:] != "Z":
        return f"recorded at {at}, which is no time in UTC to the microsecond"
    if at < before and datetime.fromisoformat(before) - datetime.fromisoformat(at) > CLOCKS_DIFFER_BY:
        return f"recorded at {at}, before its neighbour ({before})"
    if body["kind"] != "assessment":
        return None
    period = body["inputs"].get("period")
    if period is None:
        month = _month_with(at[:13])
    else:
        moment = datetime.fromisoformat(at)
        month = str(booked_month(body["inputs"], moment))
        if moment.astimezone(SHANGHAI).date() < date.fromisoformat(period["to"]):
            return f"recorded at {at}, before its period ended ({period['to']})"
    if month != body["month"]:
        return f"recorded at {at}, but counted for {body['month']}"
    return None


@lru_cache(maxsize=64)
def _month_with(hour: str) -> str:
    """The month, as Shanghai counts it, in which an hour of UTC lies."""
    return str(month_of(datetime.fromisoformat(hour + ":00Z")))


def factor_fault(copies: Mapping[str, Mapping[str, str]], published: Published) -> str | None:
    """Which factor of an entry is not as it was published."""
    for name, copy in copies.items():
        made_with = (copy["value"], copy["unit"], copy["gsd"])
        found = published.get((name, copy["version"]))
        if found != made_with:
            return f"factor {name} version {copy['version']} is {found} as published, the entry was made with " \
                   f"{made_with}"  # fmt: skip
    return None


def reversal_fault(
    body: Mapping[str, Any], original: Mapping[str, Any] | None, position: int, reverses: int
) -> str | None:
    """What is wrong with a reversal.

    Args:
        original: the earlier entry `reverses`; None where there is none.
    """
    if original is None or original["kind"] != "assessment":
        return f"reverses entry {reverses}, which is no earlier assessment"
    at = datetime.fromisoformat(body["recorded_at"])
    wanted = reversal_body(position, original, body["reason"], at) | {"format": body["format"]}
    if body != wanted:
        name = next(n for n in sorted(wanted.keys() | body.keys()) if wanted.get(n) != body.get(n))
        return f"its {name} is not that of entry {reverses} with its signs turned"
    return None
