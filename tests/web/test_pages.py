"""Pages cost a fixed number of statements; every string is translated; the policy headers stand."""

from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from sqlalchemy import event

from marketplace.database import transaction
from marketplace.demo.bulk import load_listings
from marketplace.demo.people import rows as demo_rows
from marketplace.extensions import db
from tests.factories import PASSWORD, completed, open_listing, park, saved_interest

ROOT = Path(__file__).resolve().parents[2]
MOST_STATEMENTS = 12


class Counter:
    """Counts the statements of a request, transaction control left out."""

    def __init__(self):
        self.count = 0

    def __enter__(self):
        event.listen(db.engine, "before_cursor_execute", self._seen)
        return self

    def __exit__(self, *_):
        event.remove(db.engine, "before_cursor_execute", self._seen)

    def _seen(self, _conn, _cursor, statement, *_):
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            self.count += 1


def statements(client, path):
    with Counter() as counter:
        answer = client.get(path)
    assert answer.status_code == 200, path
    return counter.count


@pytest.fixture
def trader(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    client.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    return client


@pytest.fixture
def officer(app, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    client = app.test_client()
    client.post("/sign-in", data={"email": "district_officer@example.com", "password": PASSWORD})
    return client


def test_statements_per_page_do_not_grow_with_the_rows(app, world, trader, officer):
    slag = open_listing(quantity=Decimal(5000))
    exchange = completed(slag, use="scm-cement")
    with transaction():
        interest_id = saved_interest("ironworks", words="slag", within_km=Decimal(40)).id
    pages = {
        "/": trader,
        "/listings": trader,
        "/listings?q=slag&sort=distance": trader,
        f"/listings/{slag.id}": trader,
        "/my-listings": trader,
        "/interests": trader,
        f"/interests/{interest_id}": trader,
        "/exchanges": trader,
        f"/exchanges/{exchange.id}": trader,
        "/work": trader,
        "/inbox": trader,
        "/ledger/entries": trader,
        "/totals": trader,
        "/district": officer,
        "/district/enterprises": officer,
    }
    with app.app_context():
        few = {path: statements(client, path) for path, client in pages.items()}
        with transaction():
            load_listings(300, seed=1)
            for material in ("bof-slag", "gbfs", "sawdust"):
                saved_interest("ironworks", materials=(material, "occ"), park_id=park("luojing").id)
        for by in ("grinding", "third", "grinding"):
            completed(open_listing(), by)
        many = {path: statements(client, path) for path, client in pages.items()}
    assert {p: (few[p], n) for p, n in many.items() if n > few[p] + 1} == {}
    limits = {
        path: n
        for path, n in many.items()
        if path.split("?")[0] in ("/", "/listings", "/district") and n > MOST_STATEMENTS
    }
    assert limits == {}
    assert many[f"/listings/{slag.id}"] <= MOST_STATEMENTS


def test_no_string_is_left_untranslated():
    with (ROOT / "marketplace/translations/zh_Hans_CN/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file)
    translated = {m.id if isinstance(m.id, str) else m.id[0] for m in catalogue if m.id and m.string and not m.fuzzy}
    keywords = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
    found = [
        row[2]
        for folder in ("marketplace", "templates")
        for row in extract_from_dir(
            ROOT / folder, method_map=[("**.html", "jinja2"), ("**.py", "python")], keywords=keywords
        )
    ]
    used = {message if isinstance(message, str) else message[0] for message in found}
    assert len(used) > 800
    assert used - translated == set()


def test_every_answer_forbids_inline_script_and_outside_hosts(client):
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    page = client.get("/").text
    assert " style=" not in page
    assert "<style" not in page


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_no_redirect_leaves_the_site(client, path):
    answer = client.get("/lang/zh", query_string={"next": path})
    assert answer.headers["Location"] == "/"


def test_sign_in_is_limited(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    monkeypatch.setitem(app.config, "SIGN_IN_LIMIT", "3 per minute")
    address = {"REMOTE_ADDR": "198.51.100.7"}
    data = {"email": "x@y.cn", "password": "z"}
    codes = [client.post("/sign-in", data=data, environ_overrides=address).status_code for _ in range(5)]
    assert codes[:3] == [422] * 3
    assert 429 in codes[3:]


def test_visitors_see_a_listing_without_its_contact(client, world):
    listing = open_listing()
    page = client.get(f"/listings/{listing.id}").text
    assert "Ironworks" not in page
    assert "ironworks site" not in page


def test_the_demo_s_texts_are_each_their_own():
    texts = [r["description"] for language in ("zh", "en") for r in demo_rows(f"listings_{language}.csv")]
    assert len(texts) >= 400
    assert len(set(texts)) == len(texts)
    assert len({r["uscc"] for r in demo_rows("enterprises.csv") if "uscc" in r}) == 0
