"""Published versions of emission factors. A changed value is a new version; old entries keep theirs."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select

from marketplace.accounts.models import Site
from marketplace.carbon.library import LibraryFactor, library
from marketplace.carbon.resolution import proxies
from marketplace.extensions import db
from marketplace.ledger.head import forget_factors, lock_head
from marketplace.ledger.models import EmissionFactor

_COPIED = ["name_en", "name_zh", "kind", "unit", "region", "year", "source", "source_detail", "confidence", "notes"]


def publish_library(factors: Iterable[LibraryFactor] | None = None) -> tuple[int, int]:
    """Publish what is new or changed in the data file, and its proxies; returns (new, changed)."""
    lock_head()  # checkpoints state a root over the versions in the order of their numbers
    latest = {f.factor_id: f for f in current_versions()}
    new = changed = 0
    rows = list(factors if factors is not None else library().values())
    fresh: list[dict[str, Any]] = []
    for factor in [*rows, *proxies(rows)]:
        known = latest.get(factor.id)
        if known and _is_same(known, factor):
            continue
        new, changed = (new, changed + 1) if known else (new + 1, changed)
        fresh.append(_columns(factor, known.version + 1 if known else 1))
    if fresh:
        db.session.execute(insert(EmissionFactor), fresh)
        forget_factors()
    return new, changed


def unpublished() -> list[str]:
    """Factors of the library, and proxies, that no version exists of here: a release was not published yet."""
    wanted = [*library(), *(proxy.id for proxy in proxies(library().values()))]
    known = set(db.session.scalars(select(EmissionFactor.factor_id)))
    return [factor_id for factor_id in wanted if factor_id not in known]


@dataclass(frozen=True, slots=True)
class MeasuredFacts:
    """An approved measurement; the value in the unit of the factor that it takes the place of."""

    value: Decimal
    gsd: Decimal
    year: int
    region: str
    detail: str


def publish_measured(site: Site, instead_of: LibraryFactor, facts: MeasuredFacts) -> EmissionFactor:
    """Publish what a site measured as the next version of its own factor; the library's stays as it is."""
    lock_head()
    forget_factors()
    factor_id = own_factor_id(site, instead_of.id)
    known = current_versions([factor_id])
    row = EmissionFactor(
        factor_id=factor_id,
        version=known[0].version + 1 if known else 1,
        name_en=f"{instead_of.name_en} (measured at the site)",
        name_zh=f"{instead_of.name_zh or instead_of.name_en}（厂区实测）",
        kind=instead_of.kind,
        value=facts.value,
        unit=instead_of.unit,
        gsd=facts.gsd,
        region=facts.region,
        year=str(facts.year),
        source=f"own measurement of {site.enterprise.pseudonym}",
        source_detail=facts.detail,
        confidence="measured",
        site_id=site.id,
    )
    db.session.add(row)
    db.session.flush()
    return row


def current_versions(factor_ids: Iterable[str] | None = None) -> list[EmissionFactor]:
    """The newest version of each factor (of those named)."""
    newest = select(EmissionFactor.factor_id, func.max(EmissionFactor.version).label("version")).group_by(
        EmissionFactor.factor_id
    )
    if factor_ids is not None:
        newest = newest.where(EmissionFactor.factor_id.in_(list(factor_ids)))
    latest = newest.subquery()
    return list(
        db.session.scalars(
            select(EmissionFactor)
            .join(
                latest,
                (EmissionFactor.factor_id == latest.c.factor_id) & (EmissionFactor.version == latest.c.version),
            )
            .order_by(EmissionFactor.kind, EmissionFactor.factor_id)
        )
    )


def history(factor_id: str, who_sees: ColumnElement[bool]) -> list[EmissionFactor]:
    """All versions of one factor, newest first; none if it is hidden."""
    return list(
        db.session.scalars(
            select(EmissionFactor)
            .where(EmissionFactor.factor_id == factor_id, who_sees)
            .order_by(EmissionFactor.version.desc())
        )
    )


def own_factor_id(site: Site, key: str) -> str:
    """The id of what a site measured itself in place of the library's factor ``key``; it says no name."""
    return f"own-{site.enterprise.pseudonym}-{site.id}-{key}"


def plain(value: Decimal) -> str:
    """A decimal without trailing zeros or exponent, as entries and files write it."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def copy_of(factor: EmissionFactor) -> dict[str, str]:
    """The factor as an entry keeps it: everything needed to defend the figure later."""
    return {
        "value": plain(factor.value),
        "unit": factor.unit,
        "gsd": plain(factor.gsd),
        "version": str(factor.version),
        "name_en": factor.name_en,
        "name_zh": factor.name_zh,
        "region": factor.region,
        "year": factor.year,
        "source": factor.source,
        "source_detail": factor.source_detail,
        "confidence": factor.confidence,
    }


def _columns(factor: LibraryFactor, version: int) -> dict[str, Any]:
    if factor.gsd < 1:
        raise ValueError(f"factor {factor.id}: a spread (gsd) of {factor.gsd} is below 1")
    texts = {name: str(getattr(factor, name) or "") for name in _COPIED}
    return {"factor_id": factor.id, "version": version, "value": factor.value, "gsd": factor.gsd, **texts}


def _is_same(known: EmissionFactor, factor: LibraryFactor) -> bool:
    same_text = all(getattr(known, name) == str(getattr(factor, name) or "") for name in _COPIED)
    return same_text and known.value == factor.value and known.gsd == factor.gsd
