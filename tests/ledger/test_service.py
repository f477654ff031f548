"""Entries, reversals and what verification finds; on both databases."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from marketplace.accounts.models import AuditEvent
from marketplace.calendar import today
from marketplace.carbon.method import assess
from marketplace.database import now, transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Exchange, ExchangeState, Side
from marketplace.extensions import db
from marketplace.ledger import checkpoints, factors, service
from marketplace.ledger.assessing import raw_factors
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.entries import month_of
from marketplace.ledger.errors import AlreadyReversed, EntryTooLong, FactorNotPublished, ReversalOfReversal
from marketplace.ledger.merkle import leaf_hash, verify_inclusion
from marketplace.ledger.models import (
    ConfirmationTile,
    Cosignature,
    Dimension,
    EmissionFactor,
    LedgerEntry,
    LedgerHead,
    LedgerTile,
    Rollup,
    Witness,
)
from marketplace.ledger.queries import detail
from marketplace.ledger.verify import verify
from marketplace.listings.models import Nature
from marketplace.matching.models import EventKind, MatchEvent
from marketplace.triggers import APPEND_ONLY, missing_triggers
from tests.factories import agreed, completed, delivered, find_user, open_listing, side_user


def entries():
    return db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.position)).all()


def total(dimension=Dimension.ALL):
    return sum(
        (r.net_kgco2e for r in db.session.scalars(select(Rollup).where(Rollup.dimension == dimension))), Decimal(0)
    )


def without_guards(statement, **values):
    """What somebody with full write access could do."""
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        db.session.execute(text(statement), values)
    else:
        guards = db.session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _ in guards:
            db.session.execute(text(f"DROP TRIGGER {name}"))
        db.session.execute(text(statement), values)
        for _, sql in guards:
            db.session.execute(text(sql))
    db.session.commit()


def test_a_figure_is_recomputed_from_its_entry_alone(world):
    completed(open_listing(), use="scm-cement")
    body = json.loads(entries()[0].canonical)
    again = assess(body["inputs"], raw_factors(body["factors"]))
    assert str(again.net_kgco2e) == body["result"]["net_kgco2e"]
    assert canonical_bytes(body).decode() == entries()[0].canonical


def test_names_of_people_and_enterprises_stay_outside(world):
    completed(open_listing())
    canonical = entries()[0].canonical
    for secret in ("Ironworks", "示例", "91310113", "@", "Trader"):
        assert secret not in canonical
    assert json.loads(canonical)["supplier"]["party"] == "ent-ironworks"


def test_waste_counts_its_usual_disposal_and_a_by_product_does_not(world):
    completed(open_listing(nature=Nature.WASTE))
    completed(open_listing(nature=Nature.BY_PRODUCT), "third")
    first, second = (json.loads(e.canonical)["result"]["components"] for e in entries())
    assert Decimal(first["disposal"]) > 0
    assert Decimal(second["disposal"]) == 0


def test_without_a_use_nothing_is_displaced_and_the_figure_may_be_negative(world):
    exchange = agreed(open_listing(nature=Nature.BY_PRODUCT))
    delivered(exchange, distance_km=Decimal(300))
    for side in Side:
        with transaction():
            exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, side)))
    assert entries()[0].net_kgco2e < 0
    assert verify().is_sound


def test_rejects_are_disposed_of(world):
    exchange = agreed(open_listing())
    delivered(exchange, reject_t=Decimal(5))
    for side in Side:
        with transaction():
            exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, side)))
    body = json.loads(entries()[0].canonical)
    assert Decimal(body["result"]["components"]["rejects"]) < 0
    assert body["accepted_t"] == "15"


def test_each_entry_is_included_in_the_published_root(world):
    for _ in range(5):
        completed(open_listing())
    for entry in entries():
        found = detail(entry, "en")
        leaf = leaf_hash(entry.canonical.encode())
        proof = [bytes.fromhex(step) for step in found.proof]
        assert verify_inclusion(leaf, entry.position, found.head.size, proof, bytes.fromhex(found.head.root_hash))


def test_a_reversal_leaves_nothing_in_the_totals_and_reopens_the_exchange(world):
    exchange = completed(open_listing(), use="scm-cement")
    officer = find_user("district_officer@example.com")
    with transaction():
        service.reverse(0, "weighbridge out of order")
        exchanges.reopen(exchange.id, db.session.merge(officer), "weighbridge out of order")
    assert total() == 0
    assert {r.exchanges for r in db.session.scalars(select(Rollup))} == {0}
    assert {r.specific_variance for r in db.session.scalars(select(Rollup))} == {Decimal(0)}
    assert verify().is_sound
    assert db.session.get(Exchange, exchange.id).state is ExchangeState.DELIVERING


def test_a_reopened_exchange_is_completed_anew_as_another_entry(world):
    exchange = completed(open_listing())
    with transaction():
        service.reverse(0, "wrong")
        exchanges.reopen(exchange.id, find_user("district_officer@example.com"), "wrong")
    for side in Side:
        with transaction():
            exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, side)))
    assert [e.kind.value for e in entries()] == ["assessment", "reversal", "assessment"]
    assert entries()[2].net_kgco2e == entries()[0].net_kgco2e == total()
    assert verify().is_sound


def test_an_entry_is_reversed_once_and_a_reversal_never(world):
    completed(open_listing())
    with transaction():
        service.reverse(0, "wrong")
    with pytest.raises(AlreadyReversed), transaction():
        service.reverse(0, "again")
    with pytest.raises(ReversalOfReversal), transaction():
        service.reverse(1, "back")


def test_a_new_factor_version_changes_no_old_entry(world):
    completed(open_listing(), use="scm-cement")
    before = entries()[0].canonical
    changed = [f for f in factors.library().values() if f.id == "clinker-cn"]
    with transaction():
        assert factors.publish_library([replace(changed[0], value=Decimal("900"))]) == (0, 1)
    completed(open_listing(), use="scm-cement")
    assert entries()[0].canonical == before
    versions = [json.loads(e.canonical)["factors"]["clinker-cn"]["version"] for e in entries()]
    assert versions == ["1", "2"]
    assert verify().is_sound


def test_publishing_twice_adds_nothing(world):
    with transaction():
        assert factors.publish_library() == (0, 0)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_database_refuses_to_change_append_only_tables(world, table):
    slag = completed(open_listing()).listing
    shown = {"kind": EventKind.SHOWN, "listing_id": slag.id, "other_id": slag.id, "enterprise_id": slag.enterprise_id}
    with transaction():
        db.session.add(AuditEvent(action="x", subject_kind="y", subject_id=1))
        db.session.add(MatchEvent(**shown, position=1, day=today()))
        checkpoint = checkpoints.latest_checkpoint()
        witness = Witness(name="w", vkey="w")
        db.session.add(Cosignature(checkpoint=checkpoint, witness=witness, signed_at=now(), line="x"))
        db.session.add(LedgerTile(level=0, number=0, hashes=b"x", root=b"x"))
        db.session.add(ConfirmationTile(level=0, number=0, hashes=b"x", root=b"x"))
    key = {"ledger_entry": "position", "ledger_tile": "number", "confirmation_tile": "number"}.get(table, "id")
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {key} = {key} + 1000"):
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(text(statement))
        db.session.rollback()


def test_sqlite_refuses_to_replace_an_entry(world):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no INSERT OR REPLACE")
    completed(open_listing())
    with pytest.raises(DatabaseError, match="append-only"):
        db.session.execute(text("INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry"))
    db.session.rollback()


def test_all_guards_exist_after_migration(session):
    assert missing_triggers(session) == []


ATTACKS = {
    "a figure edited in the column": (
        "UPDATE ledger_entry SET net_kgco2e = net_kgco2e + 1000 WHERE position = 1",
        1,
        "column net_kgco2e",
    ),
    "a byte of the entry edited": (
        "UPDATE ledger_entry SET canonical = replace(canonical, '\"gbfs\"', '\"ggbs\"') WHERE position = 1",
        1,
        "leaf hash",
    ),
    "a leaf hash edited": (
        "UPDATE ledger_entry SET leaf_hash = (SELECT root_hash FROM ledger_head) WHERE position = 2",
        2,
        "leaf hash",
    ),
    "an entry removed in the middle": ("DELETE FROM ledger_entry WHERE position = 1", 2, "position 1 is missing"),
    "the last entry removed": ("DELETE FROM ledger_entry WHERE position = 3", 3, "position 3 is missing"),
    "a total edited": (
        "UPDATE rollup SET net_kgco2e = net_kgco2e + 1 WHERE dimension = 'all'",
        None,
        "total all all",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_verification_names_what_was_tampered_with(world, name):
    for _ in range(4):
        completed(open_listing())
    assert verify().is_sound
    statement, position, words = ATTACKS[name]
    without_guards(statement)

    report = verify()

    assert not report.is_sound
    assert report.faults[0].position == position
    assert words in report.faults[0].what


def test_a_figure_changed_with_all_its_hashes_is_found_by_recomputing(world):
    completed(open_listing())
    body = json.loads(entries()[0].canonical)
    body["result"]["net_kgco2e"] = "999999.000"
    canonical = canonical_bytes(body)
    leaf = leaf_hash(canonical).hex()
    without_guards(
        "UPDATE ledger_entry SET canonical = :c, leaf_hash = :h, net_kgco2e = :n WHERE position = 0",
        c=canonical.decode(),
        h=leaf,
        n=999999000 if db.engine.dialect.name == "sqlite" else Decimal("999999.000"),
    )
    assert "recomputed" in verify().faults[0].what


def test_the_cli_says_which_entry_is_bad_and_exits_1(app, world):
    completed(open_listing())
    runner = app.test_cli_runner()
    assert "1 entries are sound" in runner.invoke(args=["ledger", "verify"]).output
    without_guards("UPDATE ledger_entry SET material = 'ggbs' WHERE position = 0")
    result = runner.invoke(args=["ledger", "verify"])
    assert result.exit_code == 1
    assert "entry 0: column material" in result.output


def test_nothing_is_recorded_when_the_figure_cannot_be_computed(world):
    exchange = agreed(open_listing())
    delivered(exchange)
    without_guards("DELETE FROM emission_factor WHERE factor_id = 'truck-cn-49t'")
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)))
    with pytest.raises(FactorNotPublished), transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.RECEIVER)))
    assert entries() == []
    assert db.session.get(LedgerHead, 1).size == 0
    assert db.session.get(Exchange, exchange.id).state is ExchangeState.DELIVERING


def test_an_entry_that_no_bundle_could_hold_is_refused(world, monkeypatch):
    exchange = agreed(open_listing())
    delivered(exchange)
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)))
    monkeypatch.setattr(service, "MOST_ENTRY_BYTES", 2000)
    with pytest.raises(EntryTooLong) as refused, transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.RECEIVER)))
    assert "the ledger takes 2000: too many deliveries" in refused.value.sentence()
    assert entries() == []
    assert db.session.get(Exchange, exchange.id).state is ExchangeState.DELIVERING


def test_an_entry_belongs_to_its_month_in_shanghai(world):
    assert month_of(datetime(2026, 3, 31, 16, 30, tzinfo=UTC)).isoformat() == "2026-04-01"
    completed(open_listing(available_until=today() + timedelta(days=3)))
    assert entries()[0].month == today().replace(day=1)


def test_factor_versions_are_kept(world):
    assert {f.version for f in db.session.scalars(select(EmissionFactor))} == {1}
