"""One stretch of the ledger, checked entry by entry, without Flask or session: it runs in processes of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import localcontext
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from marketplace.calendar import SHANGHAI
from marketplace.ledger.canonical import parse_canonical
from marketplace.ledger.confirmation_check import Leaves
from marketplace.ledger.confirmed import confirmation_fault
from marketplace.ledger.entries import booked_month, month_of, reversal_body
from marketplace.ledger.faults import Check, Fault
from marketplace.ledger.merkle import Frontier
from marketplace.ledger.methods import METHODS
from marketplace.ledger.notes import VerifierKey
from marketplace.ledger.reading import read_entry
from marketplace.ledger.recompute import EXACT
from marketplace.ledger.rows import COLUMNS, Register, checkpoint_fault, column_fault
from marketplace.ledger.sums import Sums
from marketplace.ledger.tiles import WIDTH, fold

STRETCH = 16 * WIDTH
ODD = (KeyError, TypeError, AttributeError, ValueError, ArithmeticError)  # what reading a forged entry may raise
CLOCKS_DIFFER_BY = timedelta(minutes=5)
# The statement has no values from outside but whole numbers.
_ENTRIES = (
    f"SELECT {COLUMNS} FROM ledger_entry e LEFT JOIN exchange x ON x.id = e.exchange_id "  # noqa: S608
    "LEFT JOIN settled_period p ON p.position = e.position "
    "WHERE e.position >= {first} AND e.position < {end} ORDER BY e.position"
)
_HASHES = (
    "SELECT position, canonical, leaf_hash FROM ledger_entry "
    "WHERE position >= {first} AND position < {end} ORDER BY position"
)
_CHECKPOINTS = (
    "SELECT id, size, root_hash, note FROM checkpoint WHERE size > {first} AND size <= {end} ORDER BY size, id"
)


@dataclass(frozen=True, slots=True)
class Task:
    """Entries to check, from `first` to before `end`.

    Args:
        start: the frontier of the tree before `first` (`Frontier.to_list`), as the tiles say; the caller compares.
        last_time: `recorded_at` of the entry before, empty where there is none.
        confirmations: how many there are in their log.
        hashes_only: only the bytes: leaf hashes, tiles and tree.
    """

    register: Register
    first: int
    end: int
    start: list[str]
    last_time: str = ""
    confirmations: int = 0
    hashes_only: bool = False


@dataclass(slots=True)
class Stretch:
    """The outcome for the entries from `first`: the tree before and after, the sums, the first fault."""

    first: int
    start: list[str]
    size: int = 0
    frontier: list[str] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)
    reversed: list[int] = field(default_factory=list)
    last_time: str = ""
    fault: Fault | None = None


def check(connection: Connection, task: Task) -> Stretch:
    """Check a stretch of entries; stops at the first fault, as all later hashes depend on it."""
    if len(task.start) != task.first.bit_count():
        what = f"the tiles do not give the tree of the {task.first} entries before"
        return Stretch(task.first, task.start, size=task.first, fault=Fault(task.first, what, Check.TREE))
    with localcontext(EXACT):
        return _hashed(connection, task) if task.hashes_only else _Checker(connection, task).run()


def _hashed(connection: Connection, task: Task) -> Stretch:
    out, sha256 = Stretch(task.first, task.start, size=task.first), hashlib.sha256
    tiles = Frontier.from_list(task.first // WIDTH, task.start)  # a stretch begins where a tile does
    leaves = []
    for position, canonical, leaf_text in _fetched(connection, _HASHES.format(first=task.first, end=task.end)):
        leaf = sha256(b"\x00" + canonical.encode()).digest()
        if position != out.size:
            break
        if leaf.hex() != leaf_text:
            out.fault = Fault(position, "the leaf hash is not that of the entry", Check.ENTRY)
            return out
        leaves.append(leaf)
        out.size += 1
    if out.size < task.end:
        out.fault = Fault(out.size, f"position {out.size} is missing", Check.ORDER)
        return out
    for at in range(0, len(leaves) - WIDTH + 1, WIDTH):
        tile = leaves[at : at + WIDTH]
        root = fold(tile)
        out.fault = out.fault or _stored_tile_fault(connection, (task.first + at) // WIDTH, tile, root)
        tiles.append(root)
    rest = Frontier()
    for leaf in leaves[len(leaves) - len(leaves) % WIDTH :]:
        rest.append(leaf)
    out.frontier = tiles.to_list() + rest.to_list()
    return out


class _Checker:
    def __init__(self, connection: Connection, task: Task) -> None:
        self._connection, self._task, self._register = connection, task, task.register
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._tree = Frontier.from_list(task.first, task.start)
        self._tile: list[bytes] = []
        self._published: Mapping[str, Any] | None = None  # the factors last found to be as published
        self._out = Stretch(task.first, task.start, size=task.first, last_time=task.last_time)
        self._keys = {vkey: VerifierKey.parse(vkey) for vkey in task.register.vkeys}
        self._leaves = Leaves(connection, task.confirmations)

    def run(self) -> Stretch:
        out, span = self._out, {"first": self._task.first, "end": self._task.end}
        rows = _fetched(self._connection, _ENTRIES.format(**span))
        waiting = list(reversed(self._connection.exec_driver_sql(_CHECKPOINTS.format(**span)).fetchall()))
        for row in rows:
            out.fault = self._entry_fault(row)
            while out.fault is None and waiting and waiting[-1][1] == out.size:
                out.fault = self._checkpoint_fault(waiting.pop(), row[3])
            if out.fault is None and out.size in self._register.saved:
                out.fault = self._saved_fault(row[3])
            if out.fault is None and not self._tile:  # by the tile: what waits is still near at hand
                out.fault = self._sums_fault()
            if out.fault is not None:
                out.sums = Sums()  # nobody will add them up
                return out
        if out.size < self._task.end:
            out.fault = Fault(out.size, f"position {out.size} is missing", Check.ORDER)
        out.frontier = self._tree.to_list()
        out.fault = self._sums_fault() or out.fault
        return out

    def _entry_fault(self, row: Sequence[Any]) -> Fault | None:
        position, canonical, leaf_text, root_text = row[:4]
        out = self._out
        if position != out.size:
            return Fault(position, f"position {out.size} is missing", Check.ORDER)
        data = canonical.encode()
        leaf = hashlib.sha256(b"\x00" + data).digest()
        body, broken = read_entry(data)
        if broken:
            return Fault(position, f"not canonical JSON: {broken}", Check.ENTRY)
        if leaf.hex() != leaf_text:
            return Fault(position, "the leaf hash is not that of the entry", Check.ENTRY)
        self._tree.append(leaf)
        if self._tree.root().hex() != root_text:
            return Fault(position, "the root after this entry does not follow from the entries before", Check.TREE)
        self._tile.append(leaf)
        if len(self._tile) == WIDTH:
            fault = self._tile_fault(position // WIDTH)
            if fault:
                return fault
        out.size += 1
        try:
            return self._said_fault(position, row, body)
        except ODD as odd:
            return Fault(position, f"the entry has not the form it should have: {odd!r}", Check.ENTRY)

    def _said_fault(self, position: int, row: Sequence[Any], body: Mapping[str, Any]) -> Fault | None:
        column = column_fault(row, body, self._register, is_sqlite=self._is_sqlite)
        if column:
            return Fault(position, column, Check.COLUMNS)
        late = self._order_fault(body)
        if late:
            return Fault(position, late, Check.ORDER)
        parties = (row[16], row[17], row[18], row[19])
        method = METHODS.get(body["method"])
        if method is None:
            return Fault(position, f"unknown method {body['method']}; known are {', '.join(METHODS)}", Check.FIGURE)
        if body["kind"] == "reversal":
            return self._reversal_fault(position, row[6], body, parties)
        if body["factors"] is not self._published:
            factor = self._factor_fault(body["factors"])
            if factor:
                return Fault(position, factor, Check.FACTORS)
            self._published = body["factors"]
        figure = method.fault(body)
        if figure:
            return Fault(position, figure, Check.FIGURE)
        unconfirmed = confirmation_fault(body, self._leaves, self._keys)
        if unconfirmed:
            return Fault(position, unconfirmed, Check.CONFIRMATIONS)
        self._out.sums.add(body, 1, parties)
        return None

    def _reversal_fault(
        self, position: int, reverses: int, body: Mapping[str, Any], parties: tuple[int, int, int, int]
    ) -> Fault | None:
        if body["reverses"] != str(reverses):
            return Fault(position, f"column reverses is {reverses}, the entry says {body['reverses']}", Check.COLUMNS)
        found = self._connection.exec_driver_sql(
            f"SELECT canonical FROM ledger_entry WHERE position = {int(reverses)}"  # noqa: S608 - a whole number
        ).scalar()
        if found is None or reverses >= position:
            return Fault(position, f"reverses entry {reverses}, which is no earlier assessment", Check.FIGURE)
        original = parse_canonical(found.encode())
        if original["kind"] != "assessment":
            return Fault(position, f"reverses entry {reverses}, which is no earlier assessment", Check.FIGURE)
        at = datetime.fromisoformat(body["recorded_at"])
        wanted = reversal_body(position, original, body["reason"], at) | {"format": body["format"]}
        if body != wanted:
            name = next(n for n in sorted(wanted.keys() | body.keys()) if wanted.get(n) != body.get(n))
            return Fault(position, f"its {name} is not that of entry {reverses} with its signs turned", Check.FIGURE)
        self._out.reversed.append(reverses)
        self._out.sums.add(original, -1, parties)
        return None

    def _order_fault(self, body: Mapping[str, Any]) -> str | None:
        at, before = body["recorded_at"], self._out.last_time
        self._out.last_time = max(at, before)
        if at[26:] != "Z":
            return f"recorded at {at}, which is no time in UTC to the microsecond"
        if at < before and datetime.fromisoformat(before) - datetime.fromisoformat(at) > CLOCKS_DIFFER_BY:
            return f"recorded at {at}, before its neighbour ({before})"
        if body["kind"] != "assessment":
            return None
        period = body["inputs"].get("period")
        if period is None:
            month = _month_with(at[:13])
        else:
            moment = datetime.fromisoformat(at)
            month = str(booked_month(body["inputs"], moment))
            if moment.astimezone(SHANGHAI).date() < date.fromisoformat(period["to"]):
                return f"recorded at {at}, before its period ended ({period['to']})"
        if month != body["month"]:
            return f"recorded at {at}, but counted for {body['month']}"
        return None

    def _factor_fault(self, copies: Mapping[str, Mapping[str, str]]) -> str | None:
        for name, copy in copies.items():
            made_with = (copy["value"], copy["unit"], copy["gsd"])
            published = self._register.factors.get((name, copy["version"]))
            if published != made_with:
                return (
                    f"factor {name} version {copy['version']} is {published} as published, "
                    f"the entry was made with {made_with}"
                )
        return None

    def _tile_fault(self, number: int) -> Fault | None:
        fault = _stored_tile_fault(self._connection, number, self._tile, fold(self._tile))
        self._tile = []
        return fault

    def _sums_fault(self) -> Fault | None:
        out = self._out
        try:
            out.sums.settle()
        except ODD as odd:
            return Fault(None, f"what entries before {out.size} say cannot be added up: {odd!r}", Check.TOTALS)
        return None

    def _checkpoint_fault(self, row: Sequence[Any], root: str) -> Fault | None:
        number, size, stored_root, encoded = row
        keys, factor_roots = self._keys.values(), self._register.factor_roots
        return checkpoint_fault(f"checkpoint {number}", encoded, size, root, keys, factor_roots, stored_root)

    def _saved_fault(self, root: str) -> Fault | None:
        wanted, name = self._register.saved[self._out.size]
        if wanted == root:
            return None
        what = f"{name} says root {wanted} for {self._out.size} entries, the ledger has {root}: it was rewritten"
        return Fault(None, what, Check.SAVED)


@lru_cache(maxsize=64)
def _month_with(hour: str) -> str:
    """The month, as Shanghai counts it, in which an hour of UTC lies."""
    return str(month_of(datetime.fromisoformat(hour + ":00Z")))


def _fetched(connection: Connection, statement: str) -> Iterator[Any]:
    """Rows as the driver gives them: a Row of SQLAlchemy for each of a million entries costs as much as hashing."""
    cursor: Any = connection.connection.cursor()
    try:
        cursor.execute(statement)
        yield from cursor
    finally:
        cursor.close()


def _stored_tile_fault(connection: Connection, number: int, leaves: list[bytes], root: bytes) -> Fault | None:
    row = connection.exec_driver_sql(
        f"SELECT hashes, root FROM ledger_tile WHERE level = 0 AND number = {number}"  # noqa: S608 - a whole number
    ).first()
    if row is None or bytes(row[0]) != b"".join(leaves) or bytes(row[1]) != root:
        return Fault(number * WIDTH, f"tile 0/{number} does not hold the hashes of its entries", Check.TREE)
    return None
