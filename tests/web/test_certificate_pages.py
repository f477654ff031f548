"""The pages of a certificate: the parties' choice, and what an outsider may know; on both databases."""

import pytest

from marketplace.database import transaction
from marketplace.exchanges.models import Side
from marketplace.extensions import db
from marketplace.ledger import service as ledger
from marketplace.ledger import verify_certificate as tool
from marketplace.ledger.certificates import service
from marketplace.ledger.models import LedgerEntry
from tests.factories import PASSWORD, completed, open_listing, trader


@pytest.fixture(autouse=True)
def _no_tokens(app, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)


@pytest.fixture
def serial(world):
    """The public number of entry 0's certificate."""
    completed(open_listing(), use="scm-cement")
    with transaction():
        return service.issue(0, trader("ironworks")).serial


def signed_in(client, email):
    assert client.post("/sign-in", data={"email": email, "password": PASSWORD}).status_code == 303
    return client


def page(client, path, status=200, **headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == status, path
    return answer.get_data(as_text=True)


def both_choose_their_names():
    exchange_id = db.session.get_one(LedgerEntry, 0).exchange_id
    with transaction():
        service.choose_appearance(exchange_id, Side.SUPPLIER, True, trader("ironworks"))
        service.choose_appearance(exchange_id, Side.RECEIVER, True, trader("grinding"))


def test_an_outsider_sees_that_it_stands_and_no_name(client, serial):
    words = page(client, f"/ledger/certificates/{serial}")
    assert "This certificate stands" in words
    assert "ent-ironworks" in words
    for hidden in ("Ironworks", "Grinding", "slag", "20 t", "¥"):
        assert hidden not in words, hidden


def test_an_outsider_sees_what_was_exchanged_when_both_parties_allow_their_names(client, serial):
    both_choose_their_names()
    words = page(client, f"/ledger/certificates/{serial}")
    for shown in ("Ironworks", "Grinding", "slag", "20 t"):
        assert shown in words, shown
    assert "¥" not in words


def test_a_reversed_certificate_says_so(client, serial):
    with transaction():
        ledger.reverse(0, "wrong scale")
    words = page(client, f"/ledger/certificates/{serial}")
    assert "This figure was taken back" in words
    assert "stands" not in words
    assert "wrong scale" not in words
    assert client.get(f"/ledger/certificates/{serial}.json").json == {"status": "reversed"}


@pytest.mark.parametrize("wrong", ["0" * 32, "x", "%00", "A" * 32, "a" * 300, "证书"])
def test_an_unknown_certificate_is_not_ours(client, serial, wrong):
    assert "no certificate with this number" in page(client, f"/ledger/certificates/{wrong}", 404)
    assert client.get(f"/ledger/certificates/{wrong}.json").json == {"status": "unknown"}


def test_the_pages_speak_chinese(client, serial):
    chinese = {"Accept-Language": "zh-CN"}
    assert "本证书有效" in page(client, f"/ledger/certificates/{serial}", **chinese)
    assert "如何核验证书" in page(client, "/ledger/how-to-check", **chinese)


def test_a_party_makes_the_certificate_and_chooses_its_name(client, world):
    completed(open_listing(), use="scm-cement")
    signed_in(client, "trader@ironworks.example")
    assert "Make certificate" in page(client, "/ledger/entries/0/certificate")
    assert client.get("/ledger/entries/0/certificate.pdf").status_code == 404
    assert client.post("/ledger/entries/0/certificate").status_code == 303

    pdf = client.get("/ledger/entries/0/certificate.pdf").data
    tool.check(pdf, tool.Trust(), tool.Report(lambda _: None))
    assert client.post("/ledger/entries/0/certificate/appearance", data={"appears": "named"}).status_code == 303
    credential = client.get("/ledger/entries/0/credential.json")
    assert credential.mimetype == "application/vc"
    assert credential.get_json(force=True)["credentialSubject"]["supplier"]["name"] == "ironworks（示例） / Ironworks"
    assert "name" not in credential.get_json(force=True)["credentialSubject"]["receiver"]


@pytest.mark.parametrize("wrong", ["", "both", "named\0"])
def test_a_choice_that_is_none_is_refused_beside_the_field(client, serial, wrong):
    signed_in(client, "trader@ironworks.example")
    answer = client.post("/ledger/entries/0/certificate/appearance", data={"appears": wrong})
    assert answer.status_code == 422
    assert "Choose one of the list." in answer.get_data(as_text=True)


def test_the_reader_of_an_enterprise_sees_it_and_changes_nothing(client, serial):
    signed_in(client, "viewer@ironworks.example")
    words = page(client, "/ledger/entries/0/certificate")
    assert "Download PDF" in words
    assert "Keep choice" not in words


def test_the_downloads_are_what_the_verifier_takes(client, serial):
    signed_in(client, "auditor@example.com")
    for path in ("entries/0/certificate.json", "entries/0/credential.json", "entries/0/certificate.pdf", "export.zip"):
        tool.check(client.get(f"/ledger/{path}").data, tool.Trust(), tool.Report(lambda _: None))
    assert client.get("/ledger/verify_certificate.py").data.startswith(b"#!/usr/bin/env python3")


def test_documents_name_the_public_site_whatever_host_was_asked(client, serial):
    signed_in(client, "trader@ironworks.example")
    answer = client.get("/ledger/entries/0/credential.json", base_url="http://localhost")
    assert answer.get_json(force=True)["id"] == f"http://test/ledger/certificates/{serial}"
