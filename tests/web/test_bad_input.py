"""A corpus of bad input to every route, as field, parameter and path: always an answer below 500; both databases."""

import io
import re

import pytest

from marketplace.extensions import db
from tests.factories import PASSWORD
from tests.web.matrix import MATRIX
from tests.web.subjects import EMAILS, address, make_subjects

CORPUS = [
    "", " ", "0", "-1", "1e309", "NaN", "Infinity", "-Infinity", "１２３", "1_000", "9" * 26, "0.0000000000000001",
    "1,5", "12abc", "a" * 10000, "😀" * 300, "\x00x", "\u202egnp.exe", "<script>alert(1)</script>",
    "'; DROP TABLE listing;--", '" OR 1=1 --', "{{7*7}}", "../../../../etc/passwd", "%s%s%n", "1800-01-01",
    "9999-12-31", "2026-02-30", "null", "[]", "\r\nSet-Cookie: x=1", "AND OR NOT NEAR(", '"unclosed', "-0", "ß",
]  # fmt: skip
FIELDS = (
    "q kind family park hazard near within least sort after before start end by key state title material quantity unit "
    "rhythm available_from available_until site_id price_cny_per_t quantity_t deliver_from deliver_until transport_by "
    "mode use note gross_t tare_t weighed_on ticket_number weighed_at_site_id distance_km moisture_percent reject_t "
    "reason text submission version email password again name uscc industry consent role park_id lat lon system number "
    "hw_code yearly_quantity_t valid_until decision language low_code description next with view price_from price_to "
    "why show via is_learned_from material_2 material_3 pace "
    "supplier_percent recurrence period treatment takes gives capacity_t yield_percent emission_kgco2e_per_t remark"
).split()


@pytest.fixture
def subjects(app, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    return make_subjects(world)


def sign_in(app, role):
    client = app.test_client()
    client.post("/sign-in", data={"email": EMAILS[role], "password": PASSWORD})
    return client


@pytest.mark.parametrize("role", ["owner", "officer"])
def test_no_bad_value_breaks_any_route(app, subjects, role):
    """Each role tries one half of the corpus on one database and the other half on the other."""
    client, broken = sign_in(app, role), []
    half = (role == "owner") == (db.engine.dialect.name == "sqlite")
    for row in MATRIX:
        method, endpoint, *detail = row.split()
        if endpoint in ("static", "accounts.sign_out", "accounts.change_password"):
            continue
        if endpoint == "ledger.entry_as_pdf":
            continue  # takes no parameter, and half a second to print
        url = address(app, endpoint, subjects, *detail)
        for value in CORPUS[half::2]:
            everything = dict.fromkeys(FIELDS, value)
            sent = {"data": everything} if method == "POST" else {"query_string": everything}
            answer = client.open(url, method=method, **sent)
            answer.close()  # some are streams
            if answer.status_code >= 500:
                broken.append((row, value[:30], answer.status_code))
    assert broken == []


@pytest.mark.parametrize("value", ["0", "-1", "99999999999999999999", "abc", "１２", "1.5", "%00", "😀", "1;2"])
def test_a_forged_id_is_not_found(app, subjects, value):
    client = sign_in(app, "owner")
    for path in ("/listings/{}", "/exchanges/{}", "/ledger/entries/{}", "/attachments/{}", "/treatments/{}"):
        if path == "/ledger/entries/{}" and value == "0":
            continue  # entry 0 exists
        assert client.get(path.format(value)).status_code == 404, path


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("broken.png", b"\x89PNG\r\n\x1a\n" + b"0" * 50, "broken"),
        ("evil.svg", b"<svg onload=alert(1)>", "Only JPEG"),
        ("empty.jpg", b"", "empty"),
        ("水渣.exe", b"MZ" + b"0" * 100, "Only JPEG"),
    ],
)
def test_an_unsuitable_file_is_refused_at_its_field(app, subjects, name, content, words):
    client = sign_in(app, "trader")
    form = posting_form(client) | {"files": (io.BytesIO(content), name)}
    answer = client.post("/listings/new", data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert words in answer.text
    assert "kept while wrong" in answer.text


def test_an_upload_of_a_hundred_megabytes_is_refused(app, subjects):
    client = sign_in(app, "trader")
    big = io.BytesIO(b"0" * 100_000_000)
    answer = client.post("/listings/new", data={"files": (big, "big.pdf")}, content_type="multipart/form-data")
    assert answer.status_code == 413


def test_a_stale_listing_keeps_what_was_typed(app, subjects):
    client = sign_in(app, "trader")
    url = f"/listings/{subjects['listing_id']}/edit"
    form = posting_form(client) | {"version": "1", "title": "typed in the second tab", "quantity": "5000"}
    answer = client.post(url, data=form)
    assert answer.status_code == 409
    assert "typed in the second tab" in answer.text


def test_errors_stand_at_their_fields(app, subjects):
    client = sign_in(app, "trader")
    form = posting_form(client) | {"quantity": "NaN", "available_until": "1800-01-01"}
    page = client.post("/listings/new", data=form).text
    assert 'id="quantity-errors"' in page
    assert 'aria-describedby="quantity-errors"' in page
    assert "A date between 2000 and 2100." in page


def posting_form(client):
    """A right form, as the browser would send it."""
    page = client.get("/listings/new?kind=offer&title=slag").text
    site = re.search(r'<select[^>]*name="site_id".*?<option[^>]*value="(\d+)"', page, re.S).group(1)
    return {
        "submission": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "kind": "offer",
        "title": "slag",
        "material": "gbfs",
        "description": "kept while wrong",
        "nature": "waste",
        "form": "granules",
        "quantity": "10",
        "unit": "t",
        "rhythm": "once",
        "available_from": "2026-11-24",
        "available_until": "2027-11-24",
        "site_id": site,
    }
