"""append-only triggers, full-text table, and the empty ledger's head

Revision ID: 0002
Revises: 0001
"""

import hashlib

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Table → the column sets that identify a row. SQLite's INSERT OR REPLACE deletes the old row of any of them
# without firing a DELETE trigger, hence a guard before INSERT on each.
KEYS = {
    "ledger_entry": (("position",), ("reverses",), ("exchange_id", "kind", "round")),
    "emission_factor": (("id",), ("factor_id", "version")),
    "terms_revision": (("id",), ("submission",), ("exchange_id", "number")),
    "terms_acceptance": (("id",), ("revision_id", "side")),
    "confirmation": (("id",), ("exchange_id", "round", "side")),
    "exchange_event": (("id",),),
    "audit_event": (("id",),),
}


def upgrade():
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()
    # RFC 9162 §2.1.1: the hash of an empty tree is that of the empty string.
    empty = hashlib.sha256(b"").hexdigest()
    op.execute(f"INSERT INTO ledger_head (id, size, root_hash, frontier) VALUES (1, 0, '{empty}', '[]')")


def downgrade():
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in KEYS:
        for event in ("update", "delete", "insert" if is_sqlite else "truncate"):
            op.execute(f"DROP TRIGGER {table}_no_{event}" + ("" if is_sqlite else f" ON {table}"))
    if not is_sqlite:
        op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP TABLE listing_fts")
    op.execute("DELETE FROM ledger_head")


def _sqlite():
    for table, keys in KEYS.items():
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        taken = " OR ".join("(" + " AND ".join(f"{c} = NEW.{c}" for c in key) + ")" for key in keys)
        op.execute(
            f"CREATE TRIGGER {table}_no_insert BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: the row exists'); END"
        )
    op.execute("CREATE VIRTUAL TABLE listing_fts USING fts5(tokens, tokenize='ascii', detail='none')")


def _postgresql():
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in KEYS:
        for event in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TABLE listing_fts (listing_id integer PRIMARY KEY REFERENCES listing(id) ON DELETE CASCADE, "
        "tokens text NOT NULL, "
        "vector tsvector GENERATED ALWAYS AS (array_to_tsvector(string_to_array(tokens, ' '))) STORED)"
    )
    op.execute("CREATE INDEX ix_listing_fts_vector ON listing_fts USING gin (vector)")
