"""What a program gets under /ledger: checkpoint, tiles, bundles, proofs; and clear refusals. On both databases."""

import pytest
from sqlalchemy import select

from marketplace.extensions import db
from marketplace.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from marketplace.ledger.models import LedgerEntry, LedgerHead, LedgerTile
from marketplace.ledger.notes import CheckpointBody, Note
from marketplace.ledger.tile_store import keep_full_tiles, tree_of
from marketplace.ledger.tiles import entries_of, fold, hashes_of
from tests.factories import PASSWORD, completed, open_listing


def entries():
    return db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.position)).all()


def test_an_outsider_rebuilds_the_root_of_the_checkpoint_from_the_tiles(client, world):
    for _ in range(3):
        completed(open_listing())
    checkpoint = CheckpointBody.parse(Note.parse(client.get("/ledger/checkpoint").text).text)
    answer = client.get("/ledger/tile/0/000.p/3")
    hashes = hashes_of(answer.data, 3)
    assert hashes == [leaf_hash(row.canonical.encode()) for row in entries()]
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.mimetype == "application/octet-stream"
    assert checkpoint.size == 3
    assert client.get("/ledger/tile/0/000.p/2").data == answer.data[:64]


def test_the_checkpoint_is_never_kept_by_a_cache(client, world):
    assert client.get("/ledger/checkpoint").status_code == 404
    completed(open_listing())
    answer = client.get("/ledger/checkpoint")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.mimetype == "text/plain"
    assert client.get("/ledger/checkpoints/999999999").status_code == 404


def test_entries_are_bundled_for_auditors_only(app, client, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    completed(open_listing())
    assert client.get("/ledger/tile/entries/000.p/1").status_code == 404
    client.post("/sign-in", data={"email": "auditor@example.com", "password": PASSWORD})
    answer = client.get("/ledger/tile/entries/000.p/1")
    assert entries_of(answer.data, 1) == [entries()[0].canonical.encode()]
    assert answer.headers["Cache-Control"].startswith("private")
    missing = client.get("/ledger/tile/entries/000.p/2")
    assert (missing.status_code, "not there yet" in missing.text) == (404, True)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("0/000", 404, "not there yet"),
        ("0/000.p/2", 404, "not there yet"),
        ("0/x123/456", 404, "not there yet"),
        ("1/000.p/1", 404, "not there yet"),
        ("64/000", 400, "from 0 to 63"),
        ("00/000", 400, "from 0 to 63"),
        ("x/000", 400, "from 0 to 63"),
        ("0/0", 400, "groups of three digits"),
        ("0/000.p/256", 400, "from 1 to 255"),
        ("0/000.p/0", 400, "from 1 to 255"),
        ("0/x999/x999/x999/x999/x999/999", 404, "not there yet"),
    ],
)
def test_a_tile_that_is_none_or_not_there_is_refused_with_the_reason(client, world, path, status, words):
    completed(open_listing())
    answer = client.get(f"/ledger/tile/{path}")
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_full_tile_is_stored_when_its_last_entry_comes(world):
    completed(open_listing())
    template = entries()[0]
    columns = {c.key: getattr(template, c.key) for c in LedgerEntry.__table__.columns}
    leaves = [bytes.fromhex(template.leaf_hash)]
    for position in range(1, 300):
        leaf = leaf_hash(str(position).encode())
        leaves.append(leaf)
        db.session.add(LedgerEntry(**columns | {"position": position, "leaf_hash": leaf.hex(), "round": position + 1}))
        db.session.flush()
        keep_full_tiles(position + 1)
    tile = db.session.query(LedgerTile).one()
    assert (tile.level, tile.number, tile.hashes) == (0, 0, b"".join(leaves[:256]))
    assert tile.root == fold(leaves[:256])
    tree = tree_of(300)
    assert verify_inclusion(leaves[299], 299, 300, tree.inclusion_proof(299), tree.root())
    db.session.rollback()


def test_proofs_hold_for_the_present_and_for_former_trees(client, world):
    for _ in range(4):
        completed(open_listing())
    for size in (None, 3, 4):
        found = client.get("/ledger/proofs/inclusion/2", query_string={"size": size} if size else {}).json
        proof = [bytes.fromhex(step) for step in found["proof"]]
        root = bytes.fromhex(found["root"])
        assert verify_inclusion(leaf_hash(entries()[2].canonical.encode()), 2, int(found["size"]), proof, root)
    found = client.get("/ledger/proofs/consistency?from=3&to=4").json
    proof = [bytes.fromhex(step) for step in found["proof"]]
    assert verify_consistency(3, 4, bytes.fromhex(found["old_root"]), bytes.fromhex(found["root"]), proof)
    assert found["root"] == db.session.get_one(LedgerHead, 1).root_hash


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("inclusion/1", 404, "no leaf 1 in a tree of 1"),
        ("inclusion/0?size=0", 404, "no"),
        ("inclusion/0?size=2", 400, "from 0 to 1"),
        ("inclusion/0?size=-1", 400, "from 0 to 1"),
        ("inclusion/0?size=x", 400, "from 0 to 1"),
        ("inclusion/0?size=" + "9" * 5000, 400, "from 0 to 1"),
        ("consistency?from=2", 400, "from 0 to 1"),
        ("consistency?from=1&to=0", 400, "no tree of 1"),
    ],
)
def test_a_proof_that_cannot_be_given_is_refused_with_the_reason(client, world, url, status, words):
    completed(open_listing())
    answer = client.get(f"/ledger/proofs/{url}")
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
