"""The periods of a recurring exchange as its page lists them: what is closed, what is open, who has to confirm."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from marketplace.calendar import today
from marketplace.carbon.values import Period
from marketplace.exchanges import settling
from marketplace.exchanges.models import Delivery, Exchange, Side
from marketplace.exchanges.state import is_ready
from marketplace.ledger.models import LedgerEntry


class PeriodStanding(enum.StrEnum):
    """Where a period stands today."""

    SETTLED = "settled"
    DUE = "due"
    OVER = "over"
    RUNNING = "running"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One period. `entry` once it is settled; `missing`: whose confirmation a due one waits for."""

    period: Period
    standing: PeriodStanding
    deliveries: list[Delivery]
    entry: LedgerEntry | None
    missing: list[Side]

    @property
    def delivered_t(self) -> Decimal:
        return sum((d.net_t for d in self.deliveries), Decimal(0))


def period_rows(exchange: Exchange, entries: Mapping[int, LedgerEntry]) -> list[PeriodRow]:
    """Every period of the terms, oldest first; none for an exchange that is settled once."""
    due = settling.open_period(exchange) if is_ready(exchange) else None
    missing = [side for side in Side if not exchange.is_confirmed_by(side)]
    rows = []
    for period in settling.schedule(exchange):
        settled = settling.settled_at(exchange, period.start)
        rows.append(
            PeriodRow(
                period=period,
                standing=PeriodStanding.SETTLED if settled else _standing(period, due),
                deliveries=[d for d in exchange.counted_deliveries if period.holds(d.weighed_on)],
                entry=entries.get(settled.position) if settled else None,
                missing=missing if period == due else [],
            )
        )
    return rows


def _standing(period: Period, due: Period | None) -> PeriodStanding:
    if period == due:
        return PeriodStanding.DUE
    if period.end <= today():
        return PeriodStanding.OVER
    return PeriodStanding.RUNNING if period.start <= today() else PeriodStanding.AHEAD
