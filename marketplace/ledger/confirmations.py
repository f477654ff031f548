"""The log of confirmations: who confirmed what and when, each a leaf of a tree whose root every checkpoint signs.

A confirmation and the checkpoint over it are made in one transaction, with a key outside the database: who can write
to the database alone cannot make a party confirm, nor unsay what it confirmed.
"""

import hashlib

from marketplace.calendar import stamp
from marketplace.exchanges.models import EVEN_PERCENT, Confirmation, Exchange, Recurrence, Side, TermsRevision
from marketplace.extensions import db
from marketplace.ledger import tile_store
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.checkpoints import hold_head, publish_head
from marketplace.ledger.confirmed import is_sealed
from marketplace.ledger.errors import ConfirmationNotLogged
from marketplace.ledger.keys import listed_keys
from marketplace.ledger.merkle import leaf_hash
from marketplace.ledger.reading import FORMAT


def enter(confirmation: Confirmation, exchange: Exchange) -> None:
    """Append a confirmation to the log, and to the exchange.

    Raises:
        NoSigningKey: there is no usable key.
        HeadNotOurs: somebody else moved the head.
    """
    head = hold_head()
    tree = head.confirmations
    confirmation.number, confirmation.terms_sha256 = tree.size, terms_digest(exchange.current_terms)
    leaf = leaf_of(confirmation, exchange)
    confirmation.leaf_hash = leaf.hex()
    tree.append(leaf)
    publish_head(head)
    exchange.confirmations.append(confirmation)
    db.session.flush()
    tile_store.keep_full_tiles(tree.size, tile_store.CONFIRMATIONS)


def require_logged(exchange: Exchange) -> None:
    """Before they count: both confirmations are in the log as they stand in the database.

    Raises:
        ConfirmationNotLogged: one of them is not.
        HeadNotOurs: somebody else moved the head.
    """
    tree = hold_head().confirmations
    logged = tile_store.tree_of(tree.size, tile_store.CONFIRMATIONS)
    keys = {row.key.encoded: row.key for row in listed_keys()}
    for confirmation in exchange.current_confirmations:
        number = confirmation.number
        if number is None:
            if not is_sealed(recorded(confirmation, exchange), exchange.uuid, str(exchange.round), keys):
                raise ConfirmationNotLogged
            continue  # given before there was a log, under a seal of its own
        leaf = leaf_of(confirmation, exchange)
        if number >= tree.size or logged.leaf(number) != leaf:
            raise ConfirmationNotLogged
    if logged.root() != tree.root():
        raise ConfirmationNotLogged


def recorded(confirmation: Confirmation, exchange: Exchange) -> dict[str, str | None]:
    """The confirmation as an entry holds it: as in the log, or as it was under a seal."""
    if confirmation.number is not None:
        return dict(statement(confirmation, exchange))
    return {
        **_said(confirmation, exchange),
        "key": confirmation.vkey or None,
        "signature": confirmation.signature or None,
    }


def statement(confirmation: Confirmation, exchange: Exchange) -> dict[str, str]:
    """What a confirmation says in the log; its canonical bytes are the leaf."""
    return {
        **_said(confirmation, exchange),
        "format": FORMAT,
        "number": str(confirmation.number),
        "exchange": exchange.uuid,
        "round": str(confirmation.round),
    }


def leaf_of(confirmation: Confirmation, exchange: Exchange) -> bytes:
    """The leaf hash that a numbered confirmation has."""
    return leaf_hash(canonical_bytes(statement(confirmation, exchange)))


def terms_digest(terms: TermsRevision) -> str:
    """SHA-256 over a revision of the terms in canonical form, with the note: what exactly was agreed.

    What was added to the terms later is named only where it is not as it always was, so that older digests stand.
    """
    said = {
        "exchange": terms.exchange.uuid,
        "number": str(terms.number),
        "proposed_by": terms.proposed_by.value,
        "quantity_t": f"{terms.quantity_t:.6f}",
        "price_cny_per_t": f"{terms.price_cny_per_t:.2f}",
        "deliver_from": terms.deliver_from.isoformat(),
        "deliver_until": terms.deliver_until.isoformat(),
        "transport_by": terms.transport_by.value,
        "mode": terms.mode.value,
        "use": terms.use,
        "note": terms.note,
    }
    if terms.supplier_percent != EVEN_PERCENT:
        said["supplier_percent"] = f"{terms.supplier_percent:.2f}"
    if terms.recurrence is not Recurrence.ONCE:
        said["recurrence"] = terms.recurrence.value
    return hashlib.sha256(canonical_bytes(said)).hexdigest()


def _said(confirmation: Confirmation, exchange: Exchange) -> dict[str, str]:
    party = exchange.supplier if confirmation.side is Side.SUPPLIER else exchange.receiver
    period = {}
    if confirmation.starts_on is not None and confirmation.ends_before is not None:
        period = {"from": confirmation.starts_on.isoformat(), "to": confirmation.ends_before.isoformat()}
    return period | {
        "side": confirmation.side.value,
        "party": party.pseudonym,
        "member": confirmation.user.pseudonym,
        "at": stamp(confirmation.at),
        "terms_revision": str(confirmation.revision),
        "terms_sha256": confirmation.terms_sha256,
    }
