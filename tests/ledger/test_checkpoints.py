"""Checkpoints: one with each entry, one an hour, signed by a key outside the database; on both databases."""

import stat
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import insert, select, text, update

from marketplace.database import now, transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Confirmation, Side
from marketplace.extensions import db
from marketplace.ledger import checkpoints, keys
from marketplace.ledger import service as ledger
from marketplace.ledger.certificates import service as certificates
from marketplace.ledger.checkpoints import issue_checkpoint, issue_if_due, latest_checkpoint, published_note
from marketplace.ledger.errors import HeadNotOurs
from marketplace.ledger.factor_table import factor_table
from marketplace.ledger.keys import NoSigningKey, listed_keys, signing_key
from marketplace.ledger.merkle import root
from marketplace.ledger.models import Checkpoint, LedgerEntry, LedgerHead
from marketplace.ledger.notes import CheckpointBody, Note
from marketplace.ledger.verify import verify
from marketplace.notifications.worker import issue_checkpoint_if_due
from tests.factories import agreed, completed, delivered, open_listing, side_user, trader
from tests.ledger.attacking import signed, write_access


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
    assert body.extensions[1] == f"gcx-factors {table.count} {table.root.hex()}"
    assert body.extensions[2] == f"gcx-time {checkpoint.issued_at:%Y-%m-%dT%H:%M:%S.%f}Z"


def test_a_checkpoint_states_the_root_of_the_confirmations(world):
    completed(open_listing())
    leaves = db.session.scalars(select(Confirmation.leaf_hash).order_by(Confirmation.number)).all()
    assert len(leaves) == 2
    assert newest()[1].extensions[0] == f"gcx-confirmations 2 {root(map(bytes.fromhex, leaves)).hex()}"


def test_the_newest_checkpoint_is_kept_only_for_a_reason(world):
    completed(open_listing())
    assert db.session.query(Checkpoint).count() == 0
    with transaction():
        certificates.issue(0, trader("ironworks"))
        certificates.issue(0, trader("ironworks"))
    assert db.session.query(Checkpoint).one().note == latest_checkpoint().note


def moved_by_hand(change):
    with write_access():
        db.session.execute(text(f"UPDATE ledger_head SET {change}"))


MOVED = {
    "a tree without the last entry": "size = 0, frontier = '[]'",
    "a log without confirmations": "confirmations = 0, confirmations_frontier = '[]'",
    "no checkpoint": "note = ''",
    "another checkpoint": "note = replace(note, 'gcx-time', 'gcx-tune')",
}


@pytest.mark.parametrize("change", MOVED.values(), ids=MOVED)
def test_a_head_that_somebody_else_moved_is_never_signed(app, world, change):
    """Otherwise the next entry would have it signed, and nobody could tell any more."""
    completed(open_listing())
    exchange = agreed(open_listing())
    delivered(exchange)
    moved_by_hand(change)
    before = db.session.execute(select(LedgerHead.__table__)).one()
    with pytest.raises(HeadNotOurs), transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)))
    with pytest.raises(HeadNotOurs), transaction():
        ledger.reverse(0, "wrong")
    with pytest.raises(HeadNotOurs), transaction():
        issue_checkpoint()
    issue_checkpoint_if_due()
    done = app.test_cli_runner().invoke(args=["ledger", "checkpoint"])
    assert (done.exit_code, "run flask ledger verify" in done.output) == (1, True)
    assert db.session.execute(select(LedgerHead.__table__)).one() == before
    assert not verify().is_sound


def test_a_head_that_an_older_release_moved_is_signed(world):
    """It knows nothing of the note in the head, and keeps a checkpoint without a line about confirmations."""
    completed(open_listing())
    earlier = latest_checkpoint().note
    completed(open_listing())
    head = db.session.execute(select(LedgerHead.__table__)).one()
    note = signed(signing_key(), head.size, head.root_hash).encoded
    with write_access():
        values = {"size": head.size, "root_hash": head.root_hash, "issued_at": now(), "note": note}
        db.session.execute(insert(Checkpoint).values(values))
        db.session.execute(update(LedgerHead).values(note=earlier))
    with pytest.raises(HeadNotOurs), transaction():
        issue_checkpoint()  # the note in the head says two confirmations, and there are four
    confirmed = Note.parse(earlier).text.split("\n")
    confirmed[3] = Note.parse(head.note).text.split("\n")[3]
    text_before = "\n".join(confirmed)
    with write_access():
        before = Note(text_before, (signing_key().sign(text_before),)).encoded
        db.session.execute(update(LedgerHead).values(note=before))
    with transaction():
        issue_checkpoint()
    assert verify().is_sound


def test_an_operator_who_has_verified_the_ledger_may_sign_its_head(app, world):
    completed(open_listing())
    moved_by_hand("note = ''")
    done = app.test_cli_runner().invoke(args=["ledger", "checkpoint", "--adopt"])
    assert done.exit_code == 0, done.output
    assert verify().is_sound
    completed(open_listing())


def test_a_checkpoint_of_another_process_is_read_and_checked(world, monkeypatch):
    completed(open_listing())
    monkeypatch.setattr(checkpoints, "_last_signed", None)
    completed(open_listing())
    assert verify().is_sound


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
