"""treatment services, saved interests, and the daily digest with its switch

Revision ID: 0008
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from marketplace.database import ExactDecimal, Money, Tonnes, UtcDateTime

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None

KIND = sa.Enum("offer", "want", name="kind", native_enum=False, create_constraint=True, length=32)
PACE = sa.Enum("at_once", "daily", name="pace", native_enum=False, create_constraint=True, length=32)


def upgrade():
    _treatments()
    _interests()
    _digests()
    op.add_column("user_account", sa.Column("wants_digest", sa.Boolean(), server_default=sa.true(), nullable=False))


def _treatments():
    op.create_table(
        "treatment_service",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("submission", sa.String(36), nullable=False, unique=True),
        sa.Column("enterprise_id", sa.Integer(), sa.ForeignKey("enterprise.id"), nullable=False),
        sa.Column("site_id", sa.Integer(), sa.ForeignKey("site.id"), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
        sa.Column("takes", sa.String(60), nullable=False),
        sa.Column("gives", sa.String(60), nullable=False),
        sa.Column("capacity_t", Tonnes, nullable=False),
        sa.Column("yield_fraction", ExactDecimal(4), nullable=False),
        sa.Column("price_cny_per_t", Money, nullable=False),
        sa.Column("emission_kgco2e_per_t", ExactDecimal(3), nullable=False),
        sa.Column("remark", sa.String(400), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("capacity_t > 0", name="capacity_positive"),
        sa.CheckConstraint("yield_fraction > 0", name="yield_positive"),
    )
    op.create_index("ix_treatment_service_enterprise_id", "treatment_service", ["enterprise_id"])
    op.create_index("ix_treatment_service_site_id", "treatment_service", ["site_id"])
    op.create_index("ix_treatment_takes", "treatment_service", ["takes", "is_offered"])


def _interests():
    op.create_table(
        "interest",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("submission", sa.String(36), nullable=False, unique=True),
        sa.Column("enterprise_id", sa.Integer(), sa.ForeignKey("enterprise.id"), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=False),
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


def _digests():
    op.create_table(
        "digest",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("user_id", "day", name="uq_digest_user_day"),
    )
    op.create_table(
        "digest_line",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=False),
        sa.Column("listing_id", sa.Integer(), sa.ForeignKey("listing.id"), nullable=False),
        sa.Column("digest_id", sa.Integer(), sa.ForeignKey("digest.id"), nullable=True),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("user_id", "listing_id", name="uq_digest_line_user_listing"),
    )
    op.create_index("ix_digest_line_waiting", "digest_line", ["digest_id", "user_id"])


def downgrade():
    op.drop_column("user_account", "wants_digest")
    for table in ("digest_line", "digest", "interest", "treatment_service"):
        op.drop_table(table)
