"""Statements that are compiled once, and those sent without waiting for each answer; on both databases."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from marketplace.database import Prepared, pipelined, transaction
from marketplace.extensions import db
from marketplace.ledger.models import Checkpoint, Dimension, Rollup

ROOT = "ab" * 32
ISSUE = Prepared(insert(Checkpoint.__table__).inline(), "size", "root_hash", "issued_at", "note")
ADD = Prepared(insert(Rollup.__table__).inline(), *(c.name for c in Rollup.__table__.c if c.name != "id"))
NEWEST = Prepared(select(Checkpoint.__table__.c.size).order_by(Checkpoint.__table__.c.id.desc()).limit(1))


def checkpoint(size):
    return {"size": size, "root_hash": ROOT, "issued_at": datetime(2026, 1, 2, 3, 4, 5, 6, UTC), "note": "a\nb"}


def test_values_pass_the_types_of_their_columns(world):
    key = uuid.uuid4().hex
    amounts = {"net_kgco2e": Decimal("-1.234"), "supplied_t": Decimal("0.000001"), "received_t": Decimal(7)}
    more = {"value_cny": Decimal("9.99"), "exchanges": 3, "specific_variance": Decimal("0.25")}
    slot = {"dimension": Dimension.PARK, "key": key, "month": date(2026, 2, 1)}
    with transaction():
        ADD(db.session.connection(), slot | amounts | more)
        ISSUE(db.session.connection(), checkpoint(4))
        ISSUE(db.session.connection(), checkpoint(5))
        assert NEWEST(db.session.connection()).fetchone() == (5,)
    row = db.session.scalars(select(Rollup).where(Rollup.key == key)).one()
    assert {name: getattr(row, name) for name in slot | amounts | more} == slot | amounts | more
    issued = db.session.scalars(select(Checkpoint).where(Checkpoint.size == 5)).one()
    assert (issued.issued_at, issued.note) == (checkpoint(5)["issued_at"], "a\nb")


def test_a_value_with_too_many_places_is_refused_as_everywhere(world):
    too_exact = {c.name: Decimal(0) for c in Rollup.__table__.c if c.name not in ("id", "dimension", "key", "month")}
    slot = {"dimension": Dimension.PARK, "key": "1", "month": date(2026, 2, 1)}
    with pytest.raises(ValueError, match="decimal places"), transaction():
        ADD(db.session.connection(), too_exact | slot | {"net_kgco2e": Decimal("0.0001")})


def issue_three(changes):
    """Three checkpoints in a transaction, the one in the middle changed."""
    with transaction(), pipelined(db.session.connection()):
        for row in (checkpoint(70), checkpoint(71) | changes, checkpoint(72)):
            ISSUE(db.session.connection(), row)


def test_what_fails_in_a_pipeline_undoes_all_of_its_transaction(world):
    with pytest.raises(DBAPIError):
        issue_three({"note": None})
    assert db.session.scalars(select(Checkpoint.size).where(Checkpoint.size >= 70)).all() == []
    with transaction(), pipelined(db.session.connection()):
        ISSUE(db.session.connection(), checkpoint(73))
    assert db.session.scalars(select(Checkpoint.size).where(Checkpoint.size >= 70)).all() == [73]
