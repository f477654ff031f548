"""What a new table of factors would change, shown before it is published."""

import csv

import pytest

from marketplace.carbon.library import FACTORS_FILE
from marketplace.extensions import db
from marketplace.ledger.models import EmissionFactor, LedgerEntry
from tests.factories import completed, open_listing


@pytest.fixture
def entry(world):
    exchange = completed(open_listing(), use="scm-cement")
    return db.session.query(LedgerEntry).filter_by(exchange_id=exchange.id).one()


@pytest.fixture
def changed(tmp_path):
    def write(factor_id="truck-cn-49t", **changes):
        rows = list(csv.DictReader(FACTORS_FILE.open(encoding="utf-8")))
        for row in rows:
            if row["id"] == factor_id:
                row.update(changes)
        file = tmp_path / "new.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        return file

    return write


def impact(app, file):
    return app.test_cli_runner().invoke(args=["carbon", "impact", "--factors", str(file)])


def test_a_dearer_truck_lowers_the_figure_and_nothing_is_written(app, entry, changed):
    canonical, versions = entry.canonical, db.session.query(EmissionFactor).count()
    outcome = impact(app, changed(value="0.5"))
    assert outcome.exit_code == 0, outcome.output
    assert f"entry {entry.position}: " in outcome.output
    assert "[truck-cn-49t]" in outcome.output
    assert "1 entries would differ, by -" in outcome.output
    db.session.expire_all()
    assert db.session.query(LedgerEntry).one().canonical == canonical
    assert db.session.query(EmissionFactor).count() == versions


def test_a_changed_foreign_factor_changes_what_was_made_with_its_proxy(app, world, changed):
    completed(open_listing(material="brick-rubble", title="brick rubble"))
    outcome = impact(app, changed("uk25-bricks-landfill", value="2"))
    assert "[proxy-uk25-bricks-landfill]" in outcome.output
    assert "1 entries would differ, by +" in outcome.output


def test_a_table_of_before_the_columns_on_origin_is_still_read(app, entry, tmp_path):
    rows = list(csv.DictReader(FACTORS_FILE.open(encoding="utf-8")))
    old = [name for name in rows[0] if name not in ("licence", "place", "reviewer", "thing")]
    file = tmp_path / "old.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, old, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    assert "0 entries would differ" in impact(app, file).output


def test_the_present_table_changes_nothing(app, entry):
    assert "0 entries would differ" in impact(app, FACTORS_FILE).output


def test_a_factor_of_another_dimension_is_named(app, entry, changed):
    outcome = impact(app, changed(unit="kgCO2e/t"))
    assert "not computable (deliveries.0.legs.0.factor" in outcome.output


def test_a_spread_below_one_is_refused_by_its_name(app, entry, changed):
    outcome = impact(app, changed(gsd="0.9"))
    assert outcome.exit_code == 2
    assert "factors.truck-cn-49t.gsd" in outcome.output
