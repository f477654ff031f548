"""A root over all published factor versions, which each checkpoint states.

The versions are leaves of a Merkle tree like the ledger's, in the order of publication; so the root that an old
checkpoint states can be checked against today's table, and a value changed under the same version shows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import Row, func, select

from marketplace.extensions import db
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.factors import plain
from marketplace.ledger.merkle import Frontier, leaf_hash
from marketplace.ledger.models import EmissionFactor

FIELDS = ("factor_id", "version", "kind", "value", "unit", "gsd", "region", "year", "source", "source_detail")
_STATE = select(func.count(), func.max(EmissionFactor.id), func.max(EmissionFactor.published_at))


@dataclass(frozen=True, slots=True)
class FactorTable:
    """How many versions are published, and the root over them."""

    count: int
    root: bytes


def factor_table() -> FactorTable:
    """The table as it is now. Versions are only added, so count, newest number and time tell whether it changed."""
    count, newest, published_at = db.session.connection().execute(_STATE).one()
    return _read(str(db.engine.url), count, newest, published_at)


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
def _read(_database: str, count: int, _newest: int | None, _published_at: datetime | None) -> FactorTable:
    *_, last = roots()
    return FactorTable(count, last)


def _rows() -> Iterable[Row[tuple[object, ...]]]:
    return db.session.execute(select(*(getattr(EmissionFactor, name) for name in FIELDS)).order_by(EmissionFactor.id))


def _canonical(row: Row[tuple[object, ...]]) -> bytes:
    return canonical_bytes(
        {
            name: plain(field) if isinstance(field, Decimal) else str(field)
            for name, field in zip(FIELDS, row, strict=True)
        }
    )
