"""Append to the ledger: one writer at a time, in the transaction that completes the exchange."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from marketplace.database import now
from marketplace.exchanges.models import Exchange
from marketplace.extensions import db
from marketplace.ledger import rollups, tile_store
from marketplace.ledger.assessing import figure_of, value_cny
from marketplace.ledger.canonical import canonical_bytes, parse_canonical
from marketplace.ledger.checkpoints import sign_head
from marketplace.ledger.entries import assessment_body, reversal_body
from marketplace.ledger.errors import AlreadyReversed, ReversalOfReversal
from marketplace.ledger.head import frontier_of, lock_head
from marketplace.ledger.merkle import leaf_hash
from marketplace.ledger.models import EntryKind, LedgerEntry, LedgerHead


def append_assessment(exchange: Exchange) -> LedgerEntry:
    """Record the figure of a completed exchange and add it to the totals.

    Raises:
        InputError: the figure cannot be computed; nothing is recorded.
    """
    head = lock_head()
    figure = figure_of(exchange)
    at = exchange.completed_at = now()  # after the wait for the head, so that entries stand in the order of time
    body = assessment_body(head.size, exchange, figure, value_cny(exchange, figure.assessment.accepted_wet_t), at)
    parties = {
        "exchange_id": exchange.id,
        "supplier_id": exchange.supplier_id,
        "receiver_id": exchange.receiver_id,
        "supplier_park_id": exchange.supplier_site.park_id,
        "receiver_park_id": exchange.receiver_site.park_id,
    }
    return _append(head, body, body, parties, None)


def reverse(position: int, reason: str) -> LedgerEntry:
    """Take an entry back by another one; the entry itself stays.

    Raises:
        AlreadyReversed, ReversalOfReversal: as their names say.
    """
    head = lock_head()
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
    return _append(head, reversal_body(head.size, body, reason, now()), body, parties, position)


def _append(
    head: LedgerHead,
    body: Mapping[str, Any],
    original: Mapping[str, Any],
    parties: Mapping[str, int],
    reverses: int | None,
) -> LedgerEntry:
    canonical = canonical_bytes(body)
    frontier = frontier_of(head)
    leaf = leaf_hash(canonical)
    frontier.append(leaf)
    entry = LedgerEntry(
        position=head.size,
        reverses=reverses,
        canonical=canonical.decode(),
        leaf_hash=leaf.hex(),
        root_hash=frontier.root().hex(),
        **columns_of(body),
        **parties,
    )
    db.session.add(entry)
    head.size, head.root_hash, head.frontier = frontier.size, frontier.root().hex(), json.dumps(frontier.to_list())
    db.session.flush()
    keys = {k: v for k, v in parties.items() if k != "exchange_id"}
    rollups.apply(rollups.cells_of(rollups.Contribution(body, original, **keys)))
    tile_store.keep_full_tiles(frontier.size)
    sign_head(head)
    return entry


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
