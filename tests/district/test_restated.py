"""Totals at today's factors: what the entries would say if assessed anew, explained factor by factor."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from marketplace.carbon.library import library
from marketplace.carbon.method import assess
from marketplace.database import transaction
from marketplace.district.queries import Period
from marketplace.district.restated import at_todays_factors, by_material
from marketplace.extensions import db
from marketplace.ledger import factors
from marketplace.ledger import service as ledger
from marketplace.ledger.assessing import raw_factors
from marketplace.ledger.models import Dimension, EntryKind, LedgerEntry
from marketplace.ledger.restated import entry_at_todays_factors
from marketplace.ledger.verify import verify
from tests.factories import PASSWORD, completed, open_listing

TRUCK, CLINKER = "truck-cn-49t", "clinker-cn"


def publish(factor_id, **changes):
    with transaction():
        factors.publish_library([replace(library()[factor_id], **changes)])


def slag(quantity="40"):
    return completed(open_listing(), use="scm-cement", quantity_t=Decimal(quantity))


def assessed_anew():
    """The standing entries, one by one, with the newest versions."""
    reversed_ones = {e.reverses for e in db.session.query(LedgerEntry) if e.reverses is not None}
    net = Decimal(0)
    for entry in db.session.query(LedgerEntry).filter_by(kind=EntryKind.ASSESSMENT):
        if entry.position not in reversed_ones:
            body = json.loads(entry.canonical)
            copies = {row.factor_id: factors.copy_of(row) for row in factors.current_versions(body["factors"])}
            net += assess(body["inputs"], raw_factors(copies)).net_kgco2e
    return net


def whole():
    return at_todays_factors(Dimension.ALL, "all", Period())


def test_without_new_versions_both_totals_are_the_same(world):
    slag()
    total = whole()
    assert total.today_kgco2e == total.reported_kgco2e == assessed_anew()
    assert total.changes == ()


def test_the_total_at_todays_factors_is_that_of_entries_assessed_anew(world):
    slag()
    publish(TRUCK, value=Decimal("0.0912"))
    completed(open_listing("grinding", material="bof-slag", title="bof"), "third")
    publish(CLINKER, value=Decimal("800.5"), gsd=Decimal("1.03"))
    publish(TRUCK, value=Decimal("0.1"))
    before = whole().reported_kgco2e

    total = whole()

    assert total.today_kgco2e == pytest.approx(assessed_anew(), abs=Decimal("0.01"))
    assert total.reported_kgco2e == before
    assert {c.part.factor_id for c in total.changes} == {TRUCK, CLINKER}
    assert sum(c.difference_kgco2e for c in total.changes) == pytest.approx(
        total.difference_kgco2e, abs=Decimal("0.001")
    )
    assert total.is_complete
    assert verify().is_sound


def test_a_reversed_entry_changes_neither_total(world):
    slag()
    with transaction():
        ledger.reverse(0, "weighed twice")
    publish(CLINKER, value=Decimal("800.5"))
    total = whole()
    assert (total.reported_kgco2e, total.today_kgco2e) == (0, 0)
    assert total.changes == ()


def test_the_difference_is_found_again_by_material_and_in_the_entry(world):
    slag()
    completed(open_listing("grinding", material="bof-slag", title="bof"), "third")
    publish(TRUCK, value=Decimal("0.0912"))

    (change,) = whole().changes
    rows = by_material(TRUCK, Period(), "en")
    entries = [entry_at_todays_factors(json.loads(e.canonical)) for e in db.session.query(LedgerEntry)]

    assert {r.material for r in rows} == {"gbfs", "bof-slag"}
    assert sum(r.difference_kgco2e for r in rows) == change.difference_kgco2e
    assert sum(e.difference_kgco2e for e in entries) == pytest.approx(change.difference_kgco2e, abs=Decimal("0.01"))


def test_a_tighter_factor_narrows_the_interval(world):
    slag()
    before = whole()
    publish(CLINKER, gsd=Decimal("1.001"))
    after = whole()
    assert after.today_kgco2e == before.today_kgco2e
    assert after.high_kgco2e - after.low_kgco2e < before.high_kgco2e - before.low_kgco2e


def test_an_auditor_walks_from_the_total_to_the_factor_and_the_entries(app, client, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    slag()
    publish(CLINKER, value=Decimal("800.5"))
    client.post("/sign-in", data={"email": "auditor@example.com", "password": PASSWORD})

    assert "/district/factors" in client.get("/district").text
    factors_page = client.get("/district/factors").text
    assert f"/district/factors/{CLINKER}" in factors_page
    factor_page = client.get(f"/district/factors/{CLINKER}").text
    assert "by=material&amp;key=gbfs" in factor_page
    assert "At today’s factors" in client.get("/ledger/entries/0").text
