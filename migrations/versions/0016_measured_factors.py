"""factors that a site has measured itself, with their evidence

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from marketplace.database import ExactDecimal, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATES = ("proposed", "approved", "rejected", "withdrawn")
OF_TWO = "(listing_id IS NULL) <> (delivery_id IS NULL)"
OF_THREE = (
    "(listing_id IS NOT NULL AND delivery_id IS NULL AND measured_factor_id IS NULL) "
    "OR (listing_id IS NULL AND delivery_id IS NOT NULL AND measured_factor_id IS NULL) "
    "OR (listing_id IS NULL AND delivery_id IS NULL AND measured_factor_id IS NOT NULL)"
)
KEPT = "id, listing_id, delivery_id, display_name, media_type, size_bytes, sha256, created_at"


def upgrade():
    op.create_table(
        "measured_factor",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("submission", sa.String(36), nullable=False),
        sa.Column("site_id", sa.Integer(), sa.ForeignKey("site.id"), nullable=False),
        sa.Column("factor_key", sa.String(120), nullable=False),
        sa.Column("value", ExactDecimal(9), nullable=False),
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("typed_value", sa.String(40), nullable=False),
        sa.Column("typed_unit", sa.String(40), nullable=False),
        sa.Column("gsd", ExactDecimal(4), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="measured_state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("proposed_by_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("published_id", sa.Integer(), sa.ForeignKey("emission_factor.id"), nullable=True),
        sa.UniqueConstraint("submission", name="uq_measured_factor_submission"),
        sa.UniqueConstraint("published_id", name="uq_measured_factor_published_id"),
        sa.CheckConstraint("value > 0", name="value_positive"),
        sa.CheckConstraint("gsd >= 1", name="gsd_at_least_one"),
        sa.CheckConstraint("(state = 'approved') = (published_id IS NOT NULL)", name="approved_is_published"),
    )
    op.create_index("ix_measured_factor_site_id", "measured_factor", ["site_id"])
    op.create_index("ix_measured_factor_state", "measured_factor", ["state"])
    # A new column fires no append-only trigger; Alembic would write the reference apart, which SQLite cannot.
    op.execute("ALTER TABLE emission_factor ADD COLUMN site_id INTEGER REFERENCES site(id)")
    if op.get_bind().dialect.name == "sqlite":
        _rewrite_attachment(OF_THREE, "measured_factor_id")
    else:
        op.add_column(
            "attachment",
            sa.Column("measured_factor_id", sa.Integer(), sa.ForeignKey("measured_factor.id"), nullable=True),
        )
        op.drop_constraint(op.f("ck_attachment_belongs_to_one"), "attachment", type_="check")
        op.create_check_constraint(op.f("ck_attachment_belongs_to_one"), "attachment", OF_THREE)
    op.create_index("ix_attachment_measured_factor_id", "attachment", ["measured_factor_id"])


def downgrade():
    op.execute("DELETE FROM attachment WHERE measured_factor_id IS NOT NULL")
    op.drop_index("ix_attachment_measured_factor_id", table_name="attachment")
    if op.get_bind().dialect.name == "sqlite":
        _rewrite_attachment(OF_TWO)
    else:
        op.drop_constraint(op.f("ck_attachment_belongs_to_one"), "attachment", type_="check")
        op.drop_column("attachment", "measured_factor_id")
        op.create_check_constraint(op.f("ck_attachment_belongs_to_one"), "attachment", OF_TWO)
    op.drop_table("measured_factor")
    op.drop_column("emission_factor", "site_id")


def _rewrite_attachment(condition, *more):
    """SQLite changes no constraint of a table that is there: a new one takes its place with the same rows."""
    op.drop_index("ix_attachment_delivery_id", table_name="attachment")
    op.drop_index("ix_attachment_listing_id", table_name="attachment")
    op.create_table(
        "attachment_new",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=True),
        sa.Column("delivery_id", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in more),
        sa.Column("display_name", sa.String(160), nullable=False),
        sa.Column("media_type", sa.String(60), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(condition, name=op.f("ck_attachment_belongs_to_one")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_attachment_not_empty")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_attachment_delivery_id_delivery")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_attachment_listing_id_listing")),
        *(
            sa.ForeignKeyConstraint([name], ["measured_factor.id"], name=op.f(f"fk_attachment_{name}_measured_factor"))
            for name in more
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.execute(f"INSERT INTO attachment_new ({KEPT}) SELECT {KEPT} FROM attachment")  # noqa: S608 - names of our own
    op.drop_table("attachment")
    op.rename_table("attachment_new", "attachment")
    op.create_index("ix_attachment_delivery_id", "attachment", ["delivery_id"])
    op.create_index("ix_attachment_listing_id", "attachment", ["listing_id"])
