"""Totals of the district, read from the rollups."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select

from marketplace.accounts.models import Enterprise, EnterpriseState, Park
from marketplace.carbon.totals import combine
from marketplace.extensions import db
from marketplace.ledger.models import Dimension, LedgerEntry, Rollup, RollupFactor
from marketplace.materials.taxonomy import taxonomy

SMALLEST_GROUP = 3  # a public cell stands for at least so many enterprises


@dataclass(frozen=True, slots=True)
class Period:
    """Months, first and last included; None is open."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """Sums of one key. The interval is that of METHOD.md §4: shared factors add before they are squared."""

    key: str
    label: str
    net_kgco2e: Decimal
    low_kgco2e: Decimal
    high_kgco2e: Decimal
    supplied_t: Decimal
    received_t: Decimal
    value_cny: Decimal
    exchanges: int


@dataclass(frozen=True, slots=True)
class Flow:
    """Tonnes from one park to another."""

    supplier_park_id: int
    receiver_park_id: int
    accepted_t: Decimal
    net_kgco2e: Decimal


def totals(dimensions: Sequence[Dimension], period: Period, language: str) -> dict[Dimension, list[Total]]:
    """One total per key of each dimension, largest avoided emissions first; few statements, however many rows."""
    rows = db.session.execute(
        select(
            Rollup.dimension,
            Rollup.key,
            func.sum(Rollup.net_kgco2e),
            func.sum(Rollup.supplied_t),
            func.sum(Rollup.received_t),
            func.sum(Rollup.value_cny),
            func.sum(Rollup.exchanges),
            func.sum(Rollup.specific_variance),
        )
        .where(Rollup.dimension.in_(dimensions), *in_months(Rollup.month, period))
        .group_by(Rollup.dimension, Rollup.key)
    ).all()
    sensitivities = _sensitivities(dimensions, period)
    names = {dimension: _names(dimension, language) for dimension in dimensions}
    found: dict[Dimension, list[Total]] = {dimension: [] for dimension in dimensions}
    for dimension, key, net, supplied, received, value, exchanges, variance in rows:
        low, high = combine(net, sensitivities[dimension, key], variance)
        label = names[dimension].get(key, key)
        found[dimension].append(Total(key, label, net, low, high, supplied, received, value, int(exchanges)))
    for rows_of_one in found.values():
        rows_of_one.sort(key=lambda t: (-t.net_kgco2e, t.key))
    return found


def total_of(found: Sequence[Total], key: str = "all") -> Total:
    """The total of one key; zero when nothing was recorded."""
    zero = Decimal(0)
    nothing = Total(key, "", zero, zero, zero, zero, zero, zero, 0)
    return next((t for t in found if t.key == key), nothing)


def by_month(dimension: Dimension, key: str, period: Period) -> list[tuple[date, Total]]:
    """One total per month of one key, oldest first; months without entries are left out."""
    cell = (Rollup.dimension == dimension, Rollup.key == key, *in_months(Rollup.month, period))
    rows = db.session.scalars(select(Rollup).where(*cell).order_by(Rollup.month))
    factor_cell = (RollupFactor.dimension == dimension, RollupFactor.key == key, *in_months(RollupFactor.month, period))
    factors: dict[date, dict[str, tuple[Decimal, Decimal]]] = defaultdict(dict)
    for f in db.session.scalars(select(RollupFactor).where(*factor_cell)):
        factors[f.month][f"{f.factor_id}@{f.factor_version}"] = (f.sensitivity_kgco2e, f.gsd)
    found = []
    for r in rows:
        low, high = combine(r.net_kgco2e, factors[r.month], r.specific_variance)
        total = Total(r.key, "", r.net_kgco2e, low, high, r.supplied_t, r.received_t, r.value_cny, r.exchanges)
        found.append((r.month, total))
    return found


def flows(period: Period) -> list[Flow]:
    """Tonnes and avoided emissions from park to park."""
    rows = db.session.execute(
        select(
            LedgerEntry.supplier_park_id,
            LedgerEntry.receiver_park_id,
            func.sum(LedgerEntry.accepted_t),
            func.sum(LedgerEntry.net_kgco2e),
        )
        .where(*in_months(LedgerEntry.month, period))
        .group_by(LedgerEntry.supplier_park_id, LedgerEntry.receiver_park_id)
    )
    return [Flow(*row) for row in rows]


def months() -> tuple[date, date] | None:
    """The first and the last month with an entry."""
    first, last = db.session.execute(
        select(func.min(Rollup.month), func.max(Rollup.month)).where(Rollup.dimension == Dimension.ALL)
    ).one()
    return (first, last) if first else None


def public_totals(dimension: Dimension, period: Period, language: str) -> tuple[list[Total], int]:
    """Totals that reveal no single enterprise, and how many keys are withheld.

    A key is shown when at least three enterprises stand behind it. When exactly one key would be withheld, the
    smallest shown one is withheld too: else the missing one could be had by subtraction.
    """
    shown: list[Total] = []
    withheld: list[Total] = []
    parties = _parties_by_key(dimension, period)
    for total in totals([dimension], period, language)[dimension]:
        (shown if len(parties.get(total.key, ())) >= SMALLEST_GROUP else withheld).append(total)
    if len(withheld) == 1 and shown:
        withheld.append(shown.pop())
    return shown, len(withheld)


def enterprises(
    state: EnterpriseState | None, park_id: int | None, after: int | None
) -> tuple[list[Enterprise], int | None]:
    """Enterprises for the officer's or the park manager's list, newest first."""
    statement = select(Enterprise).order_by(Enterprise.id.desc()).limit(51)
    if state:
        statement = statement.where(Enterprise.state == state)
    if park_id:
        statement = statement.where(Enterprise.sites.any(park_id=park_id))
    if after:
        statement = statement.where(Enterprise.id < after)
    rows = list(db.session.scalars(statement))
    return rows[:50], (rows[49].id if len(rows) > 50 else None)


def count_waiting() -> int:
    """Enterprises that wait for approval and have a confirmed owner."""
    return db.session.execute(
        select(func.count()).select_from(Enterprise).where(Enterprise.state == EnterpriseState.PENDING)
    ).scalar_one()


def in_months(column: Any, period: Period) -> list[ColumnElement[bool]]:
    found = []
    if period.start:
        found.append(column >= period.start)
    if period.end:
        found.append(column <= period.end)
    return found


def _sensitivities(
    dimensions: Sequence[Dimension], period: Period
) -> dict[tuple[Dimension, str], dict[str, tuple[Decimal, Decimal]]]:
    """ΣS_j and gsd of each factor version, by cell."""
    cell = (RollupFactor.dimension, RollupFactor.key)
    factor = (RollupFactor.factor_id, RollupFactor.factor_version, RollupFactor.gsd)
    rows = db.session.execute(
        select(*cell, *factor, func.sum(RollupFactor.sensitivity_kgco2e))
        .where(RollupFactor.dimension.in_(dimensions), *in_months(RollupFactor.month, period))
        .group_by(*cell, *factor)
    )
    found: dict[tuple[Dimension, str], dict[str, tuple[Decimal, Decimal]]] = defaultdict(dict)
    for row_dimension, key, factor_id, version, gsd, total in rows:
        found[row_dimension, key][f"{factor_id}@{version}"] = (Decimal(total), Decimal(gsd))
    return found


def _names(dimension: Dimension, language: str) -> dict[str, str]:
    if dimension is Dimension.PARK:
        return {str(p.id): p.name_zh if language == "zh" else p.name_en for p in db.session.scalars(select(Park))}
    if dimension is Dimension.ENTERPRISE:
        return {str(e.id): e.name(language) for e in db.session.scalars(select(Enterprise))}
    if dimension is Dimension.FAMILY:
        return {slug: family.name(language) for slug, family in taxonomy().families.items()}
    if dimension is Dimension.MATERIAL:
        return {m.slug: m.name(language) for m in taxonomy()}
    return {}


def _parties_by_key(dimension: Dimension, period: Period) -> dict[str, set[int]]:
    """Which enterprises stand behind each key."""
    columns = {
        Dimension.FAMILY: (LedgerEntry.family, LedgerEntry.family),
        Dimension.MATERIAL: (LedgerEntry.material, LedgerEntry.material),
        Dimension.PARK: (LedgerEntry.supplier_park_id, LedgerEntry.receiver_park_id),
    }[dimension]
    statement = select(*columns, LedgerEntry.supplier_id, LedgerEntry.receiver_id).distinct()
    statement = statement.where(*in_months(LedgerEntry.month, period))
    found: dict[str, set[int]] = defaultdict(set)
    for supplier_key, receiver_key, supplier_id, receiver_id in db.session.execute(statement):
        if dimension is Dimension.PARK:
            found[str(supplier_key)].add(supplier_id)
            found[str(receiver_key)].add(receiver_id)
        else:
            found[str(supplier_key)] |= {supplier_id, receiver_id}
    return found
