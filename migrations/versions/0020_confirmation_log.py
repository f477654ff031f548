"""the log of confirmations with its tiles, and the newest checkpoint in the ledger's head

Confirmations from before stay out of that log: they have seals of their own.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("ledger_head", sa.Column("confirmations", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("ledger_head", sa.Column("confirmations_frontier", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("ledger_head", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.add_column("ledger_head", sa.Column("factors", sa.String(80), nullable=False, server_default=""))
    newest = "SELECT note FROM checkpoint WHERE checkpoint.size = ledger_head.size ORDER BY id DESC LIMIT 1"
    op.execute(f"UPDATE ledger_head SET note = COALESCE(({newest}), '')")
    op.add_column("confirmation", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("confirmation", sa.Column("leaf_hash", sa.String(64), nullable=False, server_default=""))
    op.create_index("ix_confirmation_number", "confirmation", ["number"], unique=True)
    op.create_table(
        "confirmation_tile",
        sa.Column("level", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
    )
    _guard_tiles()
    _guard_numbers()


def downgrade():
    op.drop_table("confirmation_tile")
    if op.get_bind().dialect.name == "sqlite":
        _replaceable(("id",), ("exchange_id", "round", "side"))
    op.drop_index("ix_confirmation_number", "confirmation")
    op.drop_column("confirmation", "leaf_hash")
    op.drop_column("confirmation", "number")
    op.drop_column("ledger_head", "factors")
    op.drop_column("ledger_head", "note")
    op.drop_column("ledger_head", "confirmations_frontier")
    op.drop_column("ledger_head", "confirmations")


def _guard_tiles():
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER confirmation_tile_no_{event.lower()} BEFORE {event} ON confirmation_tile "
                "BEGIN SELECT RAISE(ABORT, 'confirmation_tile is append-only'); END"
            )
        op.execute(
            "CREATE TRIGGER confirmation_tile_no_insert BEFORE INSERT ON confirmation_tile WHEN EXISTS "
            "(SELECT 1 FROM confirmation_tile WHERE level = NEW.level AND number = NEW.number) "
            "BEGIN SELECT RAISE(ABORT, 'confirmation_tile is append-only: the row exists'); END"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER confirmation_tile_no_{event.lower()} BEFORE {event} ON confirmation_tile "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER confirmation_tile_no_truncate BEFORE TRUNCATE ON confirmation_tile "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _guard_numbers():
    """On SQLite an INSERT OR REPLACE would take the row whose number it repeats away, and no trigger would fire."""
    if op.get_bind().dialect.name == "sqlite":
        _replaceable(("id",), ("exchange_id", "round", "side"), ("number",))


def _replaceable(*keys):
    op.execute("DROP TRIGGER confirmation_no_insert")
    taken = " OR ".join("(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in keys)
    op.execute(
        f"CREATE TRIGGER confirmation_no_insert BEFORE INSERT ON confirmation WHEN EXISTS "
        f"(SELECT 1 FROM confirmation WHERE {taken}) "
        "BEGIN SELECT RAISE(ABORT, 'confirmation is append-only: the row exists'); END"
    )
