"""Tiles and proofs from tiles: RFC 9162's trees, and addresses as tlog-tiles writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.ledger import merkle
from marketplace.ledger.tiles import (
    TileAddress,
    TiledTree,
    TileError,
    address_in,
    bundle,
    entries_of,
    fold,
    hashes_of,
    numbered,
    parse_number,
)
from tests.ledger.test_merkle import LEAVES, ROOTS


def leaves_of(size):
    return [merkle.leaf_hash(str(number).encode()) for number in range(size)]


def reader_of(leaves):
    """Tiles made by hand, level by level."""
    levels = [list(leaves)]
    while len(levels[-1]) >= 256:
        below = levels[-1]
        levels.append([fold(below[at : at + 256]) for at in range(0, len(below) - 255, 256)])

    def read(address):
        first = address.number * 256
        return b"".join(levels[address.level][first : first + address.width])

    return read


def tree_of(size):
    return TiledTree(size, reader_of(leaves_of(size)))


@pytest.mark.parametrize("size", range(9))
def test_tiles_give_the_published_roots(size):
    assert TiledTree(size, reader_of(LEAVES[:size])).root().hex() == ROOTS[size]


def test_tiles_give_the_published_proofs():
    tree = TiledTree(8, reader_of(LEAVES))
    assert [step.hex()[:8] for step in tree.inclusion_proof(5)] == ["bc1a0643", "ca854ea1", "d37ee418"]
    assert [step.hex()[:8] for step in tree.consistency_proof(6)] == ["0ebc5d34", "ca854ea1", "d37ee418"]


SIZES = [0, 1, 2, 3, 5, 8, 100, 255, 256, 257, 300, 511, 512, 700, 1025]


@pytest.mark.parametrize("size", SIZES)
def test_tiles_give_the_root_and_the_proofs_of_the_rfc(size):
    leaves, tree = leaves_of(size), tree_of(size)
    assert tree.root() == merkle.root(leaves)
    for index in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
        assert tree.inclusion_proof(index) == merkle.inclusion_proof(leaves, index)
        assert tree.leaf(index) == leaves[index]
    for old in {0, 1, 2, 255, 256, 257, size // 2, size - 1, size} & set(range(size + 1)):
        assert tree.consistency_proof(old) == merkle.consistency_proof(leaves, old)
        assert tree.root(old) == merkle.root(leaves[:old])


@given(st.integers(1, 66_000).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_any_proof_from_tiles_holds(size_and_index):
    size, index = size_and_index
    tree = TiledTree(size, READ_66000)
    root = tree.root()
    assert merkle.verify_inclusion(tree.leaf(index), index, size, tree.inclusion_proof(index), root)
    assert merkle.verify_consistency(index, size, tree.root(index), root, tree.consistency_proof(index))
    known = TiledTree(size, READ_66000, tree.frontier(size))
    assert known.root() == root
    assert known.inclusion_proof(index) == tree.inclusion_proof(index)
    assert known.consistency_proof(index) == tree.consistency_proof(index)


def test_a_proof_in_a_tree_whose_edge_is_known_reads_no_growing_tile():
    read = []
    edge = tree_of(1000).frontier(1000)
    tree = TiledTree(1000, lambda address: read.append(address) or reader_of(leaves_of(1000))(address), edge)
    tree.inclusion_proof(300)
    assert [address.is_full for address in read if address.level == 0] == [True]


READ_66000 = reader_of(leaves_of(66_000))


@pytest.mark.parametrize(
    ("number", "path"),
    [
        (0, "000"),
        (7, "007"),
        (999, "999"),
        (1000, "x001/000"),
        (1234067, "x001/x234/067"),
        (10**9, "x001/x000/x000/000"),
    ],
)
def test_numbers_are_written_in_groups_of_three(number, path):
    assert numbered(number) == path
    assert parse_number(path) == (number, 256)
    assert parse_number(path + ".p/12") == (number, 12)
    assert TileAddress(2, number, 12).path == f"2/{path}.p/12"
    assert TileAddress(2, number).path == f"2/{path}"


@pytest.mark.parametrize(
    "path",
    ["", "7", "07", "0007", "x000/007", "001/234", "x001", "x1/234", "abc", "000.p/0", "000.p/256", "000.p/",
     "000.p/01", "000.p/-1", "000/", "/000", "000.p/1.p/1", "٠٠٠", "x001/x001/x001/x001/x001/x001/001", "../000"],
)  # fmt: skip
def test_what_is_no_tile_address_is_refused(path):
    with pytest.raises(TileError):
        parse_number(path)


def test_a_tree_has_only_the_tiles_it_fills():
    assert address_in(300, 0, 0) == TileAddress(0, 0, 256)
    assert address_in(300, 0, 1) == TileAddress(0, 1, 44)
    assert address_in(300, 1, 0) == TileAddress(1, 0, 1)
    for level, number in ((0, 2), (1, 1), (2, 0)):
        with pytest.raises(TileError, match="has no tile"):
            address_in(300, level, number)


def test_a_truncated_tile_is_named():
    with pytest.raises(TileError, match="3 hashes has 96 bytes, this one 95"):
        hashes_of(bytes(95), 3)
    tree = TiledTree(300, lambda address: READ_66000(address)[:-1])
    with pytest.raises(TileError, match="bytes, this one"):
        tree.root()


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_holds_its_entries(entries):
    assert entries_of(bundle(entries), len(entries)) == entries


def test_a_broken_bundle_is_named():
    whole = bundle([b"one", b"two"])
    with pytest.raises(TileError, match="ends within entry 1"):
        entries_of(whole[:-1], 2)
    with pytest.raises(TileError, match="ends within entry 1"):
        entries_of(whole[:6], 2)
    with pytest.raises(TileError, match="holds 2 entries, not 3"):
        entries_of(whole, 3)
    with pytest.raises(TileError, match="at most 65535"):
        bundle([bytes(65536)])
