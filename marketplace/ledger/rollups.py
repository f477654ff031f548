"""Sums of entries by month and park, family, material and enterprise, kept in the transaction that appends."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from marketplace.database import ExactDecimal, straight
from marketplace.extensions import db
from marketplace.ledger.models import Dimension, EntryKind, Rollup, RollupFactor

CellKey = tuple[Dimension, str, date]
FactorKey = tuple[str, int, Decimal]
Row = tuple[Any, ...]
Stored = Callable[[Decimal | int, str], Decimal | int]
ALL = "all"
_VARIANCE = Decimal("0.01")
_SENSITIVITY = Decimal("0.000001")


@dataclass(slots=True)
class Cell:
    """What one entry (or many) adds to one cell; amounts in the units of their names."""

    net_kgco2e: Decimal = Decimal(0)
    supplied_t: Decimal = Decimal(0)
    received_t: Decimal = Decimal(0)
    value_cny: Decimal = Decimal(0)
    exchanges: int = 0
    specific_variance: Decimal = Decimal(0)
    sensitivities: dict[FactorKey, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, other: "Cell") -> None:
        self.net_kgco2e += other.net_kgco2e
        self.supplied_t += other.supplied_t
        self.received_t += other.received_t
        self.value_cny += other.value_cny
        self.exchanges += other.exchanges
        self.specific_variance += other.specific_variance
        for factor, sensitivity in other.sensitivities.items():
            self.sensitivities[factor] += sensitivity


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a rollup needs of an entry: its body, the body it reverses, and the keys of its parties."""

    body: Mapping[str, Any]
    original: Mapping[str, Any]
    supplier_park_id: int
    receiver_park_id: int
    supplier_id: int
    receiver_id: int

    @property
    def sign(self) -> int:
        return -1 if self.body["kind"] == EntryKind.REVERSAL else 1


def cells_of(entry: Contribution) -> dict[CellKey, Cell]:
    """The cells one entry touches. A reversal takes back exactly what its entry put into the same cells."""
    body, result = entry.original, entry.original["result"]
    month = date.fromisoformat(body["month"])
    shares = {side: Decimal(result["shares"][side]) for side in ("supplier", "user")}
    portions = {side: Decimal(body["inputs"]["attribution"][side]) for side in ("supplier", "user")}
    whole = _Part(Decimal(result["net_kgco2e"]), Decimal(1), supplies=True, receives=True)
    parts: dict[tuple[Dimension, str], _Part] = {
        (Dimension.ALL, ALL): whole,
        (Dimension.FAMILY, body["family"]): whole,
        (Dimension.MATERIAL, body["material"]): whole,
    }
    for dimension, supplier, receiver in (
        (Dimension.PARK, entry.supplier_park_id, entry.receiver_park_id),
        (Dimension.ENTERPRISE, entry.supplier_id, entry.receiver_id),
    ):
        for key, side in ((supplier, "supplier"), (receiver, "user")):
            part = _Part(shares[side], portions[side], supplies=side == "supplier", receives=side == "user")
            slot = (dimension, str(key))
            parts[slot] = parts[slot].with_(part) if slot in parts else part
    cells = {part: _cell(body, part, entry.sign) for part in set(parts.values())}  # most slots get the same amounts
    return {(*slot, month): cells[part] for slot, part in parts.items()}


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of an entry that belongs to one key."""

    net_kgco2e: Decimal
    portion: Decimal
    supplies: bool
    receives: bool

    def with_(self, other: "_Part") -> "_Part":
        """Supplier and receiver fall under the same key, such as one park."""
        return _Part(
            self.net_kgco2e + other.net_kgco2e,
            self.portion + other.portion,
            self.supplies or other.supplies,
            self.receives or other.receives,
        )


def _cell(body: Mapping[str, Any], part: _Part, sign: int) -> Cell:
    result, accepted = body["result"], Decimal(body["accepted_t"])
    sensitivities: dict[FactorKey, Decimal] = defaultdict(Decimal)
    for factor_id, amount in result["sensitivities"].items():
        copy = body["factors"][factor_id]
        key = (factor_id, int(copy["version"]), Decimal(copy["gsd"]))
        sensitivities[key] = sign * (Decimal(amount) * part.portion).quantize(_SENSITIVITY)
    return Cell(
        net_kgco2e=sign * part.net_kgco2e,
        supplied_t=sign * accepted if part.supplies else Decimal(0),
        received_t=sign * accepted if part.receives else Decimal(0),
        value_cny=sign * Decimal(body["value_cny"]),
        exchanges=sign,
        specific_variance=sign * (Decimal(result["specific_variance"]) * part.portion**2).quantize(_VARIANCE),
        sensitivities=sensitivities,
    )


def apply(cells: Mapping[CellKey, Cell]) -> None:
    """Add cells to the stored rollups. The caller holds the ledger's head, so nobody else writes them."""
    connection = db.session.connection()
    stored = _units if connection.dialect.name == "sqlite" else _as_it_is
    sums: list[Row] = []
    factors: list[Row] = []
    distinct = {id(cell): cell for cell in cells.values()}
    amounts = {number: _amounts(cell, stored) for number, cell in distinct.items()}
    sensitivities = {number: _sensitivities(cell, stored) for number, cell in distinct.items()}
    for (dimension, key, month), cell in cells.items():
        slot = (dimension.value, key, month.isoformat())
        sums.append(slot + amounts[id(cell)])
        factors += [slot + row for row in sensitivities[id(cell)]]
    _add(connection, "rollup", sums)
    _add(connection, "rollup_factor", factors)


