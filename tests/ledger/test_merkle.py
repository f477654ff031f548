"""RFC 9162 trees: published vectors, and what always holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.ledger.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MANY = [leaf_hash(str(number).encode()) for number in range(64)]


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << (bit % 8)
    return bytes(changed)


@st.composite
def places(draw):
    size = draw(st.integers(1, 64))
    return size, draw(st.integers(0, size - 1))


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots(size):
    assert root(LEAVES[:size]).hex() == ROOTS[size]


def test_the_published_proofs():
    assert [node.hex()[:8] for node in inclusion_proof(LEAVES, 5)] == ["bc1a0643", "ca854ea1", "d37ee418"]
    assert [node.hex()[:8] for node in consistency_proof(LEAVES, 6)] == ["0ebc5d34", "ca854ea1", "d37ee418"]


def test_a_leaf_is_not_a_node():
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


@given(place=places())
def test_every_inclusion_proof_verifies(place):
    size, index = place
    leaves = MANY[:size]

    assert verify_inclusion(leaves[index], index, size, inclusion_proof(leaves, index), root(leaves))


@given(place=places(), bit=st.integers(0, 255), which=st.integers(0, 7))
def test_a_flipped_bit_breaks_inclusion(place, bit, which):
    size, index = place
    leaves = MANY[:size]
    parts = [leaves[index], root(leaves), *inclusion_proof(leaves, index)]
    parts[which % len(parts)] = flipped(parts[which % len(parts)], bit)
    leaf, expected, *proof = parts

    assert not verify_inclusion(leaf, index, size, proof, expected)


@given(place=places())
def test_a_proof_holds_for_no_other_place_nor_with_more_or_fewer_hashes(place):
    size, index = place
    leaves = MANY[:size]
    proof = inclusion_proof(leaves, index)

    others = [other for other in range(-1, size + 1) if other != index]
    assert not any(verify_inclusion(leaves[index], other, size, proof, root(leaves)) for other in others)
    assert not verify_inclusion(leaves[index], index, size, [*proof, leaves[0]], root(leaves))
    assert not proof or not verify_inclusion(leaves[index], index, size, proof[:-1], root(leaves))


@pytest.mark.parametrize("new_size", range(65))
def test_every_older_tree_is_consistent(new_size):
    leaves = MANY[:new_size]
    for old_size in range(new_size + 1):
        proof = consistency_proof(leaves, old_size)
        assert verify_consistency(old_size, new_size, root(leaves[:old_size]), root(leaves), proof)


@given(place=places(), bit=st.integers(0, 255), which=st.integers(0, 8))
def test_a_flipped_bit_breaks_consistency(place, bit, which):
    new_size, before = place
    leaves = MANY[:new_size]
    old_size = before + 1
    parts = [root(leaves[:old_size]), root(leaves), *consistency_proof(leaves, old_size)]
    parts[which % len(parts)] = flipped(parts[which % len(parts)], bit)
    old_root, new_root, *proof = parts

    assert not verify_consistency(old_size, new_size, old_root, new_root, proof)


@given(place=places())
def test_a_rewritten_past_is_not_consistent(place):
    new_size, index = place
    leaves = MANY[:new_size]
    rewritten = [*leaves[:index], leaf_hash(b"forged"), *leaves[index + 1 :]]

    for old_size in range(index + 1, new_size):
        proof = consistency_proof(rewritten, old_size)
        assert not verify_consistency(old_size, new_size, root(leaves[:old_size]), root(rewritten), proof)


def test_a_cut_tail_is_not_consistent():
    assert not verify_consistency(8, 7, root(LEAVES), root(LEAVES[:7]), [])


@pytest.mark.parametrize("size", range(65))
def test_a_stored_frontier_grows_like_the_tree(size):
    frontier = Frontier()
    for leaf in MANY[:size]:
        frontier.append(leaf)

    restored = Frontier.from_list(frontier.size, frontier.to_list())
    assert restored.root() == root(MANY[:size])
    restored.append(LEAVES[7])

    assert restored.size == size + 1
    assert restored.root() == root([*MANY[:size], LEAVES[7]])
    assert len(frontier.to_list()) == size.bit_count()


@pytest.mark.parametrize(("size", "hashes"), [(1, []), (-1, []), (1, ["00"]), (1, ["zz" * 32]), (3, [ROOTS[1]])])
def test_a_damaged_frontier_is_refused(size, hashes):
    with pytest.raises(ValueError, match=r"frontier|bytes|hexadecimal"):
        Frontier.from_list(size, hashes)


def test_what_is_not_in_the_tree_has_no_proof():
    with pytest.raises(ValueError, match="no leaf 8"):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(ValueError, match="no tree of 9"):
        consistency_proof(LEAVES, 9)
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier().append(b"short")
