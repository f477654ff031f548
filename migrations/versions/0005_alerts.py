"""when a listing was told to those whom it fits; what is there already counts as told

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from marketplace.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("listing", sa.Column("alerted_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE listing SET alerted_at = published_at")
    op.create_index("ix_listing_alerted", "listing", ["alerted_at", "state"])


def downgrade():
    op.drop_index("ix_listing_alerted", table_name="listing")
    op.drop_column("listing", "alerted_at")
