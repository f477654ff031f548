"""Sums of entries by month and park, family, material and enterprise, kept in the transaction that appends."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import TextClause, text

from marketplace.database import ExactDecimal
from marketplace.extensions import db
from marketplace.ledger.models import Dimension, EntryKind, Rollup, RollupFactor

CellKey = tuple[Dimension, str, date]
FactorKey = tuple[str, int, Decimal]
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
    return {(*slot, month): _cell(body, part, entry.sign) for slot, part in parts.items()}


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
    sums = [
        {"dimension": dimension, "key": key, "month": month} | {name: getattr(cell, name) for name in AMOUNTS}
        for (dimension, key, month), cell in cells.items()
    ]
    factors = [
        {"dimension": dimension, "key": key, "month": month, "factor_id": factor_id, "factor_version": version,
         "gsd": gsd, "sensitivity_kgco2e": sensitivity}
        for (dimension, key, month), cell in cells.items()
        for (factor_id, version, gsd), sensitivity in cell.sensitivities.items()
    ]  # fmt: skip
    _add(Rollup, sums)
    _add(RollupFactor, factors)
    for row in list(db.session.identity_map.values()):
        if isinstance(row, (Rollup, RollupFactor)):
            db.session.expire(row)


AMOUNTS = ("net_kgco2e", "supplied_t", "received_t", "value_cny", "exchanges", "specific_variance")
_CELL = ("dimension", "key", "month")
_ADDED = {
    "rollup": (_CELL, AMOUNTS),
    "rollup_factor": ((*_CELL, "factor_id", "factor_version"), ("sensitivity_kgco2e",)),
}


def _add(table: type[Rollup] | type[RollupFactor], rows: list[dict[str, Any]]) -> None:
    """Insert rows, or add their amounts to those that are there."""
    connection = db.session.connection()
    for column in table.__table__.c:
        if isinstance(column.type, ExactDecimal):
            for row in rows:
                row[column.name] = column.type.process_bind_param(row[column.name], connection.dialect)
    adding = _adding(connection.dialect.name, table.__tablename__)
    connection.execute(adding, {"rows": orjson.dumps(rows, default=str).decode()})


@lru_cache
def _adding(dialect: str, name: str) -> TextClause:
    """One statement with one value, however many cells an entry touches; a value for each field takes far longer."""
    key, amounts = _ADDED[name]
    columns = [column.name for column in db.metadata.tables[name].c if column.name != "id"]
    if dialect == "sqlite":
        rows = ", ".join(f"value->>'{column}'" for column in columns) + " FROM json_each(:rows) WHERE true"
    else:
        rows = ", ".join(columns) + f" FROM json_populate_recordset(NULL::{name}, CAST(:rows AS json))"
    added = ", ".join(f"{amount} = {name}.{amount} + excluded.{amount}" for amount in amounts)
    return text(
        f"INSERT INTO {name} ({', '.join(columns)}) SELECT {rows} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}"
    )


def sum_cells(entries: Iterable[Contribution]) -> dict[CellKey, Cell]:
    """The rollups as they must be, from the entries alone."""
    total: dict[CellKey, Cell] = {}
    for entry in entries:
        for slot, cell in cells_of(entry).items():
            total.setdefault(slot, Cell()).add(cell)
    return total
