"""figures that wait for an officer before they count

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from marketplace.database import Kilograms, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATE = sa.Enum(
    "open", "approved", "rejected", name="review_state", native_enum=False, create_constraint=True, length=32
)


def upgrade():
    op.create_table(
        "figure_review",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("exchange_id", sa.Integer(), sa.ForeignKey("exchange.id"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", STATE, nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("net_kgco2e", Kilograms, nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("without_disposal", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("exchange_id", "round"),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_when_not_open"),
    )
    op.create_index("ix_figure_review_state", "figure_review", ["state", "id"])


def downgrade():
    op.drop_table("figure_review")
