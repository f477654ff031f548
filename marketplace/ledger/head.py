"""The head of the ledger: who holds it, appends."""

import json

from sqlalchemy import select

from marketplace.extensions import db
from marketplace.ledger.merkle import Frontier
from marketplace.ledger.models import LedgerHead


def lock_head() -> LedgerHead:
    """The head, held by this transaction: whoever appends waits here for the one before."""
    return db.session.scalars(
        select(LedgerHead).where(LedgerHead.id == 1).with_for_update().execution_options(populate_existing=True)
    ).one()


def frontier_of(head: LedgerHead) -> Frontier:
    """The Merkle frontier as stored."""
    return Frontier.from_list(head.size, json.loads(head.frontier))
