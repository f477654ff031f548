"""recurring exchanges: how often in the terms, the periods that count in the ledger, and which one was confirmed

Terms older than this recur never, as they always did.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from marketplace.database import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "ALTER TABLE terms_revision ADD COLUMN recurrence VARCHAR(32) NOT NULL DEFAULT 'once' "
        "CONSTRAINT recurrence CHECK (recurrence IN ('once', 'monthly', 'quarterly'))"
    )
    op.add_column("confirmation", sa.Column("starts_on", sa.Date(), nullable=True))
    op.add_column("confirmation", sa.Column("ends_before", sa.Date(), nullable=True))
    op.create_table(
        "settled_period",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("exchange_id", sa.Integer(), sa.ForeignKey("exchange.id"), nullable=False),
        sa.Column("position", sa.Integer(), sa.ForeignKey("ledger_entry.position"), nullable=False, unique=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_before", sa.Date(), nullable=False),
        sa.Column("reversed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("starts_on < ends_before", name="period_in_order"),
    )
    op.create_index("ix_settled_period_exchange_id", "settled_period", ["exchange_id"])
    stands = sa.text("reversed_at IS NULL")
    op.create_index(
        "uq_settled_period_stands",
        "settled_period",
        ["exchange_id", "starts_on"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )


def downgrade():
    op.drop_table("settled_period")
    op.drop_column("confirmation", "ends_before")
    op.drop_column("confirmation", "starts_on")
    op.drop_column("terms_revision", "recurrence")
