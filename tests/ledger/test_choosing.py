"""Which factor a figure takes, what its entry says about it, and that everybody can check it; on both databases."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from marketplace.carbon.library import library
from marketplace.carbon.resolution import widened_gsd
from marketplace.database import transaction
from marketplace.exchanges.models import Exchange
from marketplace.extensions import db
from marketplace.ledger import choosing, factors, service
from marketplace.ledger.assessing import figure_of
from marketplace.ledger.certificates.service import issue
from marketplace.ledger.errors import FactorMissing
from marketplace.ledger.factor_table import factor_table
from marketplace.ledger.models import LedgerEntry
from marketplace.ledger.verify import verify
from marketplace.ledger.verify_certificate import check_figure
from tests.factories import PASSWORD, agreed, completed, delivered, open_listing, trader

CEMENT_SLAG = {"use": "scm-cement"}


def bodies():
    return [json.loads(e.canonical) for e in db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.position))]


def test_the_entry_says_at_which_step_each_factor_was_found(world):
    completed(open_listing(), **CEMENT_SLAG)
    steps = {name: factor["step"] for name, factor in bodies()[0]["factors"].items()}
    assert steps == {
        "clinker-cn": "country",
        "grinding-slag": "country",
        "stockpile-inert": "country",
        "truck-cn-49t": "country",
    }


def test_a_foreign_figure_stands_in_as_a_proxy_with_a_wider_spread(world):
    bricks = open_listing(material="brick-rubble", title="brick rubble")
    completed(bricks)
    (body,) = bodies()
    name = body["inputs"]["disposal"]["factor"]
    factor, source = body["factors"][name], library()[body["factors"][name]["wanted"]]
    assert name == f"proxy-{source.id}"
    assert source.region == factor["region"] == "GB"
    assert factor["step"] == "proxy"
    assert Decimal(factor["value"]) == source.value
    assert Decimal(factor["own_gsd"]) == source.gsd
    assert Decimal(factor["gsd"]) == widened_gsd(source.gsd) > source.gsd


def test_both_verifiers_accept_entries_with_proxies(world):
    completed(open_listing(material="brick-rubble", title="brick rubble"))
    with transaction():
        issue(0, trader("ironworks"))
    assert verify().is_sound
    assert check_figure(bodies()[0]).gsds


def test_a_missing_factor_is_named_with_the_nearest_and_nothing_is_recorded(world, monkeypatch):
    later = {**library(), "clinker-cn": replace(library()["clinker-cn"], year=2999)}
    later["clinker-de"] = replace(library()["clinker-cn"], id="clinker-de", region="DE")
    monkeypatch.setattr(choosing, "library", lambda: later)
    with pytest.raises(FactorMissing) as missing:
        completed(open_listing(), **CEMENT_SLAG)
    sentence = missing.value.sentence()
    assert "clinker-cn" in sentence
    assert "clinker-de" in sentence
    assert f"spread {widened_gsd(Decimal('1.06')):f}" in sentence
    db.session.rollback()
    assert bodies() == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_of_the_exchange_names_what_is_missing_and_the_nearest(app, world, monkeypatch, language):
    exchange = agreed(open_listing(), **CEMENT_SLAG)
    delivered(exchange)
    rows = {**library(), "clinker-cn": replace(library()["clinker-cn"], year=2999)}
    monkeypatch.setattr(choosing, "library", lambda: {**rows, "clinker-old": replace(library()["clinker-cn"], year=2015,
                                                                                   id="clinker-old")})  # fmt: skip
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    browser = app.test_client()
    browser.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    browser.get(f"/lang/{language}")
    page = browser.get(f"/exchanges/{exchange.id}").get_data(as_text=True)
    assert "clinker-old" in page
    assert "1.06" in page


def test_figures_before_completion_follow_the_same_order(world):
    exchange = agreed(open_listing(), **CEMENT_SLAG)
    delivered(exchange)
    provisional = figure_of(exchange)
    assert {factor["step"] for factor in provisional.factors.values()} == {"country"}


def test_proxies_are_published_with_the_library_and_once(world):
    by_id = {f.factor_id: f for f in factors.current_versions()}
    assert by_id["proxy-cem1"].gsd == widened_gsd(by_id["cem1"].gsd)
    with transaction():
        assert factors.publish_library() == (0, 0)
    assert factors.unpublished() == []


def test_a_release_that_was_not_published_is_noticed(session):
    assert "proxy-cem1" in factors.unpublished()


def test_a_version_published_while_a_completion_waits_for_the_ledger_is_the_one_recorded(world):
    exchange = agreed(open_listing(), **CEMENT_SLAG)
    delivered(exchange)
    seen = figure_of(exchange)
    with transaction():
        factors.publish_library([replace(library()["clinker-cn"], value=Decimal(900))])
    with transaction():
        service.append_assessment(db.session.get_one(Exchange, exchange.id), seen)
    assert seen.factors["clinker-cn"]["version"] == "1"
    recorded = bodies()[0]["factors"]["clinker-cn"]
    assert (recorded["version"], recorded["value"]) == ("2", "900")


def test_a_process_that_read_the_factors_sees_what_another_published(world):
    before = factor_table()
    with transaction():
        factors.publish_library([replace(library()["clinker-cn"], value=Decimal(900))])
    after = factor_table()
    assert (after.count, after.in_force("clinker-cn").copy["value"]) == (before.count + 1, "900")
    assert factor_table() is after
    assert before.in_force("clinker-cn").copy["value"] != "900"
