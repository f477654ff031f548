"""Witnesses: parties outside who keep our checkpoints and cosign them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from marketplace.errors import DomainError
from marketplace.extensions import db
from marketplace.ledger.checkpoints import keep
from marketplace.ledger.models import Checkpoint, Cosignature, Witness
from marketplace.ledger.notes import Algorithm, CheckpointBody, Note, NoteError, Signature, VerifierKey

MOST_LISTED = 30


class BadCosignature(DomainError):
    """What was handed in is not a cosigned checkpoint of this log; `why` says what is wrong."""

    status = 422

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)

    def sentence(self) -> str:
        return gettext("This cosignature was not taken: %(why)s", why=self.why)


@dataclass(frozen=True, slots=True)
class WitnessState:
    """How far a witness has followed the log; None before its first cosignature."""

    witness: Witness
    size: int | None
    signed_at: datetime | None


def add_witness(vkey: str) -> Witness:
    """Let a party cosign, by its public key.

    Raises:
        NoteError: no key of kind cosignature/v1.
        BadCosignature: a witness of that name is there.
    """
    key = VerifierKey.parse(vkey)
    if key.algorithm is not Algorithm.COSIGNATURE_V1:
        raise NoteError("a witness needs a key of kind cosignature/v1 (make one with: flask ledger witness key)")
    if db.session.scalar(select(Witness.id).where(Witness.name == key.name)) is not None:
        raise BadCosignature(f"a witness {key.name} is known already")
    witness = Witness(name=key.name, vkey=key.encoded)
    db.session.add(witness)
    db.session.flush()
    return witness


def all_witnesses() -> Sequence[Witness]:
    """All known witnesses by name."""
    return db.session.scalars(select(Witness).order_by(Witness.name)).all()


def take_cosignatures(encoded: str) -> list[Cosignature]:
    """Keep the cosignatures of known witnesses on one of our checkpoints; one already kept is returned again.

    Raises:
        BadCosignature: no note, not a checkpoint of ours, or no good signature of a known witness.
    """
    try:
        note = Note.parse(encoded)
        body = CheckpointBody.parse(note.text)
    except NoteError as broken:
        raise BadCosignature(str(broken)) from broken
    checkpoint = keep(note)
    if checkpoint is None:
        raise BadCosignature(f"this log has issued no such checkpoint of {body.size} entries")
    by_name = {witness.name: witness for witness in all_witnesses()}
    good = [
        (by_name[signature.name], signature)
        for signature in note.signatures
        if signature.name in by_name
        and VerifierKey.parse(by_name[signature.name].vkey).has_signed(note.text, signature)
    ]
    if not good:
        names = ", ".join(s.name for s in note.signatures)
        raise BadCosignature(f"none of its signatures ({names}) is a good one of a witness known here")
    return [_kept(checkpoint, witness, signature) for witness, signature in good]


def states() -> list[WitnessState]:
    """Each witness with the largest tree it has cosigned, and when."""
    furthest = (
        select(Cosignature.witness_id, func.max(Checkpoint.size), func.max(Cosignature.signed_at))
        .join(Cosignature.checkpoint)
        .group_by(Cosignature.witness_id)
    )
    found = {row[0]: (row[1], row[2]) for row in db.session.execute(furthest)}
    return [WitnessState(witness, *found.get(witness.id, (None, None))) for witness in all_witnesses()]


def newest_checkpoints(before: int | None) -> tuple[list[Checkpoint], int | None]:
    """Checkpoints with their cosignatures, newest first, and the number before which the next page begins."""
    cosigned = selectinload(Checkpoint.cosignatures).joinedload(Cosignature.witness)
    statement = select(Checkpoint).options(cosigned).order_by(Checkpoint.id.desc())
    if before is not None:
        statement = statement.where(Checkpoint.id < before)
    rows = list(db.session.scalars(statement.limit(MOST_LISTED + 1)))
    return rows[:MOST_LISTED], (rows[MOST_LISTED - 1].id if len(rows) > MOST_LISTED else None)


def _kept(checkpoint: Checkpoint, witness: Witness, signature: Signature) -> Cosignature:
    known = db.session.scalar(
        select(Cosignature).where(Cosignature.checkpoint_id == checkpoint.id, Cosignature.witness_id == witness.id)
    )
    if known is not None:
        return known
    try:
        signed_at = datetime.fromtimestamp(signature.time, UTC)
    except (OverflowError, ValueError, OSError) as beyond:
        raise BadCosignature(f"its time {signature.time} is no time") from beyond
    made = Cosignature(checkpoint=checkpoint, witness=witness, signed_at=signed_at, line=signature.line)
    db.session.add(made)
    db.session.flush()
    return made
