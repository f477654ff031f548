"""Reads of certificates: everything for the documents, and what an outsider may know."""

import enum
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from marketplace.accounts.models import Enterprise
from marketplace.exchanges.models import Side
from marketplace.extensions import db
from marketplace.ledger.certificates.models import Appearance, Certificate
from marketplace.ledger.checkpoints import checkpoint_covering, confirmations_in, latest_checkpoint
from marketplace.ledger.keys import listed_keys, signing_key
from marketplace.ledger.models import Checkpoint, EntryKind, LedgerEntry
from marketplace.ledger.notes import CheckpointBody, Note, VerifierKey
from marketplace.ledger.tile_store import CONFIRMATIONS, served_tree, tree_of

_SERIAL = re.compile("[0-9a-f]{32}")


class CertificateState(enum.StrEnum):
    """What a certificate is worth today."""

    VALID = "valid"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Appears:
    """A party as it chose to appear; names are empty for a pseudonym only."""

    pseudonym: str
    name_en: str = ""
    name_zh: str = ""

    @property
    def is_named(self) -> bool:
        return bool(self.name_en or self.name_zh)

    @property
    def both_names(self) -> str:
        """The names in both languages, each once."""
        return " / ".join(dict.fromkeys(name for name in (self.name_zh, self.name_en) if name))

    def name(self, language: str) -> str:
        """The name in the reader's language, or the pseudonym."""
        names = (self.name_zh, self.name_en) if language == "zh" else (self.name_en, self.name_zh)
        return names[0] or names[1] or self.pseudonym


@dataclass(frozen=True, slots=True)
class CertificateDetail:
    """A certificate with its entry, both parties as they chose to appear, and who reversed it (None: nobody)."""

    certificate: Certificate
    entry: LedgerEntry
    body: Mapping[str, Any]
    parties: Mapping[Side, Appears]
    reversed_by: LedgerEntry | None

    @property
    def state(self) -> CertificateState:
        return CertificateState.VALID if self.reversed_by is None else CertificateState.REVERSED

    @property
    def are_both_named(self) -> bool:
        """Only then may an outsider read what was exchanged: few enterprises have a given material in a given month."""
        return all(party.is_named for party in self.parties.values())


@dataclass(frozen=True, slots=True)
class Place:
    """What ties an entry to the log: a checkpoint that covers it, the key that signed it, the inclusion proof.

    `confirmation_proofs`: the same of each of its confirmations in their own log; None for one that is older than that.
    """

    checkpoint: Checkpoint
    key: VerifierKey
    proof: tuple[str, ...]
    confirmation_proofs: tuple[tuple[str, ...] | None, ...]


def of_entry(entry: LedgerEntry) -> CertificateDetail | None:
    """The certificate of an entry; None when nobody has asked for one."""
    found = db.session.scalar(select(Certificate).where(Certificate.position == entry.position))
    return _detail(found, entry) if found else None


def by_serial(serial: str) -> CertificateDetail | None:
    """The certificate with that serial; None: unknown."""
    if not _SERIAL.fullmatch(serial):
        return None
    found = db.session.scalar(select(Certificate).where(Certificate.serial == serial))
    return _detail(found, db.session.get_one(LedgerEntry, found.position)) if found else None


def appearance(entry: LedgerEntry) -> dict[Side, Appears]:
    """Both parties of an entry as they chose to appear; by pseudonym where nobody chose."""
    chosen = select(Appearance.side).where(Appearance.exchange_id == entry.exchange_id, Appearance.is_named)
    named = set(db.session.scalars(chosen))
    found = {}
    for side, enterprise_id in ((Side.SUPPLIER, entry.supplier_id), (Side.RECEIVER, entry.receiver_id)):
        enterprise = db.session.get_one(Enterprise, enterprise_id)
        names = (enterprise.name_en, enterprise.name_zh) if side in named else ("", "")
        found[side] = Appears(enterprise.pseudonym, *names)
    return found


def place_of(entry: LedgerEntry) -> Place:
    """The oldest checkpoint that covers an entry, so that a certificate stays the same; after the key was changed the
    newest, so that one key checks all of it."""
    checkpoint = checkpoint_covering(entry.position)
    if checkpoint is None or not signing_key().verifier.signature_in(Note.parse(checkpoint.note)):
        checkpoint = latest_checkpoint()
    assert checkpoint is not None, "issue() makes one when there is none"
    note = Note.parse(checkpoint.note)
    key = next(row.key for row in reversed(listed_keys()) if row.key.signature_in(note))
    proof = served_tree(checkpoint.size).inclusion_proof(entry.position)
    return Place(checkpoint, key, _in_hex(proof), tuple(_confirmation_proofs(entry, note)))


def _confirmation_proofs(entry: LedgerEntry, note: Note) -> Iterator[tuple[str, ...] | None]:
    size = int(confirmations_in(CheckpointBody.parse(note.text)).split(" ")[0])
    tree = tree_of(size, CONFIRMATIONS)
    for confirmation in json.loads(entry.canonical)["confirmations"]:
        number = confirmation.get("number")
        yield None if number is None else _in_hex(tree.inclusion_proof(int(number)))


def _in_hex(proof: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(step.hex() for step in proof)


def may_be_certified(entry: LedgerEntry) -> bool:
    """Whether the entry stands: it is no reversal and was not reversed."""
    reversal = db.session.scalar(select(LedgerEntry.position).where(LedgerEntry.reverses == entry.position))
    return entry.kind is EntryKind.ASSESSMENT and reversal is None


def _detail(certificate: Certificate, entry: LedgerEntry) -> CertificateDetail:
    return CertificateDetail(
        certificate=certificate,
        entry=entry,
        body=json.loads(entry.canonical),
        parties=appearance(entry),
        reversed_by=db.session.scalar(select(LedgerEntry).where(LedgerEntry.reverses == entry.position)),
    )
