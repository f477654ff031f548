"""The log of changed listings, read so that nothing is missed though changes commit out of the order of their numbers.

On PostgreSQL a change is numbered when it is written and seen when its transaction commits; by then younger numbers
may have been read. So each row names its transaction, and a reader remembers PostgreSQL's own account of what it could
see (`pg_snapshot`): next time it reads what was not in it. On SQLite writers take turns and commit in order.
"""

from sqlalchemy import text

from marketplace.extensions import db
from marketplace.matching.core.snapshot import Mark

# The first condition is implied by the second, except in a database restored from a dump: there transactions are
# counted anew, and the numbers of changes go on.
_SINCE = {
    "postgresql": text(
        "SELECT pg_current_snapshot()::text, c.id, c.listing_id "
        "FROM (SELECT CAST(:seen AS pg_snapshot) AS snapshot) AS former LEFT JOIN listing_change AS c "
        "ON c.id > :change OR (c.transaction_id >= pg_snapshot_xmin(former.snapshot)::text::bigint "
        "AND NOT pg_visible_in_snapshot(c.transaction_id::text::xid8, former.snapshot))"
    ),
    "sqlite": text(
        "SELECT '', c.id, c.listing_id FROM (SELECT 1) AS always LEFT JOIN listing_change AS c ON c.id > :change"
    ),
}
_PRESENT = {
    "postgresql": text("SELECT coalesce(max(id), 0), pg_current_snapshot()::text FROM listing_change"),
    "sqlite": text("SELECT coalesce(max(id), 0), '' FROM listing_change"),
}


def present_mark() -> Mark:
    """How far the log goes now; whoever reads listings after it, and then the log from it, misses nothing."""
    change, seen = db.session.execute(_PRESENT[db.engine.dialect.name]).one()
    return Mark(change, seen)


def changes_since(mark: Mark) -> tuple[set[int], Mark]:
    """The listings that changed since, and where to read on."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    parameters = {"change": mark.change} | ({} if is_sqlite else {"seen": mark.seen})
    rows = db.session.execute(_SINCE[db.engine.dialect.name], parameters).all()
    changes = [(number, listing_id) for _, number, listing_id in rows if number is not None]
    newest = max((number for number, _ in changes), default=0)
    return {listing_id for _, listing_id in changes}, Mark(max(mark.change, newest), rows[0][0])
