"""tiles of the tree, signed checkpoints, witnesses and their cosignatures

Revision ID: 0009
Revises: 0005
"""

import hashlib

import sqlalchemy as sa
from alembic import op

from marketplace.database import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEYS = {
    "ledger_tile": (("level", "number"),),
    "checkpoint": (("id",),),
    "cosignature": (("id",), ("checkpoint_id", "witness_id")),
}
WIDTH = 256


def upgrade():
    op.create_table(
        "ledger_tile",
        sa.Column("level", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root_hash", sa.String(64), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_index("ix_checkpoint_size", "checkpoint", ["size"])
    op.create_table(
        "witness",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("vkey", sa.String(400), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("name", name="uq_witness_name"),
        sa.UniqueConstraint("vkey", name="uq_witness_vkey"),
    )
    op.create_table(
        "cosignature",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("checkpoint_id", sa.Integer(), sa.ForeignKey("checkpoint.id"), nullable=False),
        sa.Column("witness_id", sa.Integer(), sa.ForeignKey("witness.id"), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.UniqueConstraint("checkpoint_id", "witness_id", name="uq_cosignature_checkpoint_id_witness_id"),
    )
    op.create_index("ix_cosignature_witness_id", "cosignature", ["witness_id"])
    _tiles_of_what_is_there()
    for table, keys in KEYS.items():
        _guard(table, keys)


def downgrade():
    op.drop_table("cosignature")
    op.drop_table("witness")
    op.drop_table("checkpoint")
    op.drop_table("ledger_tile")


def _tiles_of_what_is_there():
    """Full tiles of the entries recorded before there were tiles (C2SP tlog-tiles)."""
    bind = op.get_bind()
    rows = bind.execute(sa.text("SELECT leaf_hash FROM ledger_entry ORDER BY position"))
    hashes, level = [bytes.fromhex(leaf) for (leaf,) in rows], 0
    insert = sa.text("INSERT INTO ledger_tile (level, number, hashes, root) VALUES (:l, :n, :h, :r)")
    while len(hashes) >= WIDTH:
        roots = []
        for number in range(len(hashes) // WIDTH):
            tile = hashes[number * WIDTH : (number + 1) * WIDTH]
            roots.append(_fold(tile))
            bind.execute(insert, {"l": level, "n": number, "h": b"".join(tile), "r": roots[-1]})
        hashes, level = roots, level + 1


def _fold(hashes):
    while len(hashes) > 1:
        hashes = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(hashes[::2], hashes[1::2])]
    return hashes[0]


def _guard(table, keys):
    """The same triggers as in 0002: no update, no delete, no replacing insert, no truncate."""
    if op.get_bind().dialect.name == "sqlite":
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
        return
    for event in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
