"""Issue a certificate; choose how one's enterprise appears in it."""

import secrets

from sqlalchemy import select

from marketplace.accounts.models import User
from marketplace.exchanges.models import Side
from marketplace.extensions import db
from marketplace.ledger.certificates.errors import NothingToCertify
from marketplace.ledger.certificates.models import Appearance, Certificate
from marketplace.ledger.certificates.queries import may_be_certified
from marketplace.ledger.checkpoints import checkpoint_covering, keep_newest
from marketplace.ledger.head import lock_head
from marketplace.ledger.models import LedgerEntry

SERIAL_BYTES = 16


def issue(position: int, by: User) -> Certificate:
    """The certificate of an entry, made when there is none yet; both parties share it.

    Raises:
        NothingToCertify: the entry is a reversal or was reversed.
    """
    lock_head()  # neither a second certificate nor a reversal comes in between
    entry = db.session.get_one(LedgerEntry, position)
    if not may_be_certified(entry):
        raise NothingToCertify
    found = db.session.scalar(select(Certificate).where(Certificate.position == position))
    if found is not None:
        return found
    if checkpoint_covering(position) is None:
        keep_newest()  # so that the certificate stays the same
    made = Certificate(serial=secrets.token_hex(SERIAL_BYTES), position=position, issued_by_id=by.id)
    db.session.add(made)
    db.session.flush()
    return made


def choose_appearance(exchange_id: int, side: Side, is_named: bool, by: User) -> None:
    """From now on this side appears by name, or by pseudonym, in certificates of its exchange and on their pages."""
    row = db.session.get(Appearance, (exchange_id, side), with_for_update=True)
    if row is None:
        db.session.add(Appearance(exchange_id=exchange_id, side=side, is_named=is_named, chosen_by_id=by.id))
        return
    row.is_named, row.chosen_by_id = is_named, by.id
