"""The log of confirmations as a whole: its tree and tiles, what checkpoints say of it, and what is in no entry yet.

What entries say of it is checked entry by entry (`checking`), with `Leaves` of this file.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection, exists, select
from sqlalchemy.orm import Session, selectinload

from marketplace.exchanges.models import Confirmation, Exchange
from marketplace.ledger.checkpoints import CONFIRMATIONS_LINE
from marketplace.ledger.confirmations import leaf_of
from marketplace.ledger.faults import Check, Fault
from marketplace.ledger.merkle import EMPTY_ROOT, HASH_BYTES, Frontier
from marketplace.ledger.models import Checkpoint, ConfirmationTile, EntryKind, LedgerEntry
from marketplace.ledger.stretches import fetched
from marketplace.ledger.tiles import WIDTH, fold, hashes_of

TILE_BYTES = WIDTH * HASH_BYTES
MOST_TILES = 64
MOST_NAMED = 20
_HASH = re.compile("[0-9a-f]{64}")
_ROWS = "SELECT number, leaf_hash FROM confirmation WHERE number >= {first} AND number < {end} ORDER BY number"


class Leaves:
    """Leaf hashes by number, from the tiles; those of the growing tile from its rows. Remembers what it read last."""

    def __init__(self, connection: Connection, size: int) -> None:
        self._connection, self._size = connection, size
        self._tiles: dict[int, bytes] = {}

    def __call__(self, number: int) -> bytes | None:
        """None: there is no such confirmation."""
        tile, at = divmod(number, WIDTH)
        hashes = self._tiles.get(tile)
        if hashes is None:
            hashes = self._read(tile)
        return hashes[HASH_BYTES * at : HASH_BYTES * (at + 1)] or None

    def _read(self, tile: int) -> bytes:
        if len(self._tiles) == MOST_TILES:
            self._tiles.clear()
        if (tile + 1) * WIDTH > self._size:
            hashes = _tile(self._connection, tile)[: HASH_BYTES * (self._size - tile * WIDTH)]
        else:
            found = self._connection.scalar(
                select(ConfirmationTile.hashes).where(ConfirmationTile.level == 0, ConfirmationTile.number == tile)
            )
            hashes = bytes(found or b"")
        self._tiles[tile] = hashes
        return hashes


@dataclass(frozen=True, slots=True)
class Stated:
    """How many confirmations somebody signed, with their root in hex, and who says so."""

    size: int
    root: str
    by: str


def walk_faults(connection: Connection, size: int, frontier: str, stated: Sequence[Stated]) -> list[Fault]:
    """Walk through the first `size` confirmations, which nothing changes any more: rows, tiles, and stated roots.

    Args:
        frontier: as the head says.
    """
    walk = _Walk(connection, size, stated)
    faults = walk.run()
    if not faults and json.dumps(walk.tree.to_list()) != frontier:
        faults.append(_fault("the head keeps another frontier than the confirmations give"))
    return faults


def row_faults(connection: Connection, size: int) -> Iterator[Fault]:
    """Confirmations beyond the head, and those that count in no entry yet: the rows against their leaves.

    Of those that count the entry was compared.
    """
    beyond = connection.scalars(select(Confirmation.number).where(Confirmation.number >= size).limit(MOST_NAMED))
    for number in beyond:
        yield _fault(f"number {number} stands beyond the head of {size}")
    yield from _uncounted_faults(connection)


class _Walk:
    """Tile by tile, as a tree over tiles is one of 256 times fewer leaves."""

    def __init__(self, connection: Connection, size: int, stated: Iterable[Stated]) -> None:
        self._connection, self._size = connection, size
        self._waiting = sorted(stated, key=lambda it: it.size, reverse=True)
        self._tiles = Frontier()
        self.tree = Frontier()

    def run(self) -> list[Fault]:
        stored = _stored_tiles(self._connection)
        for number in range(self._size // WIDTH + 1):
            first, hashes = number * WIDTH, _tile(self._connection, number)
            count = min(WIDTH, self._size - first)
            if len(hashes) < HASH_BYTES * count:
                return [_fault(f"number {first + len(hashes) // HASH_BYTES} is missing, or its hash is none")]
            tile = hashes_of(hashes[: HASH_BYTES * count], count)
            wrong = self._stated_fault(first, tile)
            if wrong:
                return [wrong]
            if count < WIDTH:
                self.tree = _extended(self._tiles, first, tile)
                return []
            root = fold(tile)
            if next(stored, None) != (number, hashes, root):
                return [_fault(f"tile 0/{number} does not hold the hashes of its confirmations")]
            self._tiles.append(root)
        return []

    def _stated_fault(self, first: int, tile: Sequence[bytes]) -> Fault | None:
        while self._waiting and self._waiting[-1].size < first + WIDTH:
            stated = self._waiting.pop()
            if stated.size > self._size:
                return _fault(f"{stated.by} is of {stated.size}, there are {self._size}: the end was cut off")
            root = _extended(self._tiles, first, tile[: stated.size - first]).root().hex()
            if root != stated.root:
                return _fault(f"{stated.by} says root {stated.root} for {stated.size}, they give {root}")
        return None


def _extended(tiles: Frontier, first: int, leaves: Iterable[bytes]) -> Frontier:
    tree = Frontier.from_list(first, tiles.to_list())
    for leaf in leaves:
        tree.append(leaf)
    return tree


def _tile(connection: Connection, number: int) -> bytes:
    """The hashes of a tile as the rows have them; of one that is not full, as many as there are."""
    first = number * WIDTH
    rows = itertools.chain.from_iterable(fetched(connection, _ROWS, (first, first + WIDTH), WIDTH))
    return _joined(list(rows), first)


def _joined(rows: Sequence[tuple[int, str]], first: int) -> bytes:
    """Leaf hashes one after the other, as far as there is a hash for each number."""
    if [number for number, _ in rows] == list(range(first, first + len(rows))):
        with suppress(ValueError):
            hashes = bytes.fromhex("".join([leaf for _, leaf in rows]))
            if len(hashes) == HASH_BYTES * len(rows):
                return hashes
    follows = itertools.takewhile(lambda it: it[0] == it[1][0] and _HASH.fullmatch(it[1][1]), enumerate(rows, first))
    return b"".join(bytes.fromhex(leaf) for _, (_, leaf) in follows)


def _stored_tiles(connection: Connection) -> Iterator[tuple[int, bytes, bytes]]:
    tiles = ConfirmationTile
    rows = connection.execution_options(yield_per=MOST_TILES).execute(
        select(tiles.number, tiles.hashes, tiles.root).where(tiles.level == 0).order_by(tiles.number)
    )
    for number, hashes, root in rows:
        yield number, bytes(hashes), bytes(root)


def stated_in_checkpoints(connection: Connection) -> Iterator[Stated]:
    """What the kept checkpoints say; their signatures are checked with those entries that they cover."""
    for number, note in connection.execute(select(Checkpoint.id, Checkpoint.note)):
        yield stated_in(note, f"checkpoint {number}")


def stated_in(text: str, by: str) -> Stated:
    """What a checkpoint says of the confirmations; one from before their log says that there were none."""
    _, found, rest = text.partition(f"\n{CONFIRMATIONS_LINE} ")
    size, _, root = rest.partition("\n")[0].partition(" ")
    return Stated(int(size), root, by) if found and size.isdigit() else Stated(0, EMPTY_ROOT.hex(), by)


def _uncounted_faults(connection: Connection) -> Iterator[Fault]:
    counts = exists().where(
        LedgerEntry.exchange_id == Confirmation.exchange_id,
        LedgerEntry.round == Confirmation.round,
        LedgerEntry.kind == EntryKind.ASSESSMENT,
    )
    parties = (selectinload(Exchange.supplier), selectinload(Exchange.receiver), selectinload(Confirmation.user))
    rows = (
        select(Confirmation, Exchange)
        .join(Exchange, Exchange.id == Confirmation.exchange_id)
        .where(Confirmation.number.is_not(None), ~counts)
        .options(*parties)
        .execution_options(yield_per=MOST_TILES)
    )
    with Session(connection) as session:
        for confirmation, exchange in session.execute(rows):
            if leaf_of(confirmation, exchange).hex() != confirmation.leaf_hash:
                yield _fault(f"number {confirmation.number} is not what the {confirmation.side}'s row says")


def _fault(what: str) -> Fault:
    return Fault(None, f"confirmations: {what}", Check.CONFIRMATIONS)
