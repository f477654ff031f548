"""Signed checkpoints of the tree: issued with each entry, and by the worker at least every hour."""

from datetime import timedelta

from sqlalchemy import insert, select

from marketplace.database import Prepared, now
from marketplace.extensions import db
from marketplace.ledger.entries import stamp
from marketplace.ledger.factor_table import FactorTable, factor_table
from marketplace.ledger.head import lock_head
from marketplace.ledger.keys import listed_keys, signing_key
from marketplace.ledger.merkle import Frontier
from marketplace.ledger.models import Checkpoint
from marketplace.ledger.notes import CheckpointBody, Note, Signature

OLDEST = timedelta(hours=1)
FACTORS_LINE = "gcx-factors"
TIME_LINE = "gcx-time"
_ISSUE = Prepared(insert(Checkpoint.__table__).inline(), "size", "root_hash", "issued_at", "note")


def issue_checkpoint() -> Checkpoint:
    """Sign the present head, in the caller's transaction: what is undone was never published.

    Raises:
        NoSigningKey: there is no usable key.
    """
    sign_head(lock_head(), factor_table())
    return db.session.scalars(select(Checkpoint).order_by(Checkpoint.id.desc()).limit(1)).one()


def sign_head(tree: Frontier, table: FactorTable) -> None:
    """Sign the head that the caller holds: origin, size, root, the root of the factor table, and the time.

    Raises:
        NoSigningKey: there is no usable key.
    """
    at, key, root = now(), signing_key(), tree.root()
    lines = (f"{FACTORS_LINE} {table.count} {table.root.hex()}", f"{TIME_LINE} {stamp(at)}")
    said = CheckpointBody(key.name, tree.size, root, lines).text
    note = Note(said, (key.sign(said),))
    row = {"size": tree.size, "root_hash": root.hex(), "issued_at": at, "note": note.encoded}
    _ISSUE(db.session.connection(), row)


def issue_if_due() -> Checkpoint | None:
    """Issue one when the newest is an hour old, so that readers see that the log is alive."""
    newest = latest_checkpoint()
    if newest is not None and newest.issued_at > now() - OLDEST:
        return None
    return issue_checkpoint()


def latest_checkpoint() -> Checkpoint | None:
    """The newest one; None before the first."""
    return db.session.scalar(select(Checkpoint).order_by(Checkpoint.id.desc()).limit(1))


def find_checkpoint(number: int) -> Checkpoint | None:
    """The checkpoint of that number."""
    return db.session.get(Checkpoint, number)


def checkpoint_covering(position: int) -> Checkpoint | None:
    """The oldest checkpoint whose tree contains the entry: the one made when it was completed."""
    return db.session.scalar(
        select(Checkpoint).where(Checkpoint.size > position).order_by(Checkpoint.size, Checkpoint.id).limit(1)
    )


def published_note(checkpoint: Checkpoint) -> Note:
    """The checkpoint with our signature and those of its witnesses."""
    note = Note.parse(checkpoint.note)
    return note.with_signatures(*(Signature.parse(c.line) for c in checkpoint.cosignatures))


def is_ours(note: Note) -> bool:
    """Whether one of our keys, present or former, has signed the note."""
    return any(listed.key.signature_in(note) for listed in listed_keys())
