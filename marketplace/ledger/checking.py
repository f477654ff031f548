"""One stretch of the ledger, checked entry by entry, without Flask or session: it runs in processes of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import localcontext
from typing import Any

from sqlalchemy import Connection

from marketplace.ledger.canonical import parse_canonical
from marketplace.ledger.confirmation_check import Leaves
from marketplace.ledger.confirmed import confirmation_fault
from marketplace.ledger.faults import Check, Fault
from marketplace.ledger.merkle import Frontier, leaf_hash
from marketplace.ledger.methods import METHODS
from marketplace.ledger.notes import VerifierKey
from marketplace.ledger.reading import read_entry
from marketplace.ledger.recompute import EXACT
from marketplace.ledger.rows import COLUMNS, checkpoint_fault, column_fault
from marketplace.ledger.said import factor_fault, reversal_fault, time_fault
from marketplace.ledger.stretches import Stretch, Task, fetched, hashed, leaves_in, stored_tile_fault
from marketplace.ledger.sums import Sums
from marketplace.ledger.tiles import WIDTH

TOGETHER = 16  # neighbours that one check goes through before the next one
ODD = (KeyError, TypeError, AttributeError, ValueError, ArithmeticError)  # what reading a forged entry may raise
# The statements have no values from outside but whole numbers.
_ENTRIES = (
    f"SELECT e.position, {{canonical}}, {COLUMNS} FROM ledger_entry e LEFT JOIN exchange x ON x.id = e.exchange_id "  # noqa: S608
    "LEFT JOIN settled_period p ON p.position = e.position "
    "WHERE e.position >= {first} AND e.position < {end} ORDER BY e.position"
)
_CHECKPOINTS = (
    "SELECT id, size, root_hash, note FROM checkpoint WHERE size > {first} AND size <= {end} ORDER BY size, id"
)


def check(connection: Connection, task: Task) -> Stretch:
    """Check a stretch of entries; stops at the first fault, as all later hashes depend on it."""
    if len(task.start) != task.first.bit_count():
        what = f"the tiles do not give the tree of the {task.first} entries before"
        return Stretch(task.first, task.start, size=task.first, fault=Fault(task.first, what, Check.TREE))
    with localcontext(EXACT):
        return hashed(connection, task) if task.hashes_only else _Checker(connection, task).run()


class _Entry:
    """An entry on its way through the checks.

    `body`: what it says, once it was read; `root`: of the tree that ends with it, where a checkpoint says one;
    `original`: what the entry says that it reverses.
    """

    __slots__ = ("body", "data", "leaf", "original", "position", "root", "row")

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.row, self.position = row, row[0]
        self.data: bytes = row[1] if type(row[1]) is bytes else row[1].encode()
        self.leaf = leaf_hash(self.data)
        self.body: Any = None
        self.original: Any = None
        self.root = ""


class _Checker:
    """One check after the other goes through a few neighbouring entries, as far as those before it found no fault.

    So the processor has at hand what each check needs: entry by entry, all of it takes a quarter longer.
    """

    def __init__(self, connection: Connection, task: Task) -> None:
        self._connection, self._task, self._register = connection, task, task.register
        self._is_sqlite = connection.dialect.name == "sqlite"
        tiles = (task.first // WIDTH).bit_count()
        self._tiles = Frontier.from_list(task.first // WIDTH, task.start[:tiles])
        self._tile = Frontier.from_list(task.first % WIDTH, task.start[tiles:])
        self._leaves = leaves_in(connection, task.first - task.first % WIDTH, task.first)  # of that tile
        self._published: Mapping[str, Any] | None = None  # the factors last found to be as published
        self._out = Stretch(task.first, task.start, size=task.first)
        self._last_time = task.last_time
        self._keys = {vkey: VerifierKey.parse(vkey) for vkey in task.register.vkeys}
        self._confirmed = Leaves(connection, task.confirmations)
        span = _CHECKPOINTS.format(first=task.first, end=task.end)
        self._checkpoints = list(reversed(connection.exec_driver_sql(span).fetchall()))
        self._signed = {size for _, size, _, _ in self._checkpoints} | self._register.saved.keys()
        self._checks: tuple[Callable[[_Entry], Fault | None], ...] = (
            self._bytes_fault, self._form_fault, self._tree_fault, self._column_fault, self._time_fault,
            self._factor_fault, self._figure_fault, self._confirmation_fault, self._reversal_fault, self._signed_fault,
            self._add,
        )  # fmt: skip

    def run(self) -> Stretch:
        out, task = self._out, self._task
        # As bytes, SQLite need not read the text as UTF-8 only for us to write it as UTF-8 again.
        canonical = "CAST(e.canonical AS BLOB)" if self._is_sqlite else "e.canonical"
        statement = _ENTRIES.replace("{canonical}", canonical)
        for rows in fetched(self._connection, statement, (task.first, task.end), TOGETHER):
            out.fault = self._fault(list(map(_Entry, rows)))
            if out.fault is None and not self._leaves:  # by the tile: what waits is still near at hand
                out.fault = self._sums_fault()
            if out.fault is not None:
                out.sums = Sums()  # nobody will add them up
                return out
        if out.size < task.end:
            out.fault = Fault(out.size, f"position {out.size} is missing", Check.ORDER)
        out.frontier = self._frontier()
        out.fault = self._sums_fault() or out.fault
        return out

    def _fault(self, entries: list[_Entry]) -> Fault | None:
        """The first of neighbouring entries that has a fault, and the first that it has."""
        fault = None
        for check_one in self._checks:
            at = 0
            try:
                for at, entry in enumerate(entries):  # noqa: B007 - where it stopped
                    found = check_one(entry)
                    if found is not None:
                        break
                else:
                    continue
            except ODD as odd:
                what = f"the entry has not the form it should have: {odd!r}"
                found = Fault(entries[at].position, what, Check.ENTRY)
            fault = found
            del entries[at:]
        return fault

    def _bytes_fault(self, entry: _Entry) -> Fault | None:
        out = self._out
        if entry.position != out.size:
            return Fault(entry.position, f"position {out.size} is missing", Check.ORDER)
        if entry.leaf.hex() != entry.row[2]:
            return Fault(entry.position, "the leaf hash is not that of the entry", Check.ENTRY)
        out.size += 1
        return None

    def _form_fault(self, entry: _Entry) -> Fault | None:
        entry.body, broken = read_entry(entry.data)
        return Fault(entry.position, f"not canonical JSON: {broken}", Check.ENTRY) if broken else None

    def _tree_fault(self, entry: _Entry) -> Fault | None:
        fault = None
        self._tile.append(entry.leaf)
        self._leaves.append(entry.leaf)
        if self._tile.size == WIDTH:
            root, leaves = self._tile.root(), self._leaves
            fault = stored_tile_fault(self._connection, entry.position // WIDTH, leaves, root)
            self._tiles.append(root)
            self._tile, self._leaves = Frontier(), []
        if entry.position + 1 in self._signed:
            entry.root = Frontier.from_list(entry.position + 1, self._frontier()).root().hex()
        return fault

    def _frontier(self) -> list[str]:
        return self._tiles.to_list() + self._tile.to_list()

    def _column_fault(self, entry: _Entry) -> Fault | None:
        column = column_fault(entry.row, entry.body, self._register, is_sqlite=self._is_sqlite)
        return Fault(entry.position, column, Check.COLUMNS) if column else None

    def _time_fault(self, entry: _Entry) -> Fault | None:
        late = time_fault(entry.body, self._last_time)
        self._last_time = max(entry.body["recorded_at"], self._last_time)
        return Fault(entry.position, late, Check.ORDER) if late else None

    def _factor_fault(self, entry: _Entry) -> Fault | None:
        if entry.body["kind"] == "reversal":
            return None
        factors = entry.body["factors"]
        if factors is self._published:
            return None
        wrong = factor_fault(factors, self._register.factors)
        self._published = factors
        return Fault(entry.position, wrong, Check.FACTORS) if wrong else None

    def _figure_fault(self, entry: _Entry) -> Fault | None:
        body = entry.body
        method = METHODS.get(body["method"])
        if method is None:
            what = f"unknown method {body['method']}; known are {', '.join(METHODS)}"
            return Fault(entry.position, what, Check.FIGURE)
        wrong = method.fault(body) if body["kind"] != "reversal" else None
        return Fault(entry.position, wrong, Check.FIGURE) if wrong else None

    def _confirmation_fault(self, entry: _Entry) -> Fault | None:
        if entry.body["kind"] == "reversal":
            return None
        unconfirmed = confirmation_fault(entry.body, self._confirmed, self._keys)
        return Fault(entry.position, unconfirmed, Check.CONFIRMATIONS) if unconfirmed else None

    def _reversal_fault(self, entry: _Entry) -> Fault | None:
        if entry.body["kind"] != "reversal":
            return None
        body, position, reverses = entry.body, entry.position, entry.row[5]
        if body["reverses"] != str(reverses):
            return Fault(position, f"column reverses is {reverses}, the entry says {body['reverses']}", Check.COLUMNS)
        found = self._connection.exec_driver_sql(
            f"SELECT canonical FROM ledger_entry WHERE position = {int(reverses)}"  # noqa: S608 - a whole number
        ).scalar()
        entry.original = parse_canonical(found.encode()) if found is not None and reverses < position else None
        wrong = reversal_fault(body, entry.original, position, reverses)
        return Fault(position, wrong, Check.FIGURE) if wrong else None

    def _add(self, entry: _Entry) -> None:
        self._out.sums.add(entry.original or entry.body, -1 if entry.original else 1, entry.row[15:19])

    def _sums_fault(self) -> Fault | None:
        out = self._out
        try:
            out.sums.settle()
        except ODD as odd:
            return Fault(None, f"what entries before {out.size} say cannot be added up: {odd!r}", Check.TOTALS)
        return None

    def _signed_fault(self, entry: _Entry) -> Fault | None:
        """Checkpoints of the ledger as it was after this entry: those stored, and one kept outside."""
        if not entry.root:
            return None
        size, root, waiting = entry.position + 1, entry.root, self._checkpoints
        keys, factor_roots = self._keys.values(), self._register.factor_roots
        while waiting and waiting[-1][1] == size:
            number, _, stored_root, encoded = waiting.pop()
            fault = checkpoint_fault(f"checkpoint {number}", encoded, size, root, keys, factor_roots, stored_root)
            if fault:
                return fault
        wanted, name = self._register.saved.get(size, (root, ""))
        if wanted == root:
            return None
        what = f"{name} says root {wanted} for {size} entries, the ledger has {root}: it was rewritten"
        return Fault(None, what, Check.SAVED)
