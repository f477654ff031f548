"""Signed checkpoints of both trees: one with whatever is appended, and by the worker at least every hour.

The newest stands in the head. Kept for good are one an hour, and those on which a certificate or a cosignature rests.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.calendar import stamp
from marketplace.database import now
from marketplace.extensions import db
from marketplace.ledger.errors import HeadNotOurs
from marketplace.ledger.factor_table import factor_table
from marketplace.ledger.head import Head, lock_head, move_head
from marketplace.ledger.keys import listed_keys, signing_key
from marketplace.ledger.merkle import EMPTY_ROOT
from marketplace.ledger.models import Checkpoint, LedgerHead
from marketplace.ledger.notes import CheckpointBody, Note, NoteError, Signature

OLDEST = timedelta(hours=1)
CONFIRMATIONS_LINE = "gcx-confirmations"
FACTORS_LINE = "gcx-factors"
TIME_LINE = "gcx-time"
_NO_CONFIRMATIONS = f"0 {EMPTY_ROOT.hex()}"


@dataclass(frozen=True, slots=True)
class _Said:
    """What a checkpoint says of both trees."""

    size: int
    root: bytes
    confirmations: str


# The checkpoint that this process signed last: mostly it is the one in the head, and need not be read and checked.
_last_signed: tuple[str, _Said] | None = None


def hold_head() -> Head:
    """The head, held by this transaction, to be appended to.

    Raises:
        HeadNotOurs: the checkpoint in it is not signed by us, or says other trees. Whoever moved the head by hand would
            otherwise have it signed with the next entry.
    """
    head = lock_head()
    is_empty = not (head.note or head.entries.size or head.confirmations.size)
    if not is_empty and not _is_signed(head):
        raise HeadNotOurs
    return head


def publish_head(head: Head) -> None:
    """Sign the head that the caller holds and write it: what is undone was never published.

    The checkpoint says origin, size, root, the same of the confirmations, the root of the factor table, and the time.

    Raises:
        NoSigningKey: there is no usable key.
    """
    global _last_signed
    key, said = signing_key(), _of(head)
    head.factors = head.factors or factor_table().said
    lines = (
        f"{CONFIRMATIONS_LINE} {said.confirmations}",
        f"{FACTORS_LINE} {head.factors}",
        f"{TIME_LINE} {stamp(now())}",
    )
    text = CheckpointBody(key.name, said.size, said.root, lines).text
    head.note = Note(text, (key.sign(text),)).encoded
    move_head(head)
    _last_signed = (head.note, said)


def issue_checkpoint() -> Checkpoint:
    """Sign the present head anew and keep the checkpoint, in the caller's transaction.

    Raises:
        NoSigningKey: there is no usable key.
        HeadNotOurs: as its name says.
    """
    publish_head(hold_head())
    return keep_newest()


def adopt_head() -> Checkpoint:
    """Sign a head that we have not signed; only for an operator who has verified the ledger."""
    publish_head(lock_head())
    return keep_newest()


def issue_if_due() -> Checkpoint | None:
    """Issue one when none was kept for an hour, so that readers see that the log is alive."""
    newest = db.session.scalar(select(Checkpoint.issued_at).order_by(Checkpoint.id.desc()).limit(1))
    if newest is not None and newest > now() - OLDEST:
        return None
    return issue_checkpoint()


def keep_newest() -> Checkpoint:
    """The checkpoint in the head as one that is kept."""
    newest = latest_checkpoint()
    assert newest is not None, "who appends signs"
    db.session.add(newest)
    db.session.flush()
    return newest


def keep(note: Note) -> Checkpoint | None:
    """The kept checkpoint of that text, kept from now on if it was not; None when we never signed it."""
    body = CheckpointBody.parse(note.text)
    newest = latest_checkpoint()
    if newest is not None and Note.parse(newest.note).text == note.text:
        return keep_newest()
    same_tree = select(Checkpoint).where(Checkpoint.size == body.size, Checkpoint.root_hash == body.root.hex())
    for kept in db.session.scalars(same_tree):
        if Note.parse(kept.note).text == note.text:
            return kept
    ours = next((found for row in listed_keys() if (found := row.key.signature_in(note))), None)
    if ours is None or body.origin != ours.name:
        return None
    made = _checkpoint(body, Note(note.text, (ours,)).encoded)
    db.session.add(made)
    db.session.flush()
    return made


def latest_checkpoint() -> Checkpoint | None:
    """The newest one, which is in the session only if it is kept; None before the first."""
    encoded = db.session.scalar(select(LedgerHead.note))
    if not encoded:
        return None
    body = CheckpointBody.parse(Note.parse(encoded).text)
    kept = select(Checkpoint).where(Checkpoint.size == body.size, Checkpoint.note == encoded)
    return db.session.scalar(kept) or _checkpoint(body, encoded)


def find_checkpoint(number: int) -> Checkpoint | None:
    """The kept checkpoint of that number."""
    return db.session.get(Checkpoint, number)


def checkpoint_covering(position: int) -> Checkpoint | None:
    """The oldest kept checkpoint whose tree contains the entry."""
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


def confirmations_in(body: CheckpointBody) -> str:
    """How many confirmations a checkpoint covers and their root in hex; those from before that log say nothing."""
    return extension(body, CONFIRMATIONS_LINE) or _NO_CONFIRMATIONS


def extension(body: CheckpointBody, name: str) -> str:
    """What an extension line of that name says; empty without one."""
    return next((line.removeprefix(name + " ") for line in body.extensions if line.startswith(name + " ")), "")


def _checkpoint(body: CheckpointBody, encoded: str) -> Checkpoint:
    at = extension(body, TIME_LINE)
    issued_at = datetime.fromisoformat(at) if at else now()
    return Checkpoint(size=body.size, root_hash=body.root.hex(), issued_at=issued_at, note=encoded)


def _of(head: Head) -> _Said:
    confirmations = head.confirmations
    return _Said(head.entries.size, head.entries.root(), f"{confirmations.size} {confirmations.root().hex()}")


def _is_signed(head: Head) -> bool:
    wanted = _of(head)
    if _last_signed == (head.note, wanted):
        return True
    in_head = _read(head.note)
    if in_head is None or in_head == wanted:
        return in_head is not None
    # A release from before there was a log of confirmations may still run: it moves the head and keeps its checkpoint.
    beside = _read(
        db.session.scalar(
            select(Checkpoint.note)
            .where(Checkpoint.size == wanted.size, Checkpoint.root_hash == wanted.root.hex())
            .order_by(Checkpoint.id.desc())
            .limit(1)
        )
        or ""
    )
    return beside == replace(wanted, confirmations=_NO_CONFIRMATIONS) and in_head.confirmations == wanted.confirmations


def _read(encoded: str) -> _Said | None:
    """What a checkpoint says that one of our keys has signed; None: none of them has."""
    try:
        note = Note.parse(encoded)
        body = CheckpointBody.parse(note.text)
    except NoteError:
        return None
    return _Said(body.size, body.root, confirmations_in(body)) if is_ours(note) else None
