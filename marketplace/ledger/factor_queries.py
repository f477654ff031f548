"""Reads for the pages of factors: the list, one factor with its origin, and where it is used."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from sqlalchemy import ColumnElement, select

from marketplace.carbon.baselines import baselines
from marketplace.carbon.library import TRANSPORT_FACTOR_BY_MODE, LibraryFactor, SourceLicence, library
from marketplace.carbon.resolution import NO_STEP, PROXY_PREFIX
from marketplace.exchanges.models import Mode
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.ledger import factors
from marketplace.ledger.models import Dimension, EmissionFactor, RollupFactor


@dataclass(frozen=True, slots=True)
class UsedIn:
    """Where a factor is named: materials whose usual disposal it is, pairs of material and use, means of transport."""

    disposal_of: tuple[str, ...] = ()
    displaced_by: tuple[tuple[str, str], ...] = ()
    reprocessing_of: tuple[tuple[str, str], ...] = ()
    modes: tuple[Mode, ...] = ()

    @property
    def count(self) -> int:
        return sum(map(len, (self.disposal_of, self.displaced_by, self.reprocessing_of, self.modes)))


@dataclass(frozen=True, slots=True)
class FactorLine:
    """A factor in force, with its row of the library; None for what a site measured or the library has dropped."""

    row: EmissionFactor
    origin: LibraryFactor | None
    used_in: UsedIn

    @property
    def is_estimate(self) -> bool:
        return self.row.confidence == "estimate"

    @property
    def is_published(self) -> bool:
        """Whether somebody else has published the value; what we calculated ourselves is not, however sound."""
        return not self.is_estimate and not (self.origin and self.origin.licence is SourceLicence.OWN)

    @property
    def is_reviewed(self) -> bool:
        return bool(self.origin and self.origin.reviewer)


@dataclass(frozen=True, slots=True)
class FactorPage:
    """One factor: all versions, newest first; ``proxy`` is how it is used outside its region, where that may be."""

    line: FactorLine
    versions: Sequence[EmissionFactor]
    base: EmissionFactor | None
    proxy: EmissionFactor | None


def listed() -> list[FactorLine]:
    """Every factor of the library in force. Proxies stand on the page of the factor they are made of, and what sites
    measured is listed where it was proposed."""
    rows = factors.current_versions()
    return [_line(row) for row in rows if row.site_id is None and not row.factor_id.startswith(PROXY_PREFIX)]


def page_of(factor_id: str, who_sees: ColumnElement[bool]) -> FactorPage | None:
    """Everything about one factor; None if it was never published, or is hidden."""
    versions = factors.history(factor_id, who_sees)
    if not versions:
        return None
    base_id = factor_id.removeprefix(PROXY_PREFIX)
    others = {f.factor_id: f for f in factors.current_versions({base_id, PROXY_PREFIX + base_id} - {factor_id})}
    return FactorPage(_line(versions[0]), versions, others.get(base_id), others.get(PROXY_PREFIX + base_id))


def contributions(factor_id: str) -> dict[int, Decimal]:
    """By version, what it adds to the district's total in kg CO2e, plus or minus; for those who may see the total."""
    rows = db.session.execute(
        select(RollupFactor.factor_version, RollupFactor.sensitivity_kgco2e).where(
            RollupFactor.dimension == Dimension.ALL, RollupFactor.factor_id == factor_id
        )
    )
    total: dict[int, Decimal] = defaultdict(Decimal)
    for version, kgco2e in rows:  # SQLite would add decimals as floats
        total[version] += kgco2e
    return dict(total)


def _line(row: EmissionFactor) -> FactorLine:
    base_id = row.factor_id.removeprefix(PROXY_PREFIX)
    return FactorLine(row, library().get(base_id), uses().get(base_id, UsedIn()))


@cache
def uses() -> Mapping[str, UsedIn]:
    """Where each factor is named in baselines and applications; read once, as the tables come with the release."""
    disposal: dict[str, list[str]] = defaultdict(list)
    displaced: dict[str, list[tuple[str, str]]] = defaultdict(list)
    reprocessing: dict[str, list[tuple[str, str]]] = defaultdict(list)
    modes: dict[str, list[Mode]] = defaultdict(list)
    for baseline in baselines().values():
        disposal[baseline.disposal_factor].append(baseline.material)
    for application in knowledge().applications:
        if application.displaced_factor:
            displaced[application.displaced_factor].append((application.material, application.use))
        reprocessing[application.reprocessing_factor].append((application.material, application.use))
    for mode, factor_id in TRANSPORT_FACTOR_BY_MODE.items():
        modes[factor_id].append(Mode(mode))
    named = (disposal.keys() | displaced.keys() | reprocessing.keys() | modes.keys()) - {NO_STEP}
    return {
        name: UsedIn(tuple(disposal[name]), tuple(displaced[name]), tuple(reprocessing[name]), tuple(modes[name]))
        for name in named
    }
