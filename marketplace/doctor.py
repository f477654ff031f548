"""`flask doctor`: is this installation fit to serve, and if not, what to do."""

import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from marketplace.database import now
from marketplace.extensions import db
from marketplace.ledger.checkpoints import latest_checkpoint
from marketplace.ledger.factors import unpublished
from marketplace.ledger.keys import NoSigningKey, key_path, list_path, listed_keys, signing_key
from marketplace.ledger.models import EmissionFactor, LedgerEntry, LedgerHead
from marketplace.ledger.tile_store import tree_of
from marketplace.notifications.models import OutboxMessage
from marketplace.triggers import missing_triggers

LEAST_FREE_BYTES = 1_000_000_000
LATE_SECONDS = 600
LATE_CHECKPOINT_MINUTES = 75


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check; `advice` says what to do when it is not well."""

    name: str
    is_well: bool
    state: str
    advice: str = ""


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check configuration, database, migrations, triggers, ledger, its key, queue and disk."""
    findings = [check() for check in CHECKS]
    for finding in findings:
        click.echo(f"{'ok ' if finding.is_well else 'BAD'} {finding.name}: {finding.state}")
        if not finding.is_well:
            click.echo(f"    → {finding.advice}")
    sys.exit(0 if all(f.is_well for f in findings) else 1)


def configuration() -> Finding:
    is_production = current_app.config["NAME"] == "production"
    is_sqlite = current_app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    state = current_app.config["NAME"] + (", SQLite" if is_sqlite else ", PostgreSQL")
    return Finding("configuration", not (is_production and is_sqlite), state, "Set DATABASE_URL to PostgreSQL.")


def database() -> Finding:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as failure:
        return Finding("database", False, type(failure).__name__, "Check DATABASE_URL and that the server runs.")
    return Finding("database", True, db.engine.dialect.name)


def migrations() -> Finding:
    script = ScriptDirectory(current_app.extensions["migrate"].directory)
    with db.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    wanted = script.get_current_head()
    return Finding("migrations", current == wanted, f"{current}, newest {wanted}", "Run: flask db upgrade")


def triggers() -> Finding:
    missing = missing_triggers(db.session)
    state = "all append-only tables are guarded" if not missing else f"missing: {', '.join(missing)}"
    return Finding("triggers", not missing, state, "Restore from a backup or re-create them; then flask ledger verify.")


def factors() -> Finding:
    count = db.session.scalar(select(func.count()).select_from(EmissionFactor))
    missing = unpublished()
    state = f"{count} versions" + (f", {len(missing)} of the library not published" if missing else "")
    return Finding("emission factors", not missing, state, "Run: flask factors publish")


def ledger_head() -> Finding:
    head = db.session.get(LedgerHead, 1)
    last = db.session.scalar(select(func.max(LedgerEntry.position)))
    size = 0 if last is None else last + 1
    try:
        root = tree_of(size).root().hex()
    except ValueError as broken:  # a tile or a leaf hash that is none
        return Finding("ledger head", False, str(broken), "Run: flask ledger verify")
    is_well = head is not None and (head.size, head.root_hash) == (size, root)
    return Finding("ledger head", is_well, f"{size} entries, root {root[:16]}…", "Run: flask ledger verify")


def ledger_key() -> Finding:
    try:
        key = signing_key()
        listed = any(row.key == key.verifier for row in listed_keys())
    except NoSigningKey as refused:
        return Finding(
            "ledger key", False, str(refused), "Make it (flask ledger key new), or restore it from its copy."
        )
    mode = stat.S_IMODE(key_path().stat().st_mode)
    state = f"signs for {key.name}" + ("" if listed else ", not listed") + (f", mode {mode:o}" if mode & 0o077 else "")
    return Finding("ledger key", listed and not mode & 0o077, state, f"chmod 600; list it in {list_path()}")


def checkpoint() -> Finding:
    newest = latest_checkpoint()
    if newest is None:
        return Finding("checkpoint", False, "none yet", "Start the worker: flask worker")
    age = (now() - newest.issued_at).total_seconds() / 60
    state = f"{newest.size} entries, {age:.0f} minutes ago"
    return Finding("checkpoint", age < LATE_CHECKPOINT_MINUTES, state, "Start the worker: flask worker")


def queue() -> Finding:
    waiting, oldest = db.session.execute(
        select(func.count(), func.min(OutboxMessage.due_at)).where(OutboxMessage.sent_at.is_(None))
    ).one()
    age = (now() - oldest).total_seconds() if oldest else 0.0
    state = f"{waiting} waiting, oldest due {age:.0f} s ago"
    return Finding("queue", age < LATE_SECONDS, state, "Start the worker: flask worker")


def disk() -> Finding:
    folder = Path(current_app.config["DATA_DIR"])
    free = shutil.disk_usage(folder).free
    state = f"{free // 1_000_000:,} MB free in {folder}"
    return Finding("disk", free > LEAST_FREE_BYTES, state, "Free some space, or move GCX_DATA_DIR.")


CHECKS: tuple[Callable[[], Finding], ...] = (
    configuration, database, migrations, triggers, factors, ledger_head, ledger_key, checkpoint,
    queue, disk,
)  # fmt: skip
