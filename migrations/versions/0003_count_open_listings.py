"""an index that answers by itself how many listings are open today (the home page counts them)

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_listing_state_until", "listing", ["state", "available_until"])


def downgrade():
    op.drop_index("ix_listing_state_until", table_name="listing")
