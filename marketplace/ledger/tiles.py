"""The tree in tiles of 256 hashes, and proofs from them (C2SP tlog-tiles; RFC 9162 §2.1.3 and §2.1.4).

Pure: whoever calls says where tiles come from. The hash of a full tile stands in the tile one level up, so a proof
in a tree of a million entries reads three tiles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from marketplace.ledger.merkle import EMPTY_ROOT, HASH_BYTES, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
HIGHEST_LEVEL = 63
MOST_ENTRY_BYTES = 0xFFFF


class TileError(ValueError):
    """An address that names no tile, or bytes that are not the tile asked for."""


@dataclass(frozen=True, slots=True)
class TileAddress:
    """One tile of a level; `width` of its hashes are there, 256 when it is full."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def is_full(self) -> bool:
        return self.width == WIDTH

    @property
    def path(self) -> str:
        """The path under `tile/`, such as `0/x001/x234/067.p/12`."""
        return f"{self.level}/{numbered(self.number)}" + ("" if self.is_full else f".p/{self.width}")


Reader = Callable[[TileAddress], bytes]


def numbered(number: int) -> str:
    """A tile's number in groups of three digits, all but the last with an x: 1234067 is x001/x234/067."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


def parse_number(path: str) -> tuple[int, int]:
    """Number and width of a tile's path after its level.

    Raises:
        TileError: groups, width or leading groups are not as tlog-tiles writes them.
    """
    path, partial, width_text = path.partition(".p/")
    width = WIDTH
    if partial:
        if not (width_text.isascii() and width_text.isdigit()) or width_text != str(int(width_text)):
            raise TileError(f"the width of a partial tile is a number from 1 to 255, not {width_text[:20]!r}")
        width = int(width_text)
        if not 1 <= width < WIDTH:
            raise TileError(f"the width of a partial tile is a number from 1 to 255, not {width}")
    groups = path.split("/")
    digits = [g.removeprefix("x") for g in groups]
    if len(groups) > 6 or not all(d.isascii() and d.isdigit() and len(d) == 3 for d in digits):
        raise TileError("a tile's number comes in groups of three digits, such as x001/x234/067")
    number = int("".join(digits))
    if numbered(number) != path:
        raise TileError(f"tile {number} is written {numbered(number)}")
    return number, width


def address_in(size: int, level: int, number: int) -> TileAddress:
    """The tile as it is in a tree of `size` leaves.

    Raises:
        TileError: such a tree has no hash there.
    """
    there = (size >> (HEIGHT * level)) - number * WIDTH
    if there <= 0:
        raise TileError(f"a tree of {size} entries has no tile {level}/{number}")
    return TileAddress(level, number, min(there, WIDTH))


def hashes_of(data: bytes, width: int) -> list[bytes]:
    """The hashes in a tile's bytes.

    Raises:
        TileError: there are more or fewer bytes than `width` hashes have.
    """
    if len(data) != width * HASH_BYTES:
        raise TileError(f"a tile of {width} hashes has {width * HASH_BYTES} bytes, this one {len(data)}")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over 2^n neighbouring hashes of one level."""
    level, sha256 = list(hashes), hashlib.sha256
    while len(level) > 1:  # node_hash without the call
        level = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level), 2)]
    return level[0]


