"""The head of the ledger: who holds it, appends."""

import json
from dataclasses import dataclass

from sqlalchemy import select, update

from marketplace.database import Prepared
from marketplace.extensions import db
from marketplace.ledger.merkle import Frontier
from marketplace.ledger.models import LedgerHead

# Statements on the table itself: whoever appends needs no object, and the ledger waits for the one who holds its head.
_HEAD = LedgerHead.__table__
_OF_TREES = (_HEAD.c.size, _HEAD.c.frontier, _HEAD.c.confirmations, _HEAD.c.confirmations_frontier)
_LOCK = Prepared(select(*_OF_TREES, _HEAD.c.factors, _HEAD.c.note).where(_HEAD.c.id == 1).with_for_update())
_MOVE = Prepared(
    update(_HEAD).where(_HEAD.c.id == 1),
    "size", "root_hash", "frontier", "confirmations", "confirmations_frontier", "factors", "note",
)  # fmt: skip
_FORGET = Prepared(update(_HEAD).where(_HEAD.c.id == 1), "factors")


@dataclass(slots=True)
class Head:
    """The tree over the entries, the one over the confirmations, and the newest checkpoint, which is over both.

    `factors`: what it says of the published factors; empty when others were published since.
    """

    entries: Frontier
    confirmations: Frontier
    factors: str
    note: str


def lock_head() -> Head:
    """The head as it is, held by this transaction: whoever appends waits here for the one before."""
    size, frontier, count, confirmations, factors, note = _LOCK(db.session.connection()).fetchone()
    entries = Frontier.from_list(size, json.loads(frontier))
    return Head(entries, Frontier.from_list(count, json.loads(confirmations)), factors, note)


def move_head(head: Head) -> None:
    """Write the head that this transaction, which holds it, has made."""
    moved = {
        "size": head.entries.size,
        "root_hash": head.entries.root().hex(),
        "frontier": json.dumps(head.entries.to_list()),
        "confirmations": head.confirmations.size,
        "confirmations_frontier": json.dumps(head.confirmations.to_list()),
        "factors": head.factors,
        "note": head.note,
    }
    _MOVE(db.session.connection(), moved)


def forget_factors() -> None:
    """Others are published, by this transaction, which holds the head: the next checkpoint looks which there are."""
    _FORGET(db.session.connection(), {"factors": ""})
