"""Totals at today's factors beside the totals as reported, and what each factor does to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from marketplace.carbon.restating import Change, Part, Restatement, Version, restate
from marketplace.district.queries import Period, in_months
from marketplace.extensions import db
from marketplace.ledger.factor_words import factor_name
from marketplace.ledger.factors import current_versions
from marketplace.ledger.models import Dimension, EmissionFactor, Rollup, RollupFactor
from marketplace.materials.taxonomy import taxonomy


@dataclass(frozen=True, slots=True)
class FactorRow:
    """A change with the factor's name and unit."""

    change: Change
    label: str
    unit: str


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """What a factor's new value does to the figures of one material."""

    material: str
    label: str
    kgco2e: Decimal
    difference_kgco2e: Decimal | None


def at_todays_factors(dimension: Dimension, key: str, period: Period) -> Restatement:
    """One key's total, restated from its rollups."""
    net, variance = db.session.execute(
        select(func.sum(Rollup.net_kgco2e), func.sum(Rollup.specific_variance)).where(
            Rollup.dimension == dimension, Rollup.key == key, *in_months(Rollup.month, period)
        )
    ).one()
    found = _parts(dimension, period, key=key)
    today = {part.factor_id: version for _key, part, version in found}
    return restate(Decimal(net or 0), [part for _key, part, _today in found], Decimal(variance or 0), today)


def rows_of(changes: Iterable[Change], language: str) -> list[FactorRow]:
    """The changes with the names of their factors."""
    changes = list(changes)
    named = {f.factor_id: f for f in current_versions({c.part.factor_id for c in changes})}
    rows = []
    for change in changes:
        factor = named[change.part.factor_id]
        label = factor_name(factor.name_en, factor.name_zh, language)
        rows.append(FactorRow(change, label, factor.unit))
    return rows


def by_material(factor_id: str, period: Period, language: str) -> list[MaterialRow]:
    """A factor's part in each material's figures and what its value of today changes there, largest first."""
    rows: dict[str, tuple[Decimal, Decimal | None]] = {}
    for material, part, today in _parts(Dimension.MATERIAL, period, factor_id=factor_id):
        changes = restate(Decimal(0), [part], Decimal(0), {factor_id: today}).changes
        kgco2e, difference = rows.get(material, (Decimal(0), Decimal(0)))
        rows[material] = (kgco2e + part.kgco2e, _added(difference, changes))
    named = [MaterialRow(m, taxonomy().materials[m].name(language), *amounts) for m, amounts in rows.items()]
    return sorted(named, key=lambda r: (-abs(r.difference_kgco2e or Decimal(0)), -abs(r.kgco2e), r.material))


def _added(difference: Decimal | None, changes: Iterable[Change]) -> Decimal | None:
    for change in changes:
        if difference is None or change.difference_kgco2e is None:
            return None
        difference += change.difference_kgco2e
    return difference


def _parts(
    dimension: Dimension, period: Period, *, key: str | None = None, factor_id: str | None = None
) -> list[tuple[str, Part, Version]]:
    """Each factor version in the cells of a dimension with the version in force, in one statement; the cell first."""
    recorded, today, newest = aliased(EmissionFactor), aliased(EmissionFactor), aliased(EmissionFactor)
    columns = (
        RollupFactor.key, RollupFactor.factor_id, recorded.version, recorded.value, recorded.gsd,
        today.version, today.value, today.gsd,
    )  # fmt: skip
    statement = (
        select(*columns, func.sum(RollupFactor.sensitivity_kgco2e))
        .join(
            recorded,
            (recorded.factor_id == RollupFactor.factor_id) & (recorded.version == RollupFactor.factor_version),
        )
        .join(today, today.factor_id == RollupFactor.factor_id)
        .where(
            RollupFactor.dimension == dimension,
            *in_months(RollupFactor.month, period),
            today.version
            == select(func.max(newest.version)).where(newest.factor_id == today.factor_id).scalar_subquery(),
        )
        .group_by(*columns)
    )
    if key is not None:
        statement = statement.where(RollupFactor.key == key)
    if factor_id is not None:
        statement = statement.where(RollupFactor.factor_id == factor_id)
    return [
        (cell, Part(name, Version(number, value, gsd), Decimal(kgco2e)), Version(new, v, g))
        for cell, name, number, value, gsd, new, v, g, kgco2e in db.session.execute(statement)
        if kgco2e or value == 0  # what reversals took back leaves nothing to restate
    ]
