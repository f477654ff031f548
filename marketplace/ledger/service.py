"""Append to the ledger: one writer at a time, in the transaction that completes the exchange."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select

from marketplace.database import Prepared, now, pipelined
from marketplace.exchanges.models import Exchange
from marketplace.extensions import db
from marketplace.ledger import rollups, tile_store
from marketplace.ledger.assessing import Figure, figure_of, value_cny
from marketplace.ledger.canonical import canonical_bytes, parse_canonical
from marketplace.ledger.checkpoints import hold_head, publish_head
from marketplace.ledger.entries import assessment_body, reversal_body
from marketplace.ledger.errors import AlreadyReversed, EntryTooLong, ReversalOfReversal
from marketplace.ledger.head import Head
from marketplace.ledger.merkle import leaf_hash
from marketplace.ledger.models import EntryKind, LedgerEntry
from marketplace.ledger.tiles import MOST_ENTRY_BYTES

_INSERT = Prepared(insert(LedgerEntry.__table__).inline(), *(column.name for column in LedgerEntry.__table__.c))


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an entry stands, and since when."""

    position: int
    at: datetime


def append_assessment(exchange: Exchange, figure: Figure) -> Recorded:
    """Record the figure of a completed exchange and add it to the totals.

    Args:
        exchange: a row that this transaction holds, so that its deliveries and terms stay as they are.
        figure: as it is now. Made before the wait for the head, so that the ledger waits for nobody's arithmetic; made
            anew when factors were published meanwhile.

    Raises:
        InputError: the figure cannot be computed; nothing is recorded.
        HeadNotOurs: somebody else moved the head; nothing is recorded.
        EntryTooLong: there are so many deliveries that the log could not serve the entry; nothing is recorded.
    """
    head = hold_head()
    if figure.table.said != head.factors:  # others were published meanwhile, or since the last checkpoint
        figure = figure_of(exchange)
    at = now()  # after the wait for the head, so that entries stand in the order of time
    value = value_cny(exchange, figure.assessment.accepted_wet_t)
    body = assessment_body(head.entries.size, exchange, figure, value, at)
    parties = {
        "exchange_id": exchange.id,
        "supplier_id": exchange.supplier_id,
        "receiver_id": exchange.receiver_id,
        "supplier_park_id": exchange.supplier_site.park_id,
        "receiver_park_id": exchange.receiver_site.park_id,
    }
    _append(head, body, body, parties, None)
    return Recorded(int(body["position"]), at)


def reverse(position: int, reason: str) -> Recorded:
    """Take an entry back by another one; the entry itself stays.

    Raises:
        AlreadyReversed, ReversalOfReversal: as their names say.
    """
    head = hold_head()
    original = db.session.get_one(LedgerEntry, position)
    if original.kind is EntryKind.REVERSAL:
        raise ReversalOfReversal
    if db.session.scalar(select(LedgerEntry.position).where(LedgerEntry.reverses == position)) is not None:
        raise AlreadyReversed
    body = parse_canonical(original.canonical.encode())
    parties = {
        name: getattr(original, name)
        for name in ("exchange_id", "supplier_id", "receiver_id", "supplier_park_id", "receiver_park_id")
    }
    at = now()
    reversal = reversal_body(head.entries.size, body, reason, at)
    _append(head, reversal, body, parties, position)
    return Recorded(int(reversal["position"]), at)


def _append(
    head: Head,
    body: Mapping[str, Any],
    original: Mapping[str, Any],
    parties: Mapping[str, int],
    reverses: int | None,
) -> None:
    canonical = canonical_bytes(body)
    if len(canonical) > MOST_ENTRY_BYTES:
        raise EntryTooLong(len(canonical), MOST_ENTRY_BYTES)
    tree, leaf = head.entries, leaf_hash(canonical)
    row = {
        "position": tree.size,
        "reverses": reverses,
        "canonical": canonical.decode(),
        "leaf_hash": leaf.hex(),
        **columns_of(body),
        **parties,
    }
    tree.append(leaf)
    keys = {k: v for k, v in parties.items() if k != "exchange_id"}
    connection = db.session.connection()
    with pipelined(connection):
        _INSERT(connection, row)
        publish_head(head)
        rollups.apply(rollups.cells_of(rollups.Contribution(body, original, **keys)))
    tile_store.keep_full_tiles(tree.size)


def columns_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that repeat what the body says, for queries; `flask ledger verify` compares them."""
    result = body["result"]
    return {
        "kind": EntryKind(body["kind"]),
        "round": int(body["round"]),
        "recorded_at": datetime.fromisoformat(body["recorded_at"]),
        "month": date.fromisoformat(body["month"]),
        "material": body["material"],
        "family": body["family"],
        "accepted_t": Decimal(body["accepted_t"]),
        "value_cny": Decimal(body["value_cny"]),
        "net_kgco2e": Decimal(result["net_kgco2e"]),
        "low_kgco2e": Decimal(result["low_kgco2e"]),
        "high_kgco2e": Decimal(result["high_kgco2e"]),
    }
