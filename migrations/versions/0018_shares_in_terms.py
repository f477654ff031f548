"""how the parties share the saving, as a term of the exchange

Terms older than this share it half and half, as they always did.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    # Written out: SQLite adds a constraint only together with its column, and keeps decimals as whole hundredths.
    if op.get_bind().dialect.name == "sqlite":
        kind, half, whole = "BIGINT", "5000", "10000"
    else:
        kind, half, whole = "NUMERIC(28, 2)", "50", "100"
    op.execute(
        f"ALTER TABLE terms_revision ADD COLUMN supplier_percent {kind} NOT NULL DEFAULT {half} "
        f"CONSTRAINT share_is_a_percentage CHECK (supplier_percent BETWEEN 0 AND {whole})"
    )


def downgrade():
    op.drop_column("terms_revision", "supplier_percent")
