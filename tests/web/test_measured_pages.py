"""Proposing and deciding about a site's own factor through the pages; on both databases."""

import io

import pytest
from sqlalchemy import select

from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.ledger.models import EmissionFactor
from marketplace.measured.models import MeasuredFactor, MeasuredState
from tests.factories import PASSWORD, propose_factor

REPORT = b"%PDF-1.7 report"


@pytest.fixture
def sign_in(app, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)

    def signed_in(email):
        browser = app.test_client()
        browser.post("/sign-in", data={"email": email, "password": PASSWORD})
        return browser

    return signed_in


def typed(browser, **changes):
    """What a person fills in, the site being the first one offered."""
    page = browser.get("/measured-factors/new").get_data(as_text=True)
    site = page.split('name="site_id"')[1].split('value="')[1].split('"')[0]
    usual = {
        "site_id": site,
        "factor_key": "stockpile-inert",
        "value": "0.0032",
        "unit": "t CO₂e/t",
        "gsd": "1.1",
        "year": "2025",
        "method": "fuel by tonnes moved",
        "evidence": (io.BytesIO(REPORT), "报告.pdf"),
    }
    return usual | changes


def proposals():
    return db.session.scalars(select(MeasuredFactor)).all()


def test_a_trader_proposes_and_an_officer_approves(sign_in):
    owner = sign_in("trader@ironworks.example")
    sent = owner.post("/measured-factors/new", data=typed(owner))
    assert sent.status_code == 303
    page = owner.get(sent.location).get_data(as_text=True)
    assert "报告.pdf" in page
    assert "3.2 kg CO₂e/t" in page
    assert "0.0032 t CO₂e/t" in page

    officer = sign_in("district_officer@example.com")
    assert "stockpil" in officer.get("/measured-factors?state=proposed").get_data(as_text=True).casefold()
    answer = officer.post(sent.location, data={"decision": "approved", "reason": "calibrated"})
    assert answer.status_code == 303
    (proposal,) = proposals()
    assert proposal.state is MeasuredState.APPROVED
    assert f"/ledger/factors/{proposal.published.factor_id}" in officer.get(sent.location).get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "wrong", "sentence"),
    [
        ("value", "0", "greater than zero"),
        ("value", "-3", "greater than zero"),
        ("value", "a lot", "Write a number"),
        ("unit", "kgCO2/kWh", "There is no conversion from “kgCO2/kWh” to kg CO₂e/t"),
        ("unit", "", "Fill this in"),
        ("gsd", "0.9", "lies between 1 (exact) and 10"),
        ("gsd", "0", "lies between 1 (exact) and 10"),
        ("gsd", "11", "lies between 1 (exact) and 10"),
        ("year", "1999", "A year from 2000"),
        ("year", "2999", "A year from 2000"),
        ("method", " ", "Fill this in"),
        ("factor_key", "cn22-grid", "Choose one of the list"),
        ("site_id", "999999", "Choose one of the list"),
        ("evidence", None, "Add the report"),
        ("evidence", b"MZ a program", "Only JPEG, PNG and WebP pictures, and PDF"),
    ],
    ids=str,
)
def test_bad_input_is_told_beside_the_field_and_nothing_is_lost(sign_in, field, wrong, sentence):
    browser = sign_in("trader@ironworks.example")
    sent = (io.BytesIO(wrong), "report.exe") if isinstance(wrong, bytes) else wrong
    data = {name: value for name, value in typed(browser, **{field: sent}).items() if value is not None}
    answer = browser.post("/measured-factors/new", data=data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page.split(f'id="{field}-errors"')[1].split("</ul>")[0]
    assert proposals() == []
    if field != "method":
        assert "fuel by tonnes moved" in page


def test_a_decision_needs_its_reason(sign_in):
    with transaction():
        number = propose_factor().id
    officer = sign_in("district_officer@example.com")
    assert officer.post(f"/measured-factors/{number}", data={"decision": "approved", "reason": " "}).status_code == 422
    assert proposals()[0].state is MeasuredState.PROPOSED


def test_the_second_officer_reads_that_the_first_was_faster(sign_in):
    with transaction():
        number = propose_factor().id
    officer = sign_in("district_officer@example.com")
    for decision in ("rejected", "approved"):
        officer.post(f"/measured-factors/{number}", data={"decision": decision, "reason": "x"})
    assert "decided or withdrawn already" in officer.get(f"/measured-factors/{number}").get_data(as_text=True)
    assert proposals()[0].state is MeasuredState.REJECTED
    assert db.session.scalars(select(EmissionFactor).where(EmissionFactor.site_id.is_not(None))).all() == []


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("q=clinker", "clinker-cn", "rail-cn"),
        ("kind=transport&region=CN", "truck-cn-49t", "clinker-cn"),
        ("standing=estimate", "clinker-cn", "grinding-slag"),
        ("standing=used&region=GB", "uk25-wood-primary", "uk25-asbestos"),
    ],
)
def test_the_list_of_factors_is_narrowed(client, query, there, not_there):
    page = client.get(f"/ledger/factors?{query}").get_data(as_text=True)
    assert f"/ledger/factors/{there}" in page
    assert f"/ledger/factors/{not_there}" not in page


def test_a_factor_says_its_licence_place_and_that_nobody_reviewed_it(client):
    page = client.get("/ledger/factors/uk25-wood-primary-material-production").get_data(as_text=True)
    for fact in ("Open Government Licence v3.0", "Material use", "not yet reviewed", "United Kingdom", "As a proxy"):
        assert fact in page


def test_an_unknown_filter_is_a_bad_request(client):
    assert client.get("/ledger/factors?kind=magic").status_code == 400


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_is_shown_in_both_languages(sign_in, language):
    with transaction():
        number = propose_factor().id
    browser = sign_in("trader@ironworks.example")
    browser.get(f"/lang/{language}")
    for path in ("/measured-factors", "/measured-factors/new", f"/measured-factors/{number}", "/enterprise",
                 "/ledger/factors", "/ledger/factors/proxy-cem1", "/ledger/factors/cem1", "/pages/method"):  # fmt: skip
        assert browser.get(path).status_code == 200, path
