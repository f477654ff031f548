"""Tiles kept in the database: full ones as rows, the growing ones from the rows below them."""

import json
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.exchanges.models import Confirmation
from marketplace.extensions import db
from marketplace.ledger.merkle import HASH_BYTES
from marketplace.ledger.models import ConfirmationTile, LedgerEntry, LedgerHead, LedgerTile
from marketplace.ledger.tiles import HEIGHT, MOST_ENTRY_BYTES, WIDTH, TileAddress, TiledTree, TileError, bundle, fold


@dataclass(frozen=True, slots=True)
class Log:
    """Where a log keeps its leaves, and the tiles of the tree over them."""

    leaf: InstrumentedAttribute[str]
    index: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
    tiles: type[LedgerTile] | type[ConfirmationTile]
    full_tile: Select[bytes]


def _log(
    leaf: InstrumentedAttribute[str],
    index: InstrumentedAttribute[int] | InstrumentedAttribute[int | None],
    tiles: type[LedgerTile] | type[ConfirmationTile],
) -> Log:
    is_it: ColumnElement[bool] = (tiles.level == bindparam("level")) & (tiles.number == bindparam("number"))
    return Log(leaf, index, tiles, select(tiles.hashes).where(is_it))


ENTRIES = _log(LedgerEntry.leaf_hash, LedgerEntry.position, LedgerTile)
CONFIRMATIONS = _log(Confirmation.leaf_hash, Confirmation.number, ConfirmationTile)


class NotThere(TileError):
    """A well-formed address of something that the ledger does not hold (yet)."""


def keep_full_tiles(size: int, log: Log = ENTRIES) -> None:
    """After the leaf that made the tree `size` leaves large: store each tile that it filled. In its transaction."""
    level = 0
    while size and size % WIDTH ** (level + 1) == 0:
        number = size // WIDTH ** (level + 1) - 1
        hashes = _hashes(log, level, number * WIDTH, WIDTH)
        db.session.add(log.tiles(level=level, number=number, hashes=b"".join(hashes), root=fold(hashes)))
        db.session.flush()
        level += 1


def published_tile(address: TileAddress) -> bytes:
    """The bytes of a tile that somebody asks for.

    Raises:
        NotThere: the ledger does not hold so many hashes there.
    """
    if (address.number * WIDTH + address.width) << (HEIGHT * address.level) > db.session.get_one(LedgerHead, 1).size:
        raise NotThere(f"tile {address.path} is not there yet")
    return read_tile(address)


def read_tile(address: TileAddress, log: Log = ENTRIES) -> bytes:
    """The bytes of a tile of the tree, which must be large enough."""
    place = {"level": address.level, "number": address.number}
    full = db.session.connection().scalar(log.full_tile, place)
    if full is not None:
        return full[: address.width * HASH_BYTES]
    return b"".join(_hashes(log, address.level, address.number * WIDTH, address.width))


def read_bundle(number: int, width: int) -> bytes:
    """Up to 256 entries as one bundle.

    Raises:
        NotThere: the ledger does not hold so many entries.
        TileError: an entry is too long for a bundle.
    """
    first = number * WIDTH
    if first + width > db.session.get_one(LedgerHead, 1).size:
        raise NotThere(f"bundle {number} of {width} entries is not there yet")
    rows = db.session.scalars(
        select(LedgerEntry.canonical)
        .where(LedgerEntry.position >= first, LedgerEntry.position < first + width)
        .order_by(LedgerEntry.position)
    ).all()
    entries = [row.encode() for row in rows]
    for position, entry in enumerate(entries, start=first):
        if len(entry) > MOST_ENTRY_BYTES:
            raise TileError(f"entry {position} has {len(entry)} bytes, a bundle takes {MOST_ENTRY_BYTES}; see its page")
    return bundle(entries)


def tree_of(size: int, log: Log = ENTRIES) -> TiledTree:
    """The stored tree of that size, from its tiles alone."""
    return TiledTree(size, partial(read_tile, log=log))


def served_tree(size: int) -> TiledTree:
    """The stored tree of that size, for proofs that others check: the edge of the present one comes from the head."""
    head_size, frontier = db.session.connection().execute(select(LedgerHead.size, LedgerHead.frontier)).one()
    edge = [bytes.fromhex(node) for node in json.loads(frontier)] if head_size == size else ()
    return TiledTree(size, read_tile, edge)


def _hashes(log: Log, level: int, first: int, count: int) -> list[bytes]:
    connection = db.session.connection()
    if level == 0:
        rows = connection.execute(
            select(log.leaf).where(log.index >= first, log.index < first + count).order_by(log.index)
        )
        return [bytes.fromhex(leaf) for (leaf,) in rows]
    tiles = log.tiles
    below = (
        select(tiles.root)
        .where(tiles.level == level - 1, tiles.number >= first, tiles.number < first + count)
        .order_by(tiles.number)
    )
    return list(connection.scalars(below))
