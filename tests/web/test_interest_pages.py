"""From a search to a saved interest and back: nothing typed is lost, errors stand at their fields, both languages."""

import re
import uuid

import pytest

from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.matching import alerts
from marketplace.matching.models import Interest, Pace
from marketplace.notifications.models import OutboxMessage
from marketplace.notifications.worker import compose
from tests.factories import PASSWORD, find_user, open_listing, saved_interest

SEARCH = "/listings?q=高炉渣&kind=offer&family=slags&park=wusong&hazard=no&within=40&least=5&sort=quantity"


@pytest.fixture
def trader(app, world, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    return signed_in(app, "trader@grinding.example")


def signed_in(app, email):
    client = app.test_client()
    client.post("/sign-in", data={"email": email, "password": PASSWORD})
    return client


def form_of(page):
    """What a browser would send of the page's form."""
    found = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        found[name] = chosen.group(1) if chosen else ""
    return found


def test_a_search_is_saved_with_all_its_filters(app, trader):
    open_listing()
    link = re.search(r'href="(/interests/new[^"]*)"', trader.get(SEARCH).text).group(1).replace("&amp;", "&")
    form = form_of(trader.get(link).text)

    answer = trader.post("/interests/new", data=form)

    assert answer.status_code == 303
    saved = db.session.query(Interest).one()
    assert (saved.words, saved.family, saved.park.code, saved.is_hazardous) == ("高炉渣", "slags", "wusong", False)
    assert (saved.within_km, saved.minimum_t, saved.pace) == (40, 5, Pace.AT_ONCE)
    page = trader.get(answer.headers["Location"]).text
    assert "Granulated blast furnace slag" in page
    assert "at most 40 km from grinding site" in page


def test_whoever_may_not_save_sees_no_button(app, client, trader):
    viewer = signed_in(app, "viewer@grinding.example")
    assert "/interests/new" in trader.get("/listings").text
    assert "/interests/new" not in client.get("/listings").text
    assert "/interests/new" not in viewer.get("/listings").text


def test_the_same_interest_twice_is_said_above_the_form_and_nothing_typed_is_lost(trader):
    sent = {"kind": "offer", "pace": "daily", "q": "slag", "least": "12.5"}
    trader.post("/interests/new", data=sent | {"submission": str(uuid.uuid4())})

    answer = trader.post("/interests/new", data=sent | {"submission": str(uuid.uuid4())})

    assert answer.status_code == 409
    assert "You have saved just this already" in answer.text
    assert 'value="12.5"' in answer.text
    assert db.session.query(Interest).count() == 1


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({}, "q", "Say what you want to hear of"),
        ({"q": "的 and"}, "q", "These words say nothing"),
        ({"q": "x" * 201}, "q", "At most 200 characters"),
        ({"q": "slag", "within": "1e3"}, "within", "Write a number"),
        ({"q": "slag", "within": "0"}, "within", "Between 0.1 and 5000"),
        ({"q": "slag", "material": "unobtainium"}, "material", "Choose one of the list"),
        ({"q": "slag", "near": "site-999999"}, "near", "Choose one of the list"),
        ({"q": "slag", "pace": "never"}, "pace", "Choose one of the list"),
    ],
)
def test_an_error_stands_at_its_field_and_what_was_typed_stays(trader, typed, field, words):
    sent = {"submission": str(uuid.uuid4()), "kind": "offer", "pace": "daily", "least": "12.5"} | typed

    answer = trader.post("/interests/new", data=sent)

    assert answer.status_code == 422
    assert words in re.search(rf'<ul class="field-errors" id="{field}-errors">(.*?)</ul>', answer.text, re.S).group(1)
    assert 'value="12.5"' in answer.text
    assert db.session.query(Interest).count() == 0


def test_nobody_measures_from_a_site_of_another_enterprise(app, trader, world):
    from marketplace.accounts.models import Site

    foreign = db.session.query(Site).filter_by(enterprise_id=world.ironworks).first().id
    answer = trader.post(
        "/interests/new", data={"kind": "offer", "pace": "daily", "q": "slag", "near": f"site-{foreign}"}
    )

    assert answer.status_code == 422


def test_an_interest_is_changed_ended_and_started_again(trader, world):
    with transaction():
        saved = saved_interest("grinding", words="slag", materials=("gbfs", "bof-slag")).id
    form = form_of(trader.get(f"/interests/{saved}/edit").text)
    assert {form["material"], form["material_2"]} == {"gbfs", "bof-slag"}

    trader.post(f"/interests/{saved}/edit", data=form | {"material_2": "", "pace": "daily"})
    trader.post(f"/interests/{saved}/end")

    changed = db.session.get_one(Interest, saved, populate_existing=True)
    assert (changed.pace, len(changed.slugs), changed.ended_at is None) == (Pace.DAILY, 1, False)
    assert "Start again" in trader.get("/interests").text
    trader.post(f"/interests/{saved}/resume")
    assert db.session.get_one(Interest, saved, populate_existing=True).ended_at is None


def test_the_message_names_the_interest_in_the_reader_s_language_and_no_enterprise(trader, world):
    with transaction():
        saved_interest("grinding", materials=("gbfs",))
        find_user("owner@grinding.example").language = "zh"
    open_listing()

    alerts.alert_new_listings()

    texts = {m.email: " ".join(compose(m)) for m in db.session.query(OutboxMessage).filter_by(kind="new_for_interest")}
    assert "fits your saved interest: Granulated blast-furnace slag." in texts["trader@grinding.example"]
    assert "符合您的关注：粒化高炉矿渣" in texts["owner@grinding.example"]
    assert not any("Ironworks" in text or "ironworks" in text for text in texts.values())


def test_the_pages_speak_chinese(trader, world):
    with transaction():
        saved = saved_interest("grinding", words="slag").id
    trader.get("/lang/zh")

    assert "我的关注" in trader.get("/interests").text
    assert "目前符合的" in trader.get(f"/interests/{saved}").text
    assert "何时通知" in trader.get("/interests/new").text
