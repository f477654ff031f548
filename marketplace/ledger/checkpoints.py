"""Signed checkpoints of the tree: issued with each entry, and by the worker at least every hour."""

from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.database import now
from marketplace.extensions import db
from marketplace.ledger.entries import stamp
from marketplace.ledger.factor_table import factor_table
from marketplace.ledger.head import lock_head
from marketplace.ledger.keys import listed_keys, signing_key
from marketplace.ledger.models import Checkpoint, LedgerHead
from marketplace.ledger.notes import CheckpointBody, Note, Signature

OLDEST = timedelta(hours=1)
FACTORS_LINE = "gcx-factors"
TIME_LINE = "gcx-time"


def issue_checkpoint() -> Checkpoint:
    """Sign the present head, in the caller's transaction: what is undone was never published.

    Raises:
        NoSigningKey: there is no usable key.
    """
    return sign_head(lock_head())


def sign_head(head: LedgerHead) -> Checkpoint:
    """Sign the head that the caller holds."""
    at = now()
    note = signed(body_of(head, at))
    checkpoint = Checkpoint(size=head.size, root_hash=head.root_hash, issued_at=at, note=note.encoded)
    db.session.add(checkpoint)
    db.session.flush()
    return checkpoint


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


def body_of(head: LedgerHead, at: datetime) -> CheckpointBody:
    """What a checkpoint of the head says: origin, size, root, the root of the factor table, and the time."""
    table = factor_table()
    lines = (f"{FACTORS_LINE} {table.count} {table.root.hex()}", f"{TIME_LINE} {stamp(at)}")
    return CheckpointBody(signing_key().name, head.size, bytes.fromhex(head.root_hash), lines)


def signed(body: CheckpointBody) -> Note:
    """The checkpoint with our signature."""
    return Note(body.text, (signing_key().sign(body.text),))


def published_note(checkpoint: Checkpoint) -> Note:
    """The checkpoint with our signature and those of its witnesses."""
    note = Note.parse(checkpoint.note)
    return note.with_signatures(*(Signature.parse(c.line) for c in checkpoint.cosignatures))


def is_ours(note: Note) -> bool:
    """Whether one of our keys, present or former, has signed the note."""
    return any(listed.key.signature_in(note) for listed in listed_keys())