AMOUNTS = ("net_kgco2e", "supplied_t", "received_t", "value_cny", "exchanges", "specific_variance")
_CELL = ("dimension", "key", "month")
_ADDED = {
    "rollup": (_CELL, AMOUNTS),
    "rollup_factor": ((*_CELL, "factor_id", "factor_version"), ("sensitivity_kgco2e",)),
}
MOST_ROWS = 1000  # of a statement: SQLite takes at most 32,766 values


_TABLES = {"rollup": Rollup.__table__, "rollup_factor": RollupFactor.__table__}
_COLUMNS = {name: tuple(c.name for c in table.c if c.name != "id") for name, table in _TABLES.items()}
_PLACES = {
    column.name: column.type.places
    for table in _TABLES.values()
    for column in table.c
    if isinstance(column.type, ExactDecimal)
}


def _amounts(cell: Cell, stored: Stored) -> Row:
    return tuple(stored(getattr(cell, name), name) for name in AMOUNTS)


def _sensitivities(cell: Cell, stored: Stored) -> list[Row]:
    return [
        (factor_id, version, stored(gsd, "gsd"), stored(amount, "sensitivity_kgco2e"))
        for (factor_id, version, gsd), amount in cell.sensitivities.items()
    ]


def _units(amount: Decimal | int, column: str) -> int:
    """The number of a column's smallest units, as `ExactDecimal` keeps it on SQLite."""
    if isinstance(amount, int):
        return amount
    scaled = amount.scaleb(_PLACES[column])
    units = int(scaled)
    if units != scaled:
        raise ValueError(f"{column} {amount} has too many decimal places; round it where that is decided")
    return units


def _as_it_is(amount: Decimal | int, _column: str) -> Decimal | int:
    return amount


def _add(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    """Insert rows, or add their amounts to those that are there: one statement for all cells of an entry."""
    if connection.dialect.name == "postgresql":
        # a list for each column: a short text, which the driver prepares once however many rows there are
        if rows:
            straight(connection, _adding_lists(table), tuple(map(list, zip(*rows, strict=True))))
        return
    for first in range(0, len(rows), MOST_ROWS):
        some = rows[first : first + MOST_ROWS]
        straight(connection, _adding_rows(table, len(some)), tuple(chain.from_iterable(some)))


@lru_cache
def _adding_rows(table: str, rows: int) -> str:
    row = f"({', '.join('?' * len(_COLUMNS[table]))})"
    return _adding(table, f"VALUES {', '.join([row] * rows)}")


@lru_cache
def _adding_lists(table: str) -> str:
    dialect = postgresql.dialect()
    types = [_TABLES[table].c[name].type.compile(dialect) for name in _COLUMNS[table]]
    return _adding(table, f"SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in types)})")  # noqa: S608


def _adding(table: str, source: str) -> str:
    """A statement of names alone, none of which comes from outside."""
    key, amounts = _ADDED[table]
    added = ", ".join(f"{amount} = {table}.{amount} + excluded.{amount}" for amount in amounts)
    return (
        f"INSERT INTO {table} ({', '.join(_COLUMNS[table])}) {source} "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}"
    )


def sum_cells(entries: Iterable[Contribution]) -> dict[CellKey, Cell]:
    """The rollups as they must be, from the entries alone."""
    total: dict[CellKey, Cell] = {}
    for entry in entries:
        for slot, cell in cells_of(entry).items():
            total.setdefault(slot, Cell()).add(cell)
    return total
