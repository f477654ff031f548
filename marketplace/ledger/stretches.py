"""Stretches of the ledger: what is asked of one, what comes out, and its hashes and tree alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from marketplace.ledger.faults import Check, Fault
from marketplace.ledger.merkle import HASH_BYTES, Frontier
from marketplace.ledger.rows import Register
from marketplace.ledger.sums import Sums
from marketplace.ledger.tiles import WIDTH, fold

STRETCH = 16 * WIDTH
ASKED_FOR = 2 * WIDTH
_HASHES = (
    "SELECT position, canonical, leaf_hash FROM ledger_entry "
    "WHERE position >= {first} AND position < {end} ORDER BY position"
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
    fault: Fault | None = None


def hashed(connection: Connection, task: Task) -> Stretch:
    """Check only the bytes of a stretch: leaf hashes, tiles and tree."""
    out, sha256 = Stretch(task.first, task.start, size=task.first), hashlib.sha256
    tiles = Frontier.from_list(task.first // WIDTH, task.start)  # a stretch begins where a tile does
    leaves = []
    rows = chain.from_iterable(fetched(connection, _HASHES, (task.first, task.end), WIDTH))
    for position, canonical, leaf_text in rows:
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
        out.fault = out.fault or stored_tile_fault(connection, (task.first + at) // WIDTH, tile, root)
        tiles.append(root)
    rest = Frontier()
    for leaf in leaves[len(leaves) - len(leaves) % WIDTH :]:
        rest.append(leaf)
    out.frontier = tiles.to_list() + rest.to_list()
    return out


def fetched(
    connection: Connection, statement: str, span: tuple[int, int], together: int
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Rows, so many together, as the driver gives them: a Row of SQLAlchemy for each of a million entries costs as much
    as hashing. They are asked for by a few tiles, because psycopg holds all that one statement gives.

    Args:
        statement: with `{first}` and `{end}` for the positions from the one to before the other.
    """
    cursor: Any = connection.connection.cursor()
    try:
        for first in range(*span, ASKED_FOR):
            cursor.execute(statement.format(first=first, end=min(first + ASKED_FOR, span[1])))
            while rows := cursor.fetchmany(together):
                yield rows
    finally:
        cursor.close()


def stored_tile_fault(connection: Connection, number: int, leaves: list[bytes], root: bytes) -> Fault | None:
    """Whether the database keeps a full tile, and its root, as the entries give them."""
    row = connection.exec_driver_sql(
        f"SELECT hashes, root FROM ledger_tile WHERE level = 0 AND number = {number}"  # noqa: S608 - a whole number
    ).first()
    stored = bytes(row[0]) if row else b""
    if row and stored == b"".join(leaves) and bytes(row[1]) == root:
        return None
    at = next((at for at, leaf in enumerate(leaves) if stored[HASH_BYTES * at : HASH_BYTES * (at + 1)] != leaf), 0)
    return Fault(number * WIDTH + at, f"tile 0/{number} does not hold the hashes of its entries", Check.TREE)


def leaves_in(connection: Connection, first: int, end: int) -> list[bytes]:
    """The leaf hashes of some entries, as their rows say."""
    rows = connection.exec_driver_sql(
        f"SELECT leaf_hash FROM ledger_entry WHERE position >= {first} AND position < {end} ORDER BY position"  # noqa: S608
    )
    return [bytes.fromhex(leaf) for (leaf,) in rows]
