"""What somebody with full write access to the database could do: past the triggers, with all hashes made anew."""

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select, text, update

from marketplace.database import now
from marketplace.exchanges.models import Confirmation
from marketplace.extensions import db
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.checkpoints import CONFIRMATIONS_LINE
from marketplace.ledger.confirmed import sealed_bytes
from marketplace.ledger.keys import signing_key
from marketplace.ledger.merkle import Frontier, leaf_hash
from marketplace.ledger.models import Checkpoint, LedgerEntry, LedgerHead
from marketplace.ledger.notes import CheckpointBody, Note, SigningKey
from marketplace.ledger.service import columns_of

Row = dict[str, Any]
OF_THE_LOG = ("format", "number", "exchange", "round")  # what a confirmation under a seal does not say


@contextmanager
def write_access() -> Iterator[None]:
    """Everything may be written, as only the owner of the database can."""
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        db.session.commit()
        return
    guards = db.session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in guards:
        db.session.execute(text(f"DROP TRIGGER {name}"))
    db.session.execute(text("PRAGMA defer_foreign_keys = ON"))
    yield
    for _, sql in guards:
        db.session.execute(text(sql))
    db.session.commit()


@contextmanager
def no_uniqueness() -> Iterator[None]:
    """In the place of the entries stands a copy that takes whatever is written; afterwards the true table is back."""

    def run(*statements: str) -> None:
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            statements = ("PRAGMA foreign_keys = OFF", "PRAGMA legacy_alter_table = ON", *statements,
                          "PRAGMA legacy_alter_table = OFF", "PRAGMA foreign_keys = ON")  # fmt: skip
        with closing(db.engine.raw_connection()) as connection:  # SQLite's pragmas do nothing in a transaction
            for statement in statements:
                connection.cursor().execute(statement)
            connection.commit()

    run("ALTER TABLE ledger_entry RENAME TO true_entry", "CREATE TABLE ledger_entry AS SELECT * FROM true_entry",
        "CREATE UNIQUE INDEX position_alone ON ledger_entry (position)")  # fmt: skip
    try:
        yield
    finally:
        run("DROP TABLE ledger_entry", "ALTER TABLE true_entry RENAME TO ledger_entry")


def rows() -> list[Row]:
    """All entries as plain rows."""
    found = db.session.execute(select(LedgerEntry.__table__).order_by(LedgerEntry.position)).mappings()
    return [dict(row) for row in found]


def body_of(row: Row) -> Row:
    return json.loads(row["canonical"])


def with_body(row: Row, **changes: Any) -> Row:
    """The row with another body, its columns made to fit."""
    body = body_of(row) | changes
    return row | columns_of(body) | {"canonical": canonical_bytes(body).decode()}


def rebuild(entries: Sequence[Row], *, renumber: bool = True) -> None:
    """Write these entries as the whole ledger: numbers, leaf hashes and head made anew."""
    tree, made = Frontier(), []
    for position, row in enumerate(entries):
        row = with_body(row, position=str(position)) if renumber else dict(row)
        leaf = leaf_hash(row["canonical"].encode())
        tree.append(leaf)
        made.append(row | {"position": position, "leaf_hash": leaf.hex()})
    with write_access():
        db.session.execute(delete(LedgerEntry))
        if made:
            db.session.execute(insert(LedgerEntry), made)
        head = {"size": tree.size, "root_hash": tree.root().hex(), "frontier": json.dumps(tree.to_list())}
        db.session.execute(update(LedgerHead).values(**head))


def rebuild_confirmations() -> None:
    """Write the log of confirmations anew from what the entries hold; not the entries."""
    tree, leaves = Frontier(), {}
    for row in rows():
        for said in body_of(row).get("confirmations", ()):
            leaves[int(said["number"])] = leaf_hash(canonical_bytes(said))
    for number in sorted(leaves):
        tree.append(leaves[number])
    with write_access():
        for number, leaf in leaves.items():
            row = update(Confirmation).where(Confirmation.number == number)
            db.session.execute(row.values(leaf_hash=leaf.hex()))
        head = {"confirmations": tree.size, "confirmations_frontier": json.dumps(tree.to_list())}
        db.session.execute(update(LedgerHead).values(**head))


def sign_anew(key: SigningKey | None = None) -> None:
    """Replace all checkpoints by one of the present head, signed by our key or another."""
    key = key or signing_key()
    head = db.session.get_one(LedgerHead, 1, populate_existing=True)
    confirmations = Frontier.from_list(head.confirmations, json.loads(head.confirmations_frontier))
    line = f"{CONFIRMATIONS_LINE} {confirmations.size} {confirmations.root().hex()}"
    note = signed(key, head.size, head.root_hash, line)
    with write_access():
        db.session.execute(update(LedgerHead).values(note=note.encoded))
        db.session.execute(delete(Checkpoint))
        values = {"size": head.size, "root_hash": head.root_hash, "issued_at": now(), "note": note.encoded}
        db.session.execute(insert(Checkpoint).values(**values))


def signed(key: SigningKey, size: int, root_hash: str, *lines: str) -> Note:
    body = CheckpointBody(key.name, size, bytes.fromhex(root_hash), lines)
    return Note(body.text, (key.sign(body.text),))


def sealed(canonical: str) -> Row:
    """The entry as it would have been before there was a log of confirmations: each under a seal of its own."""
    body, key = json.loads(canonical) | {"format": "gcx-entry/2"}, signing_key()
    body["confirmations"] = [_sealed(said, body, key) for said in body["confirmations"]]
    return body


def _sealed(said: Row, body: Row, key: SigningKey) -> Row:
    kept = {name: value for name, value in said.items() if name not in OF_THE_LOG}
    seal = key.sign_bytes(sealed_bytes(kept, body["exchange"], body["round"]))
    return kept | {"key": key.verifier.encoded, "signature": base64.b64encode(seal).decode()}


def earlier(stamp: str, **ago: float) -> str:
    """A recorded time moved back."""
    from datetime import datetime

    from marketplace.ledger.entries import stamp as written

    return written(datetime.fromisoformat(stamp) - timedelta(**ago))


def backup() -> dict[str, list[Row]]:
    """All rows of all tables."""
    return {t.name: [dict(r) for r in db.session.execute(select(t)).mappings()] for t in db.metadata.sorted_tables}


def restore(saved: dict[str, list[Row]]) -> None:
    """Put a backup in the place of what is there."""
    with write_access():
        for table in reversed(db.metadata.sorted_tables):
            db.session.execute(delete(table))
        for table in db.metadata.sorted_tables:
            if saved[table.name]:
                db.session.execute(insert(table), saved[table.name])
