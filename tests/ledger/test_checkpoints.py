"""Checkpoints: one with each entry, one an hour, signed by a key outside the database; on both databases."""

import stat
from datetime import timedelta

import pytest
import time_machine

from marketplace.database import now, transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Side
from marketplace.extensions import db
from marketplace.ledger import keys
from marketplace.ledger.checkpoints import issue_checkpoint, issue_if_due, latest_checkpoint, published_note
from marketplace.ledger.factor_table import factor_table
from marketplace.ledger.keys import NoSigningKey, listed_keys, signing_key
from marketplace.ledger.models import Checkpoint, LedgerEntry, LedgerHead
from marketplace.ledger.notes import CheckpointBody, Note
from tests.factories import agreed, completed, delivered, open_listing, side_user


def newest():
    found = latest_checkpoint()
    assert found is not None
    return found, CheckpointBody.parse(Note.parse(found.note).text)


@pytest.fixture
def own_key(app, tmp_path, monkeypatch):
    """A key file of this test's own, not there yet."""
    monkeypatch.setitem(app.config, "LEDGER_KEY_FILE", str(tmp_path / "keys" / "ledger.key"))
    return tmp_path / "keys" / "ledger.key"


def test_each_entry_comes_with_a_signed_checkpoint_of_the_tree_it_made(world):
    for size in (1, 2):
        completed(open_listing())
        checkpoint, body = newest()
        head = db.session.get_one(LedgerHead, 1)
        assert (body.size, body.root.hex()) == (size, head.root_hash) == (checkpoint.size, checkpoint.root_hash)
        assert signing_key().verifier.signature_in(Note.parse(checkpoint.note))


def test_a_checkpoint_states_the_root_of_the_factor_table_and_its_time(world):
    with transaction():
        issue_checkpoint()
    checkpoint, body = newest()
    table = factor_table()
    assert body.extensions[0] == f"gcx-factors {table.count} {table.root.hex()}"
    assert body.extensions[1] == f"gcx-time {checkpoint.issued_at:%Y-%m-%dT%H:%M:%S.%f}Z"


def test_a_checkpoint_is_issued_every_hour_and_not_more_often(world):
    with transaction():
        assert issue_if_due() is not None
        assert issue_if_due() is None
    with time_machine.travel(now() + timedelta(minutes=61)), transaction():
        assert issue_if_due() is not None
    assert db.session.query(Checkpoint).count() == 2


def test_what_is_undone_was_never_signed_for_others(world):
    with transaction():
        issue_checkpoint()
        db.session.rollback()
    assert latest_checkpoint() is None


def test_the_key_is_made_outside_the_database_for_this_user_only(world, own_key):
    key = signing_key()
    assert stat.S_IMODE(own_key.stat().st_mode) == 0o600
    assert key.name == "test/ledger"
    assert [row.key for row in listed_keys()] == [key.verifier]


def test_an_old_key_stays_listed_when_a_new_one_signs(app, world, own_key):
    with transaction():
        old_note = issue_checkpoint().note
    old = signing_key()
    runner = app.test_cli_runner()
    refused = runner.invoke(args=["ledger", "key", "new"])
    assert refused.exit_code == 1
    assert "--replace" in refused.output
    made = runner.invoke(args=["ledger", "key", "new", "--replace"])
    assert made.exit_code == 0, made.output
    assert signing_key().name == old.name
    assert signing_key() != old
    assert [row.key for row in listed_keys()] == [old.verifier, signing_key().verifier]
    assert listed_keys()[0].until is not None
    assert any(row.key.signature_in(Note.parse(old_note)) for row in listed_keys())


def test_without_a_key_production_completes_nothing_and_says_what_to_do(app, world, own_key, monkeypatch):
    exchange = agreed(open_listing())
    delivered(exchange)
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)))
    own_key.unlink()
    monkeypatch.setitem(app.config, "NAME", "production")
    with pytest.raises(NoSigningKey, match="flask ledger key new"), transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.RECEIVER)))
    assert db.session.query(LedgerEntry).count() == 0


@pytest.mark.parametrize(
    ("content", "words"), [("", "no signing key"), ("PRIVATE+KEY+a+00000000+AAAA\n", "no signing key")]
)
def test_a_broken_key_file_is_named(world, own_key, content, words):
    own_key.parent.mkdir()
    own_key.write_text(content)
    with pytest.raises(NoSigningKey, match=words):
        signing_key()


def test_a_log_keeps_its_origin(app, world, own_key, monkeypatch):
    signing_key()
    monkeypatch.setitem(app.config, "LEDGER_ORIGIN", "other.example/ledger")
    with pytest.raises(NoSigningKey, match="keeps its origin"):
        signing_key()


def test_the_keys_and_the_newest_checkpoint_are_public(client, world):
    completed(open_listing())
    page = client.get("/ledger").text
    vkey = listed_keys()[-1].key.encoded
    assert latest_checkpoint().note.split("\n")[2] in page.replace("&#43;", "+")
    assert vkey in page.replace("&#43;", "+")
    found = client.get("/.well-known/ledger-keys.json").json
    assert found["origin"] == signing_key().name
    assert [key["vkey"] for key in found["keys"]] == [row.key.encoded for row in listed_keys()]
    assert keys.signing_key().encoded not in page


def test_a_published_note_is_what_was_signed(world):
    completed(open_listing())
    checkpoint, _ = newest()
    assert published_note(checkpoint).encoded == checkpoint.note
