"""The head of the ledger: who holds it, appends."""

import json

from sqlalchemy import select, update

from marketplace.database import Prepared
from marketplace.extensions import db
from marketplace.ledger.merkle import Frontier
from marketplace.ledger.models import LedgerHead

# Statements on the table itself: whoever appends needs no object, and the ledger waits for the one who holds its head.
_HEAD = LedgerHead.__table__
_LOCK = Prepared(select(_HEAD.c.size, _HEAD.c.frontier).where(_HEAD.c.id == 1).with_for_update())
_MOVE = Prepared(update(_HEAD).where(_HEAD.c.id == 1), "size", "root_hash", "frontier")


def lock_head() -> Frontier:
    """The tree as it is, held by this transaction: whoever appends waits here for the one before."""
    head = _LOCK(db.session.connection()).one()
    return Frontier.from_list(head.size, json.loads(head.frontier))


def move_head(tree: Frontier) -> None:
    """Write the tree that this transaction, which holds the head, has made."""
    moved = {"size": tree.size, "root_hash": tree.root().hex(), "frontier": json.dumps(tree.to_list())}
    _MOVE(db.session.connection(), moved)
