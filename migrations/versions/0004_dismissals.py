"""suggestions put aside, with the reason

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from marketplace.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REASON = sa.Enum(
    "material", "quality", "quantity", "distance", "price", "partner", "other",
    name="dismissal_reason", native_enum=False, create_constraint=True, length=32,
)  # fmt: skip


def upgrade():
    op.create_table(
        "dismissal",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("listing_id", sa.Integer(), sa.ForeignKey("listing.id"), nullable=False),
        sa.Column("other_id", sa.Integer(), sa.ForeignKey("listing.id"), nullable=False),
        sa.Column("enterprise_id", sa.Integer(), sa.ForeignKey("enterprise.id"), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=False),
        sa.Column("reason", REASON, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("listing_id", "other_id", name="uq_dismissal_listing_other"),
    )
    op.create_index("ix_dismissal_enterprise_id", "dismissal", ["enterprise_id"])


def downgrade():
    op.drop_table("dismissal")
