"""which listings changed, in order: what the matcher's snapshot does not know yet

Triggers write the rows, so that no way of changing a listing or a licence can forget to.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Reservations change a listing often and nothing that the matcher looks at.
COLUMNS = (
    "state, site_id, lat, lon, language, title, description, material, low_code, sw_code, hw_code, is_hazardous, "
    "accepts_hazard, quantity_t, rhythm, available_from, available_until, price_cny_per_t, published_at"
)
OF_LICENCE = (
    "INSERT INTO listing_change (listing_id) SELECT id FROM listing "
    "WHERE enterprise_id = NEW.enterprise_id AND kind = 'want' AND accepts_hazard"
)


def upgrade():
    op.create_table(
        "listing_change",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        _note_on_sqlite()
    else:
        _note_on_postgresql()


def downgrade():
    if op.get_bind().dialect.name == "sqlite":
        for name in ("listing_noted_insert", "listing_noted_update", "licence_noted_insert", "licence_noted_update"):
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER listing_noted_insert ON listing")
        op.execute("DROP TRIGGER listing_noted_update ON listing")
        op.execute("DROP TRIGGER licence_noted ON licence")
        op.execute("DROP FUNCTION note_listing()")
        op.execute("DROP FUNCTION note_licence()")
    op.drop_table("listing_change")


def _note_on_sqlite():
    note = "BEGIN INSERT INTO listing_change (listing_id) VALUES (NEW.id); END"
    op.execute(f"CREATE TRIGGER listing_noted_insert AFTER INSERT ON listing {note}")
    op.execute(f"CREATE TRIGGER listing_noted_update AFTER UPDATE OF {COLUMNS} ON listing {note}")
    for event in ("INSERT", "UPDATE"):
        op.execute(f"CREATE TRIGGER licence_noted_{event.lower()} AFTER {event} ON licence BEGIN {OF_LICENCE}; END")


def _note_on_postgresql():
    op.execute(
        "CREATE FUNCTION note_listing() RETURNS trigger AS $$ BEGIN "
        "INSERT INTO listing_change (listing_id) VALUES (NEW.id); RETURN NULL; END $$ LANGUAGE plpgsql"
    )
    op.execute(
        f"CREATE FUNCTION note_licence() RETURNS trigger AS $$ BEGIN {OF_LICENCE}; RETURN NULL; END $$ LANGUAGE plpgsql"
    )
    op.execute(
        "CREATE TRIGGER listing_noted_insert AFTER INSERT ON listing FOR EACH ROW EXECUTE FUNCTION note_listing()"
    )
    op.execute(
        f"CREATE TRIGGER listing_noted_update AFTER UPDATE OF {COLUMNS} ON listing "
        "FOR EACH ROW EXECUTE FUNCTION note_listing()"
    )
    op.execute(
        "CREATE TRIGGER licence_noted AFTER INSERT OR UPDATE ON licence FOR EACH ROW EXECUTE FUNCTION note_licence()"
    )
