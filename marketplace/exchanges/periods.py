"""The periods of a recurring exchange: whole calendar months or quarters in Shanghai's days (METHOD §2). Pure."""

import enum
from datetime import date

from marketplace.carbon.values import Period

MOST_PERIODS = 60


class Recurrence(enum.StrEnum):
    """How often an exchange is settled."""

    ONCE = "once"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


_MONTHS = {Recurrence.MONTHLY: 1, Recurrence.QUARTERLY: 3}


def period_at(recurrence: Recurrence, day: date) -> Period:
    """The month or quarter in which a day lies.

    Raises:
        KeyError: what happens once has no periods.
    """
    length = _MONTHS[recurrence]
    start = date(day.year, (day.month - 1) // length * length + 1, 1)
    return Period(start, _later(start, length))


def periods_between(recurrence: Recurrence, first: date, last: date) -> list[Period]:
    """All periods from that of the first day to that of the last; none for what happens once."""
    if recurrence is Recurrence.ONCE:
        return []
    found = [period_at(recurrence, first)]
    while found[-1].end <= last:
        found.append(period_at(recurrence, found[-1].end))
    return found


def period_code(period: Period) -> str:
    """The same in every language: 2026-07, or 2026-Q3."""
    start = period.start
    if period.end == _later(start, 1):
        return f"{start:%Y-%m}"
    return f"{start.year}-Q{(start.month + 2) // 3}"


def _later(start: date, months: int) -> date:
    month = start.month - 1 + months
    return date(start.year + month // 12, month % 12 + 1, 1)
