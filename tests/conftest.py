"""One application per database; each test starts from empty tables. Service tests run on both databases."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import settings
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, scoped_session

os.environ["GCX_ENV"] = "testing"

from marketplace import create_app
from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.ledger import factors
from tests.factories import World

SHARED = Path(__file__).resolve().parents[2] / "shared"
MODELS = Path(__file__).resolve().parents[1] / "var" / "models"
BOTH = ("sqlite", "postgresql")

# A slow moment of the machine is no fault of the code; speed is measured by bench/.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser journeys share one server: they stay on one worker."""
    for item in items:
        if item.get_closest_marker("journey"):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of this run; a trained model is taken over when there is one."""
    folder = tmp_path_factory.mktemp("data")
    if (MODELS / "in_use.json").exists():
        shutil.copytree(MODELS, folder / "models")
    return folder


def _postgres_url(worker: str) -> str:
    """A database of this worker's own on the cluster that tests/run started."""
    base = os.environ.get("TEST_POSTGRES_URL")
    if not base:
        pytest.fail("TEST_POSTGRES_URL is not set: run the tests by `make test`, or see tests/run")
    base, given = base.rsplit("/", 1)
    name = f"{given}_{worker}"
    engine = create_engine(f"{base}/{given}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{base}/{name}"


@pytest.fixture(scope="session", params=BOTH)
def app(request: pytest.FixtureRequest, data_dir: Path, worker_id: str) -> Iterator[Flask]:
    """The application on one database, migrated to the newest version."""
    url = f"sqlite:///{data_dir / 'test.sqlite3'}" if request.param == "sqlite" else _postgres_url(worker_id)
    application = create_app({"SQLALCHEMY_DATABASE_URI": url, "DATA_DIR": data_dir, "PUBLIC_URL": "http://test"})
    application.before_request(_forget_user)
    with application.app_context():
        upgrade()
    yield application
    with application.app_context():
        db.engine.dispose()


def _forget_user() -> None:
    """The tests' requests share one application context, in which Flask-Login remembers who asked last."""
    g.pop("_login_user", None)
    g.pop("unread_count", None)


@pytest.fixture
def session(app: Flask) -> Iterator[scoped_session[Session]]:
    """A session on empty tables with the parks and factors every installation has."""
    with app.app_context():
        _empty()
        yield db.session
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def world(session: scoped_session[Session]) -> World:
    """Enterprises, sites and people to act with."""
    with transaction():
        factors.publish_library()
        return World.build()


@pytest.fixture
def client(app: Flask, world: World) -> FlaskClient:
    """A visitor's browser without scripts."""
    return app.test_client()


def _empty() -> None:
    """Delete all rows, past the append-only triggers, as only a test may."""
    db.session.rollback()
    tables = [t.name for t in reversed(db.metadata.sorted_tables) if t.name != "ledger_head"]
    reset_head = (
        "UPDATE ledger_head SET size = 0, frontier = '[]', "
        "confirmations = 0, confirmations_frontier = '[]', note = '', factors = '', "
        "root_hash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'"
    )
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        for table in [*tables, "listing_fts"]:
            db.session.execute(text(f"DELETE FROM {table}"))
        db.session.execute(text(reset_head))
        db.session.commit()
        return
    guards = db.session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in guards:
        db.session.execute(text(f"DROP TRIGGER {name}"))
    for table in [*tables, "listing_fts"]:
        db.session.execute(text(f"DELETE FROM {table}"))
    db.session.execute(text(reset_head))
    for _, sql in guards:
        db.session.execute(text(sql))
    db.session.commit()
