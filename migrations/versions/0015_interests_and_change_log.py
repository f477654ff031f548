"""saved interests hold a whole search; the change log names the transaction of each change

An interest has several materials, a family, a park, a place where distances start, and may be ended. The table of
0008 was never written to; it is made anew.

Revision ID: 0015
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from marketplace.database import ExactDecimal, Tonnes, UtcDateTime

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

KIND = sa.Enum("offer", "want", name="kind", native_enum=False, create_constraint=True, length=32)
PACE = sa.Enum("at_once", "daily", name="pace", native_enum=False, create_constraint=True, length=32)


def upgrade():
    op.drop_table("interest")
    op.create_table(
        "interest",
        *_identity(),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("words", sa.String(200), nullable=False),
        sa.Column("use", sa.String(60), nullable=False),
        sa.Column("family", sa.String(40), nullable=False),
        sa.Column("park_id", sa.Integer(), sa.ForeignKey("park.id"), nullable=True),
        sa.Column("is_hazardous", sa.Boolean(), nullable=True),
        sa.Column("minimum_t", Tonnes, nullable=True),
        sa.Column("within_km", ExactDecimal(1), nullable=True),
        sa.Column("site_id", sa.Integer(), sa.ForeignKey("site.id", ondelete="SET NULL"), nullable=True),
        sa.Column("near_park_id", sa.Integer(), sa.ForeignKey("park.id"), nullable=True),
        sa.Column("pace", PACE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("within_km > 0", name="within_positive"),
        sa.CheckConstraint("site_id IS NULL OR near_park_id IS NULL", name="one_origin"),
    )
    op.create_index("ix_interest_enterprise_id", "interest", ["enterprise_id"])
    op.create_index("ix_interest_waiting", "interest", ["kind", "ended_at"])
    op.create_table(
        "interest_material",
        sa.Column("interest_id", sa.Integer(), sa.ForeignKey("interest.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("material", sa.String(60), primary_key=True),
    )
    _name_transactions()


def _name_transactions():
    """On PostgreSQL changes commit in another order than their numbers; on SQLite writers take turns."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    own = sa.text("0" if is_sqlite else "(pg_current_xact_id()::text::bigint)")
    op.add_column("listing_change", sa.Column("transaction_id", sa.BigInteger(), server_default=own, nullable=False))
    op.create_index("ix_listing_change_transaction", "listing_change", ["transaction_id"])


def downgrade():
    op.drop_index("ix_listing_change_transaction", "listing_change")
    op.drop_column("listing_change", "transaction_id")
    op.drop_table("interest_material")
    op.drop_table("interest")
    op.create_table(
        "interest",
        *_identity(),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("material", sa.String(60), nullable=False),
        sa.Column("use", sa.String(60), nullable=False),
        sa.Column("words", sa.String(160), nullable=False),
        sa.Column("within_km", ExactDecimal(1), nullable=True),
        sa.Column("pace", PACE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("material <> '' OR use <> '' OR words <> ''", name="names_something"),
    )
    op.create_index("ix_interest_enterprise_id", "interest", ["enterprise_id"])
    op.create_index("ix_interest_kind", "interest", ["kind", "material"])


def _identity():
    return (
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("submission", sa.String(36), nullable=False, unique=True),
        sa.Column("enterprise_id", sa.Integer(), sa.ForeignKey("enterprise.id"), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=False),
    )
