"""certificates, how parties appear in them, seals under confirmations, pseudonyms of people

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from marketplace.database import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SIDE = sa.Enum("supplier", "receiver", name="side", native_enum=False, create_constraint=True, length=32)


def upgrade():
    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("serial", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), sa.ForeignKey("ledger_entry.position"), nullable=False),
        sa.Column("issued_by_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("serial", name="uq_certificate_serial"),
        sa.UniqueConstraint("position", name="uq_certificate_position"),
    )
    op.create_table(
        "certificate_appearance",
        sa.Column("exchange_id", sa.Integer(), sa.ForeignKey("exchange.id"), primary_key=True, autoincrement=False),
        sa.Column("side", SIDE, primary_key=True),
        sa.Column("is_named", sa.Boolean(), nullable=False),
        sa.Column("chosen_by_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=False),
        sa.Column("chosen_at", UtcDateTime(), nullable=False),
    )
    for name, length in (("terms_sha256", 64), ("vkey", 400), ("signature", 88)):
        op.add_column("confirmation", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column("user_account", sa.Column("pseudonym", sa.String(32), nullable=False, server_default=""))
    # Entries of the first format call people so.
    op.execute("UPDATE user_account SET pseudonym = 'member-' || id")
    op.create_index("uq_user_account_pseudonym", "user_account", ["pseudonym"], unique=True)


def downgrade():
    op.drop_index("uq_user_account_pseudonym", table_name="user_account")
    op.drop_column("user_account", "pseudonym")
    for name in ("signature", "vkey", "terms_sha256"):
        op.drop_column("confirmation", name)
    op.drop_table("certificate_appearance")
    op.drop_table("certificate")
