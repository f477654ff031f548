"""One stretch of the ledger, checked entry by entry, without Flask or session: it runs in processes of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from marketplace.carbon.errors import InputError
from marketplace.carbon.method import METHOD, assess
from marketplace.ledger.canonical import CanonicalError, parse_canonical, quick_value
from marketplace.ledger.entries import month_of, result_of, turned_result
from marketplace.ledger.faults import Check, Fault
from marketplace.ledger.merkle import Frontier
from marketplace.ledger.notes import CheckpointBody, Note, NoteError, VerifierKey
from marketplace.ledger.recompute import quick_result
from marketplace.ledger.sums import Sums
from marketplace.ledger.tiles import WIDTH, fold

STRETCH = 16 * WIDTH
CLOCKS_DIFFER_BY = timedelta(minutes=5)
_COLUMNS = (
    "e.position, e.canonical, e.leaf_hash, e.root_hash, e.kind, e.round, e.reverses, e.recorded_at, e.month, "
    "e.material, e.family, e.accepted_t, e.value_cny, e.net_kgco2e, e.low_kgco2e, e.high_kgco2e, "
    "e.supplier_park_id, e.receiver_park_id, e.supplier_id, e.receiver_id, x.uuid"
)
# The statement has no values from outside but whole numbers.
_ENTRIES = (
    f"SELECT {_COLUMNS} FROM ledger_entry e LEFT JOIN exchange x ON x.id = e.exchange_id "  # noqa: S608
    "WHERE e.position >= {first} AND e.position < {end} ORDER BY e.position"
)
_HASHES = (
    "SELECT position, canonical, leaf_hash FROM ledger_entry "
    "WHERE position >= {first} AND position < {end} ORDER BY position"
)
_CHECKPOINTS = (
    "SELECT id, size, root_hash, note FROM checkpoint WHERE size > {first} AND size <= {end} ORDER BY size, id"
)
_ANY_FACTORS, _FACTORS, _AFTER_FACTORS = b'"factors":', b'"factors":{', b'},"family":"'
_COMPARED = (
    "position", "kind", "round", "material", "family", "exchange", "supplier", "receiver", "supplier_park",
    "receiver_park", "month", "accepted_t", "value_cny", "net_kgco2e", "low_kgco2e", "high_kgco2e",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Register:
    """What entries are checked against, read once: keys, names of parties and parks, published factors."""

    vkeys: tuple[str, ...]
    parties: Mapping[int, str]
    parks: Mapping[int, str]
    factors: Mapping[tuple[str, str], tuple[str, str, str]]
    factor_roots: Mapping[str, str]
    saved: Mapping[int, tuple[str, str]]  # size → root, where the saved checkpoint came from


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


def check_stretch(
    connection: Connection, register: Register, first: int, end: int, start: list[str], last_time: str
) -> Stretch:
    """Check the entries from `first` to before `end`; stops at the first fault, as all later hashes depend on it.

    Args:
        start: the frontier of the tree before `first` (`Frontier.to_list`), as the tiles say; the caller compares.
        last_time: `recorded_at` of the entry before, empty where there is none.
    """
    if len(start) != first.bit_count():
        fault = Fault(first, f"the tiles do not give the tree of the {first} entries before", Check.TREE)
        return Stretch(first, start, size=first, fault=fault)
    return _Checker(connection, register, first, start, last_time).run(end)


def hash_stretch(connection: Connection, first: int, end: int, start: list[str]) -> Stretch:
    """Only the bytes: leaf hashes, tiles and tree of the entries from `first` (a full tile's beginning) to `end`."""
    out = Stretch(first, start, size=first)
    if len(start) != first.bit_count():
        out.fault = Fault(first, f"the tiles do not give the tree of the {first} entries before", Check.TREE)
        return out
    tiles, sha256 = Frontier.from_list(first // WIDTH, start), hashlib.sha256
    rows = _fetched(connection, _HASHES.format(first=first, end=end))
    leaves = []
    for position, canonical, leaf_text in rows:
        leaf = sha256(b"\x00" + canonical.encode()).digest()
        if position != out.size or leaf.hex() != leaf_text:
            missing = position != out.size
            what = f"position {out.size} is missing" if missing else "the leaf hash is not that of the entry"
            out.fault = Fault(out.size if missing else position, what, Check.ORDER if missing else Check.ENTRY)
            return out
        leaves.append(leaf)
        out.size += 1
    if out.size < end:
        out.fault = Fault(out.size, f"position {out.size} is missing", Check.ORDER)
        return out
    for at in range(0, len(leaves) - WIDTH + 1, WIDTH):
        root = fold(leaves[at : at + WIDTH])
        out.fault = out.fault or _stored_tile_fault(connection, (first + at) // WIDTH, leaves[at : at + WIDTH], root)
        tiles.append(root)
    rest = Frontier()
    for leaf in leaves[len(leaves) - len(leaves) % WIDTH :]:
        rest.append(leaf)
    out.frontier = tiles.to_list() + rest.to_list()
    return out


class _Checker:
    def __init__(
        self, connection: Connection, register: Register, first: int, start: list[str], last_time: str
    ) -> None:
        self._connection, self._register = connection, register
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._tree = Frontier.from_list(first, start)
        self._tile: list[bytes] = []
        self._published: Mapping[str, Any] | None = None  # the factors last found to be as published
        self._out = Stretch(first, start, size=first, last_time=last_time)
        self._keys = [VerifierKey.parse(vkey) for vkey in register.vkeys]

    def run(self, end: int) -> Stretch:
        out = self._out
        rows = _fetched(self._connection, _ENTRIES.format(first=out.first, end=end))
        checkpoints = self._connection.exec_driver_sql(_CHECKPOINTS.format(first=out.first, end=end)).fetchall()
        waiting = list(reversed(checkpoints))
        for row in rows:
            out.fault = self._entry_fault(row)
            while out.fault is None and waiting and waiting[-1][1] == out.size:
                out.fault = self._checkpoint_fault(waiting.pop(), row[3])
            if out.fault is None and out.size in self._register.saved:
                out.fault = self._saved_fault(row[3])
            if out.fault is not None:
                return out
        if out.size < end:
            out.fault = Fault(out.size, f"position {out.size} is missing", Check.ORDER)
        out.frontier = self._tree.to_list()
        out.sums.settle()
        return out

    def _entry_fault(self, row: Sequence[Any]) -> Fault | None:
        position, canonical, leaf_text, root_text = row[:4]
        out = self._out
        if position != out.size:
            return Fault(position, f"position {out.size} is missing", Check.ORDER)
        data = canonical.encode()
        leaf = hashlib.sha256(b"\x00" + data).digest()
        body, broken = _read(data)
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
        except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as odd:
            return Fault(position, f"the entry has not the form of {METHOD}: {odd!r}", Check.ENTRY)

    def _said_fault(self, position: int, row: Sequence[Any], body: Mapping[str, Any]) -> Fault | None:
        column = self._column_fault(row, body)
        if column:
            return Fault(position, column, Check.COLUMNS)
        late = self._order_fault(body)
        if late:
            return Fault(position, late, Check.ORDER)
        parties = (row[16], row[17], row[18], row[19])
        if body["method"] != METHOD:
            return Fault(position, f"unknown method {body['method']}", Check.FIGURE)
        if body["kind"] == "reversal":
            return self._reversal_fault(position, row[6], body, parties)
        if body["factors"] is not self._published:
            factor = self._factor_fault(body["factors"])
            if factor:
                return Fault(position, factor, Check.FACTORS)
            self._published = body["factors"]
        figure = figure_fault(body)
        if figure:
            return Fault(position, figure, Check.FIGURE)
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
        if body["result"] != turned_result(original["result"]):
            return Fault(position, f"the figure is not that of entry {reverses} with its signs turned", Check.FIGURE)
        self._out.reversed.append(reverses)
        self._out.sums.add(original, -1, parties)
        return None

    def _column_fault(self, row: Sequence[Any], body: Mapping[str, Any]) -> str | None:
        (position, _, _, _, kind, round_, reverses, recorded_at, month, material, family, accepted, value, net, low,
         high, supplier_park, receiver_park, supplier, receiver, uuid) = row  # fmt: skip
        result, parties, parks = body["result"], self._register.parties, self._register.parks
        number = _scaled if self._is_sqlite else _as_stored
        stored = (
            str(position), kind, str(round_), material, family, uuid, parties.get(supplier), parties.get(receiver),
            parks.get(supplier_park), parks.get(receiver_park), str(month), number(accepted, 6), number(value, 2),
            number(net, 3), number(low, 3), number(high, 3),
        )  # fmt: skip
        said = (
            body["position"], body["kind"], body["round"], body["material"], body["family"], body["exchange"],
            body["supplier"]["party"], body["receiver"]["party"], body["supplier"]["park"], body["receiver"]["park"],
            body["month"], Decimal(body["accepted_t"]), Decimal(body["value_cny"]), Decimal(result["net_kgco2e"]),
            Decimal(result["low_kgco2e"]), Decimal(result["high_kgco2e"]),
        )  # fmt: skip
        if stored != said:
            name, here, there = next(it for it in zip(_COMPARED, stored, said, strict=True) if it[1] != it[2])
            if name == "position":
                return f"the entry calls itself number {there}"
            return f"column {name} is {here}, the entry says {there}"
        if (reverses is not None) != (kind == "reversal"):
            return "column reverses does not fit the kind of the entry"
        stored_at = str(recorded_at).replace(" ", "T") if self._is_sqlite else recorded_at.isoformat()
        said_at = body["recorded_at"]
        if stored_at[:26] != said_at[:26] and not _is_same_time(stored_at, said_at):
            return f"column recorded_at is {stored_at}, the entry says {said_at}"
        return None

    def _order_fault(self, body: Mapping[str, Any]) -> str | None:
        at, before = body["recorded_at"], self._out.last_time
        self._out.last_time = max(at, before)
        if at < before and datetime.fromisoformat(before) - datetime.fromisoformat(at) > CLOCKS_DIFFER_BY:
            return f"recorded at {at}, before its neighbour ({before})"
        if body["kind"] == "assessment" and (at[:7] != body["month"][:7] or at[11:13] >= "16"):
            # Only then may Shanghai's month be another than that of UTC.
            month = month_of(datetime.fromisoformat(at))
            if date.fromisoformat(body["month"]) != month:
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

    def _checkpoint_fault(self, row: Sequence[Any], root: str) -> Fault | None:
        number, size, stored_root, encoded = row
        return checkpoint_fault(number, size, stored_root, encoded, root, self._keys, self._register.factor_roots)

    def _saved_fault(self, root: str) -> Fault | None:
        wanted, name = self._register.saved[self._out.size]
        if wanted == root:
            return None
        what = f"{name} says root {wanted} for {self._out.size} entries, the ledger has {root}: it was rewritten"
        return Fault(None, what, Check.SAVED)


def _is_same_time(stored: str, said: str) -> bool:
    """Also where there are no microseconds, which both databases then leave out."""
    return stored[:19] == said[:19] and datetime.fromisoformat(stored).microsecond == int(said[20:26])


def _scaled(stored: int, places: int) -> Decimal:
    return Decimal(stored).scaleb(-places)


def _as_stored(stored: Decimal, _places: int) -> Decimal:
    return stored


def _fetched(connection: Connection, statement: str) -> Sequence[Any]:
    """All rows as the driver gives them: a Row of SQLAlchemy for each of a million entries costs as much as hashing."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
        return cursor.fetchall()
    finally:
        cursor.close()


def _stored_tile_fault(connection: Connection, number: int, leaves: list[bytes], root: bytes) -> Fault | None:
    row = connection.exec_driver_sql(
        f"SELECT hashes, root FROM ledger_tile WHERE level = 0 AND number = {number}"  # noqa: S608 - a whole number
    ).first()
    if row is None or bytes(row[0]) != b"".join(leaves) or bytes(row[1]) != root:
        return Fault(number * WIDTH, f"tile 0/{number} does not hold the hashes of its entries", Check.TREE)
    return None


def figure_fault(body: Mapping[str, Any]) -> str | None:
    """What is wrong with the figure of an assessment: recomputed from its inputs and factors."""
    inputs, factors, result = body["inputs"], body["factors"], body["result"]
    if quick_result(inputs, factors) == result:
        return None
    raw = {name: {key: copy[key] for key in ("value", "unit", "gsd", "version")} for name, copy in factors.items()}
    try:
        wanted = result_of(assess(inputs, raw))
    except InputError as wrong:
        return f"the figure cannot be recomputed: {wrong}"
    if result != wanted:
        return f"the figure is {result['net_kgco2e']} kg CO2e, recomputed {wanted['net_kgco2e']}"
    return None


def checkpoint_fault(
    number: int, size: int, stored_root: str, encoded: str, root: str, keys: Sequence[VerifierKey],
    factor_roots: Mapping[str, str],
) -> Fault | None:  # fmt: skip
    """What is wrong with a stored checkpoint, given the root that the entries have at its size."""
    name = f"checkpoint {number} of {size} entries"
    try:
        note = Note.parse(encoded)
        body = CheckpointBody.parse(note.text)
    except NoteError as broken:
        return Fault(None, f"{name} is broken: {broken}", Check.CHECKPOINT)
    if not any(key.name == body.origin and key.signature_in(note) for key in keys):
        return Fault(None, f"{name} is not signed by a key of this ledger", Check.SIGNATURE)
    if (body.size, body.root.hex()) != (size, stored_root):
        return Fault(None, f"{name}: its columns are not what it says", Check.CHECKPOINT)
    if stored_root != root:
        return Fault(None, f"{name} says root {stored_root}, the entries give {root}", Check.CHECKPOINT)
    for line in body.extensions:
        word, _, rest = line.partition(" ")
        count, _, factor_root = rest.partition(" ")
        if word == "gcx-factors" and factor_roots.get(count) != factor_root:
            return Fault(None, f"{name} was signed over another table of {count} factor versions", Check.FACTORS)
    return None


def _read(data: bytes) -> tuple[Any, str | None]:
    """The value, and why the bytes are not its canonical ones."""
    begin = data.find(_FACTORS)
    end = data.find(_AFTER_FACTORS, begin)
    if 0 <= begin < end and data.find(_ANY_FACTORS, end) < 0:
        factors = _factors_in(data[begin : end + 1])
        rest = quick_value(data[:begin] + _ANY_FACTORS + b"null" + data[end + 1 :])
        if factors is not None and type(rest) is dict and rest.get("factors", factors) is None:
            rest["factors"] = factors
            return rest, None
    body = quick_value(data)
    if body is not None:
        return body, None
    try:
        return parse_canonical(data), None
    except CanonicalError as wrong:
        return None, str(wrong)


@lru_cache(maxsize=1024)
def _factors_in(member: bytes) -> dict[str, Any] | None:
    """The factors of an entry, which many entries share to the last byte; None where they are not canonical."""
    body = quick_value(b"{" + member + b"}")
    factors: dict[str, Any] | None = body["factors"] if body is not None and body.keys() == {"factors"} else None
    return factors
