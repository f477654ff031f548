"""Every route has a row in the matrix, and every role gets what its row says; on both databases."""

import pytest
from flask import Flask

from tests.factories import PASSWORD
from tests.web.matrix import MATRIX, ROLES
from tests.web.subjects import EMAILS, address, make_subjects


def sign_in(app: Flask, role: str):
    client = app.test_client()
    if EMAILS[role]:
        answer = client.post("/sign-in", data={"email": EMAILS[role], "password": PASSWORD})
        assert answer.status_code == 303, role
    return client


@pytest.fixture
def subjects(app, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    return make_subjects(world)


def test_every_route_has_a_row(app):
    routes = {
        f"{method} {rule.endpoint}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    rows = {" ".join(row.split()[:2]) for row in MATRIX}
    assert routes - rows == set(), "routes without a row"
    assert rows - routes == set(), "rows without a route"


@pytest.mark.parametrize("row", MATRIX)
def test_each_role_gets_what_its_row_says(app, subjects, row):
    method, endpoint, *detail = row.split()
    url = address(app, endpoint, subjects, *detail)
    got = {}
    for role in ROLES:
        client = sign_in(app, role)
        with client.open(url, method=method) as answer:  # some are streams
            got[role] = answer.status_code
    assert got == dict(zip(ROLES, MATRIX[row], strict=True))


def test_a_forged_token_is_refused(app, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    client = sign_in(app, "trader")
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = client.post("/inbox/read")
    assert answer.status_code == 400
