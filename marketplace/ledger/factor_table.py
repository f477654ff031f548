"""A root over all published factor versions, which each checkpoint states.

The versions are leaves of a Merkle tree like the ledger's, in the order of publication; so the root that an old
checkpoint states can be checked against today's table, and a value changed under the same version shows.

A process keeps the table it read last: versions are only added, so one small query tells whether it is still the one
in force, and figures take their factors from there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice

from sqlalchemy import URL, Row, select

from marketplace.database import Prepared
from marketplace.extensions import db
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.errors import FactorNotPublished
from marketplace.ledger.factors import copy_of, plain
from marketplace.ledger.merkle import Frontier, leaf_hash
from marketplace.ledger.models import EmissionFactor

FIELDS = ("factor_id", "version", "kind", "value", "unit", "gsd", "region", "year", "source", "source_detail")
_TABLE = EmissionFactor.__table__
_NEWEST = Prepared(select(_TABLE.c.id, _TABLE.c.published_at).order_by(_TABLE.c.id.desc()).limit(1))


@dataclass(frozen=True, slots=True)
class FactorVersion:
    """One published version, and how an entry keeps it."""

    factor_id: str
    year: str
    published_at: datetime
    copy: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FactorTable:
    """How many versions are published, the root over them, and the versions of each factor, oldest first."""

    count: int
    root: bytes
    versions: Mapping[str, tuple[FactorVersion, ...]] = field(compare=False)

    @property
    def said(self) -> str:
        """What a checkpoint says of it."""
        return f"{self.count} {self.root.hex()}"

    def in_force(self, factor_id: str) -> FactorVersion:
        """The newest version of a factor.

        Raises:
            FactorNotPublished: it has none.
        """
        if factor_id not in self.versions:
            raise FactorNotPublished(factor_id)
        return self.versions[factor_id][-1]


def factor_table() -> FactorTable:
    """The table as it is now. Versions are only added, so number and time of the newest tell whether it changed; who
    publishes holds the ledger's head, so numbers become visible in their order."""
    connection = db.session.connection()
    newest = _NEWEST(connection).fetchone()
    return _read(connection.engine.url, *(newest or (0, None)))


def roots() -> Iterator[bytes]:
    """The root over the first 0, 1, 2, … versions, read anew: what checkpoints of all times must state."""
    frontier = Frontier()
    yield frontier.root()
    for line in lines():
        frontier.append(leaf_hash(line))
        yield frontier.root()


def lines() -> Iterator[bytes]:
    """Every version in canonical form, in the order of publication: the leaves."""
    return map(_canonical, _rows())


@lru_cache(maxsize=4)
def _read(_database: URL, newest: int, _published_at: object) -> FactorTable:
    found = db.session.scalars(
        select(EmissionFactor).where(EmissionFactor.id <= newest).order_by(EmissionFactor.id)
    ).all()
    *_, root = islice(roots(), len(found) + 1)
    versions: dict[str, list[EmissionFactor]] = defaultdict(list)
    for row in found:
        versions[row.factor_id].append(row)
    in_order = {name: sorted(rows, key=lambda row: row.version) for name, rows in versions.items()}
    return FactorTable(len(found), root, {name: tuple(map(_kept, rows)) for name, rows in in_order.items()})


def _kept(row: EmissionFactor) -> FactorVersion:
    return FactorVersion(row.factor_id, row.year, row.published_at, copy_of(row))


def _rows() -> Iterable[Row[tuple[object, ...]]]:
    return db.session.execute(select(*(getattr(EmissionFactor, name) for name in FIELDS)).order_by(EmissionFactor.id))


def _canonical(row: Row[tuple[object, ...]]) -> bytes:
    return canonical_bytes(
        {
            name: plain(field) if isinstance(field, Decimal) else str(field)
            for name, field in zip(FIELDS, row, strict=True)
        }
    )
