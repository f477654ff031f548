"""Merkle tree of the ledger (RFC 9162 §2.1, the same hashes as RFC 6962).

Hashes are 32 bytes of SHA-256. "Leaf hash" always means ``leaf_hash(entry)``, never the entry itself.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry's canonical bytes (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: enough to append and to know the root, O(log n) in size and time.

    Holds the roots of the perfect subtrees, largest (leftmost) first, one for each bit set in ``size``.
    """

    __slots__ = ("_hashes", "_root", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._hashes: list[bytes] = []
        self._root: bytes | None = EMPTY_ROOT

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash.

        Raises:
            ValueError: it is not 32 bytes long.
        """
        _check_hash(leaf)
        self._hashes.append(leaf)
        carried = self._size
        while carried & 1:
            right = self._hashes.pop()
            self._hashes[-1] = node_hash(self._hashes[-1], right)
            carried >>= 1
        self._size += 1
        self._root = None

    def root(self) -> bytes:
        """Root hash of all leaves so far; of none, SHA-256 of nothing."""
        if self._root is None:
            *others, root = self._hashes
            for left in reversed(others):
                root = hashlib.sha256(b"\x01" + left + root).digest()  # node_hash without the call
            self._root = root
        return self._root

    def to_list(self) -> list[str]:
        """The subtree roots in hex, largest first; to be stored together with ``size``."""
        return [subtree.hex() for subtree in self._hashes]

    @classmethod
    def from_list(cls, size: int, hashes: Sequence[str]) -> Frontier:
        """The frontier that ``size`` and ``to_list()`` describe.

        Raises:
            ValueError: not one hash of 32 bytes for each bit set in ``size``.
        """
        if size < 0 or len(hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has no frontier of {len(hashes)} hashes")
        frontier = cls()
        frontier._size = size
        frontier._hashes = [bytes.fromhex(subtree) for subtree in hashes]
        frontier._root = None if hashes else EMPTY_ROOT
        for subtree in frontier._hashes:
            _check_hash(subtree)
        return frontier


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Merkle tree hash of a list of leaf hashes (RFC 9162 §2.1.1)."""
    frontier = Frontier()
    for leaf in leaf_hashes:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Hashes that lead from one leaf to the root, lowest first (RFC 9162 §2.1.3.1).

    Raises:
        ValueError: there is no leaf at that index (counted from 0).
    """
    if not 0 <= index < len(leaf_hashes):
        raise ValueError(f"no leaf {index} in a tree of {len(leaf_hashes)}")
    if len(leaf_hashes) == 1:
        return []
    split = _split(len(leaf_hashes))
    left, right = leaf_hashes[:split], leaf_hashes[split:]
    if index < split:
        return [*inclusion_proof(left, index), root(right)]
    return [*inclusion_proof(right, index - split), root(left)]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Whether a leaf hash stands at ``index`` in the tree of that size and root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, expected_root, *proof):
        return False
    node, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            node, last = _skip_missing_levels(node, last)
        else:
            computed = node_hash(computed, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hmac.compare_digest(computed, expected_root)


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """Hashes that show that the first ``old_size`` leaves are unchanged (RFC 9162 §2.1.4.1).

    Empty for an old size of 0 and for the whole tree.

    Raises:
        ValueError: the tree is smaller than ``old_size``.
    """
    if not 0 <= old_size <= len(leaf_hashes):
        raise ValueError(f"no tree of {old_size} leaves within one of {len(leaf_hashes)}")
    return _subproof(leaf_hashes, old_size, known=True) if old_size else []


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of ``new_size`` extends the one of ``old_size`` (RFC 9162 §2.1.4.2)."""
    if not 0 <= old_size <= new_size or not _are_hashes(old_root, new_root, *proof):
        return False
    if old_size == new_size:
        return not proof and hmac.compare_digest(old_root, new_root)
    if old_size == 0:
        return not proof and hmac.compare_digest(old_root, EMPTY_ROOT)
    path = list(proof)
    if old_size.bit_count() == 1:
        path.insert(0, old_root)
    return bool(path) and _follows(old_size - 1, new_size - 1, path, old_root, new_root)


def _follows(node: int, last: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Steps 4–7 of RFC 9162 §2.1.4.2: rebuild both roots from one path."""
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            node, last = _skip_missing_levels(node, last)
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hmac.compare_digest(old, old_root) and hmac.compare_digest(new, new_root)


def _subproof(leaf_hashes: Sequence[bytes], old_size: int, *, known: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162 §2.1.4.1; ``known``: the verifier has this subtree's root as the old root."""
    if old_size == len(leaf_hashes):
        return [] if known else [root(leaf_hashes)]
    split = _split(len(leaf_hashes))
    left, right = leaf_hashes[:split], leaf_hashes[split:]
    if old_size <= split:
        return [*_subproof(left, old_size, known=known), root(right)]
    return [*_subproof(right, old_size - split, known=False), root(left)]


def _skip_missing_levels(node: int, last: int) -> tuple[int, int]:
    """At the right edge, go up while the node has no sibling on its level."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _split(size: int) -> int:
    """Largest power of two smaller than ``size`` (> 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _are_hashes(*candidates: bytes) -> bool:
    return all(len(candidate) == HASH_BYTES for candidate in candidates)


def _check_hash(candidate: bytes) -> None:
    if len(candidate) != HASH_BYTES:
        raise ValueError(f"a hash has {HASH_BYTES} bytes, got {len(candidate)}")