class TiledTree:
    """A tree of a known size whose tiles are read when they are needed, each once.

    Errors of the reader and `TileError` for a tile of the wrong length come through from every method.

    Args:
        edge: the frontier of the whole tree (`merkle.Frontier`), if it is at hand: then proofs in the whole tree need
            no tile that is still growing, which costs most to read.
    """

    def __init__(self, size: int, read: Reader, edge: Sequence[bytes] = ()) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int], list[bytes]] = {}
        self._known = dict(zip(_edge_of(size), edge, strict=True)) if edge else {}

    def root(self, size: int | None = None) -> bytes:
        """Root of the first `size` leaves; of all of them when nothing is said.

        Raises:
            ValueError: the tree is smaller.
        """
        size = self.size if size is None else size
        if not 0 <= size <= self.size:
            raise ValueError(f"no tree of {size} leaves within one of {self.size}")
        return self._range(0, size) if size else EMPTY_ROOT

    def leaf(self, index: int) -> bytes:
        """The leaf hash at an index, counted from 0.

        Raises:
            ValueError: there is no such leaf.
        """
        if not 0 <= index < self.size:
            raise ValueError(f"no leaf {index} in a tree of {self.size}")
        return self._node(0, index)

    def frontier(self, size: int) -> list[bytes]:
        """Roots of the perfect subtrees of the first `size` leaves, largest first (`merkle.Frontier`)."""
        return [self._node(*node) for node in _edge_of(size)]

    def forget(self) -> None:
        """Drop the tiles read so far, for a walk through a large tree."""
        self._tiles.clear()

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Hashes from the leaf to the root of the first `size` leaves, lowest first (RFC 9162 §2.1.3.1).

        Raises:
            ValueError: there is no such leaf in a tree of that size.
        """
        size = self.size if size is None else size
        if not 0 <= index < size <= self.size:
            raise ValueError(f"no leaf {index} in a tree of {size}; there are {self.size}")
        path, low, high = [], 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return path[::-1]

    def consistency_proof(self, old_size: int, size: int | None = None) -> list[bytes]:
        """Hashes that show that the first `old_size` leaves are unchanged (RFC 9162 §2.1.4.1); none from size 0.

        Raises:
            ValueError: the tree is smaller than `old_size`.
        """
        size = self.size if size is None else size
        if not 0 <= old_size <= size <= self.size:
            raise ValueError(f"no tree of {old_size} leaves within one of {size}; there are {self.size}")
        if old_size in (0, size):
            return []
        path, low, high, is_left_edge = [], 0, size, True
        while old_size != high:
            middle = low + _split(high - low)
            if old_size <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low, is_left_edge = middle, False
        if not is_left_edge:
            path.append(self._range(low, high))
        return path[::-1]

    def _range(self, low: int, high: int) -> bytes:
        """Root of the leaves from `low` to before `high`, a subtree of RFC 9162's tree."""
        count = high - low
        if count & (count - 1) == 0:
            height = count.bit_length() - 1
            return self._node(height, low >> height)
        middle = low + _split(count)
        return node_hash(self._range(low, middle), self._range(middle, high))

    def _node(self, height: int, index: int) -> bytes:
        """Root of the perfect subtree of 2^height leaves with that index among its like."""
        known = self._known.get((height, index))
        if known is not None:
            return known
        level, within = divmod(height, HEIGHT)
        first = index << within
        number, offset = divmod(first, WIDTH)
        return fold(self._tile(level, number)[offset : offset + (1 << within)])

    def _tile(self, level: int, number: int) -> list[bytes]:
        found = self._tiles.get((level, number))
        if found is None:
            address = address_in(self.size, level, number)
            found = self._tiles[level, number] = hashes_of(self._read(address), address.width)
        return found


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries one after the other, each after its length in two bytes (tlog-tiles, "log entries").

    Raises:
        TileError: an entry is longer than two bytes can say.
    """
    for entry in entries:
        if len(entry) > MOST_ENTRY_BYTES:
            raise TileError(f"an entry in a bundle has at most {MOST_ENTRY_BYTES} bytes, this one {len(entry)}")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries_of(data: bytes, width: int) -> list[bytes]:
    """The entries in a bundle.

    Raises:
        TileError: it ends within an entry, or holds more or fewer than `width`.
    """
    found: list[bytes] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        entry = data[at + 2 : at + 2 + length]
        if at + 2 > len(data) or len(entry) < length:
            raise TileError(f"the bundle ends within entry {len(found)}")
        found.append(entry)
        at += 2 + length
    if len(found) != width:
        raise TileError(f"the bundle holds {len(found)} entries, not {width}")
    return found


def _edge_of(size: int) -> list[tuple[int, int]]:
    """Height and index of the perfect subtrees of the first `size` leaves, largest first."""
    nodes, at = [], 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            nodes.append((height, at >> height))
            at += 1 << height
    return nodes


def _split(size: int) -> int:
    """Largest power of two smaller than `size` (> 1)."""
    return 1 << ((size - 1).bit_length() - 1)
