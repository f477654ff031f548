"""what became of suggestions, append-only, and whose we may learn from

Enterprises that registered before the text spoke of it are not learned from until their owner says so.

Revision ID: 0012
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from marketplace.database import UtcDateTime

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

KIND = sa.Enum(
    "shown", "opened", "requested", "dismissed", "completed",
    name="event_kind", native_enum=False, create_constraint=True, length=32,
)  # fmt: skip
REASON = sa.Enum(
    "material", "quality", "quantity", "distance", "price", "partner", "other",
    name="dismissal_reason", native_enum=False, create_constraint=True, length=32,
)  # fmt: skip
ONCE_A_DAY = sa.text("kind IN ('shown', 'opened')")


def upgrade():
    op.add_column("enterprise", sa.Column("is_learned_from", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "match_event",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("listing_id", sa.Integer(), sa.ForeignKey("listing.id"), nullable=False),
        sa.Column("other_id", sa.Integer(), sa.ForeignKey("listing.id"), nullable=False),
        sa.Column("enterprise_id", sa.Integer(), sa.ForeignKey("enterprise.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("model_version", sa.String(40), nullable=False),
        sa.Column("reason", REASON, nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("position IS NULL OR position > 0", name="position_from_one"),
        sa.CheckConstraint("(kind = 'dismissed') = (reason IS NOT NULL)", name="reason_of_dismissal"),
    )
    op.create_index("ix_match_event_enterprise_id", "match_event", ["enterprise_id"])
    op.create_index(
        "uq_match_event_once_a_day", "match_event", ["listing_id", "other_id", "kind", "day"], unique=True,
        sqlite_where=ONCE_A_DAY, postgresql_where=ONCE_A_DAY,
    )  # fmt: skip
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade():
    op.drop_table("match_event")  # its triggers go with it
    op.drop_column("enterprise", "is_learned_from")


def _guard_sqlite():
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER match_event_no_{event.lower()} BEFORE {event} ON match_event "
            "BEGIN SELECT RAISE(ABORT, 'match_event is append-only'); END"
        )
    # REPLACE deletes without a delete trigger. A taken id is an attack; a second showing of one day is daily life,
    # so its row is passed over, as ON CONFLICT DO NOTHING does on PostgreSQL.
    op.execute(
        "CREATE TRIGGER match_event_no_insert BEFORE INSERT ON match_event BEGIN "
        "SELECT RAISE(ABORT, 'match_event is append-only: the row exists') "
        "WHERE EXISTS (SELECT 1 FROM match_event WHERE id = NEW.id); "
        "SELECT RAISE(IGNORE) WHERE NEW.kind IN ('shown', 'opened') AND EXISTS (SELECT 1 FROM match_event "
        "WHERE kind IN ('shown', 'opened') AND listing_id = NEW.listing_id AND other_id = NEW.other_id "
        "AND kind = NEW.kind AND day = NEW.day); END"
    )


def _guard_postgresql():
    for event in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER match_event_no_{event} BEFORE {event} ON match_event "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER match_event_no_truncate BEFORE TRUNCATE ON match_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
