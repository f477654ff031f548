"""Reads of the ledger."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, scoped_session

from marketplace.accounts.models import Enterprise, Office, Park
from marketplace.accounts.policy import Viewer, visibility
from marketplace.extensions import db
from marketplace.ledger.models import Dimension, LedgerEntry, LedgerHead
from marketplace.ledger.tile_store import served_tree

PAGE_SIZE = 30


@visibility(LedgerEntry)
def _parties_officers_auditors(who: Viewer) -> ColumnElement[bool]:
    if who.office in (Office.DISTRICT_OFFICER, Office.AUDITOR):
        return LedgerEntry.position >= 0
    own = who.enterprise_id or -1
    return or_(LedgerEntry.supplier_id == own, LedgerEntry.receiver_id == own)


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """An entry with its body, the entry that reverses it, and its proof against the present head."""

    entry: LedgerEntry
    body: dict[str, Any]
    reversed_by: int | None
    supplier: str
    receiver: str
    head: LedgerHead
    proof: list[str]


def head() -> LedgerHead:
    """The present head."""
    return db.session.get_one(LedgerHead, 1)


def entries(
    who_sees: ColumnElement[bool], filters: Sequence[ColumnElement[bool]], before: int | None
) -> tuple[list[LedgerEntry], int | None]:
    """Entries, newest first, and the position before which the next page begins."""
    statement = select(LedgerEntry).where(who_sees, *filters).order_by(LedgerEntry.position.desc())
    if before is not None:
        statement = statement.where(LedgerEntry.position < before)
    rows = list(db.session.scalars(statement.limit(PAGE_SIZE + 1)))
    return rows[:PAGE_SIZE], (rows[PAGE_SIZE - 1].position if len(rows) > PAGE_SIZE else None)


def cell_filters(
    dimension: Dimension | None, key: str, start: date | None, end: date | None
) -> list[ColumnElement[bool]]:
    """The entries behind one cell of the totals; months from `start` to `end`, both included."""
    found: list[ColumnElement[bool]] = []
    if dimension is Dimension.PARK:
        found.append(or_(LedgerEntry.supplier_park_id == int(key), LedgerEntry.receiver_park_id == int(key)))
    elif dimension is Dimension.ENTERPRISE:
        found.append(or_(LedgerEntry.supplier_id == int(key), LedgerEntry.receiver_id == int(key)))
    elif dimension is Dimension.FAMILY:
        found.append(LedgerEntry.family == key)
    elif dimension is Dimension.MATERIAL:
        found.append(LedgerEntry.material == key)
    if start:
        found.append(LedgerEntry.month >= start)
    if end:
        found.append(LedgerEntry.month <= end)
    return found


def entries_of_exchange(session: Session | scoped_session[Any], exchange_id: int) -> list[LedgerEntry]:
    """All entries of an exchange, oldest first."""
    return list(
        session.scalars(
            select(LedgerEntry).where(LedgerEntry.exchange_id == exchange_id).order_by(LedgerEntry.position)
        )
    )


def detail(entry: LedgerEntry, language: str) -> EntryDetail:
    """What the page, the JSON and the PDF of an entry show."""
    now_head = head()
    names = {
        row.id: (row.name_zh or row.name_en) if language == "zh" else (row.name_en or row.name_zh)
        for row in db.session.execute(
            select(Enterprise.id, Enterprise.name_zh, Enterprise.name_en).where(
                Enterprise.id.in_([entry.supplier_id, entry.receiver_id])
            )
        )
    }
    return EntryDetail(
        entry=entry,
        body=json.loads(entry.canonical),
        reversed_by=db.session.scalar(select(LedgerEntry.position).where(LedgerEntry.reverses == entry.position)),
        supplier=names[entry.supplier_id],
        receiver=names[entry.receiver_id],
        head=now_head,
        proof=[step.hex() for step in served_tree(now_head.size).inclusion_proof(entry.position)],
    )


def names_of_parks(language: str) -> dict[int, str]:
    return {p.id: p.name_zh if language == "zh" else p.name_en for p in db.session.scalars(select(Park))}


def names_of_enterprises(ids: set[int], language: str) -> dict[int, str]:
    """Names of the given enterprises in the reader's language."""
    rows = db.session.scalars(select(Enterprise).where(Enterprise.id.in_(ids)))
    return {enterprise.id: enterprise.name(language) for enterprise in rows}
