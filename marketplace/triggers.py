"""Append-only tables: which they are, and whether the database still guards them."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

APPEND_ONLY = (
    "ledger_entry",
    "emission_factor",
    "terms_revision",
    "terms_acceptance",
    "confirmation",
    "exchange_event",
    "audit_event",
    "match_event",
    "ledger_tile",
    "confirmation_tile",
    "checkpoint",
    "cosignature",
)
EVENTS = ("update", "delete")


def trigger_names(dialect: str) -> set[str]:
    """The triggers that must exist; SQLite also guards inserts, because REPLACE fires no delete trigger."""
    events = (*EVENTS, "insert") if dialect == "sqlite" else (*EVENTS, "truncate")
    return {f"{table}_no_{event}" for table in APPEND_ONLY for event in events}


def missing_triggers(session: Session | scoped_session[Any]) -> list[str]:
    """Names of triggers that somebody removed."""
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        rows = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    else:
        rows = session.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"))
    return sorted(trigger_names(dialect) - {name for (name,) in rows})
