"""What plants offer to do with the material of others: stated, seen, ended; and bad input is told beside its field."""

import uuid
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from marketplace.accounts.errors import SiteInUse
from marketplace.accounts.models import Site
from marketplace.accounts.policy import VISITOR, viewer_of
from marketplace.accounts.sites import remove_site
from marketplace.database import transaction
from marketplace.demo.people import rows
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.matching.beyond import treatments
from marketplace.matching.core.beyond.chains import opens_a_use
from marketplace.matching.models import TreatmentService
from tests.factories import PASSWORD, trader, treatment


@pytest.fixture
def browser(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    client.post("/sign-in", data={"email": "trader@third.example", "password": PASSWORD})
    return client


def typed(**changes):
    site = trader("third").membership.enterprise.sites[0]
    usual = {
        "submission": str(uuid.uuid4()), "site_id": site.id, "treatment": "grinding", "takes": "slags", "gives": "",
        "capacity_t": "1,200", "yield_percent": "97.5", "price_cny_per_t": "-12.5", "emission_kgco2e_per_t": "38",
        "remark": "磨到 420",
    }  # fmt: skip
    return usual | changes


def count():
    return db.session.scalar(select(func.count()).select_from(TreatmentService))


def test_a_plant_states_what_it_does(browser, world):
    answer = browser.post("/treatments/new", data=typed())

    made = db.session.scalars(select(TreatmentService)).one()
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/treatments/{made.id}"
    assert made.enterprise_id == world.third
    assert (made.capacity_t, made.yield_fraction) == (Decimal(1200), Decimal("0.975"))
    assert made.price_cny_per_t == Decimal("-12.5")
    assert made.is_offered
    assert "磨到 420" in browser.get(answer.headers["Location"]).text


def test_sent_twice_it_is_there_once(browser, world):
    form = typed()

    addresses = {browser.post("/treatments/new", data=form).headers["Location"] for _ in range(2)}

    assert len(addresses) == 1
    assert count() == 1


def test_it_is_ended_once_and_for_all(browser, world):
    with transaction():
        service_id = treatment("third").id

    for _ in range(2):
        assert browser.post(f"/treatments/{service_id}/end").status_code == 303

    assert not db.session.get_one(TreatmentService, service_id).is_offered
    assert "Ended" in browser.get("/treatments").text
    browser.post("/sign-out")
    assert browser.get(f"/treatments/{service_id}").status_code == 404
    assert browser.get("/treatments").text.count("<tr>") == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"capacity_t": ""}, "Fill this in."),
        ({"capacity_t": "0"}, "Between 0.001"),
        ({"capacity_t": "NaN"}, "Write a number"),
        ({"capacity_t": "１２"}, "half-width"),
        ({"yield_percent": "100.01"}, "Between 0.01 and 100"),
        ({"yield_percent": "0"}, "Between 0.01"),
        ({"price_cny_per_t": "1e5"}, "Write a number"),
        ({"emission_kgco2e_per_t": "-1"}, "Between 0 and"),
        ({"treatment": "alchemy"}, "Choose one of the list."),
        ({"takes": "gold"}, "Choose one of the list."),
        ({"gives": "gold"}, "Choose one of the list."),
        ({"site_id": "999999"}, "Choose one of the list."),
        ({"takes": "gbfs", "gives": "gbfs"}, "What comes out is what goes in"),
        ({"treatment": "composting"}, "No documented use asks for this treatment"),
        ({"remark": "x" * 401}, "At most 400 characters."),
        ({"remark": "a\x00b"}, "control characters"),
        ({"submission": "forged"}, "too old"),
    ],
)
def test_bad_input_is_told_and_nothing_is_lost(browser, world, changes, sentence):
    answer = browser.post("/treatments/new", data=typed(**changes))

    assert answer.status_code == 422
    assert sentence in answer.text
    assert count() == 0
    if "remark" not in changes:
        assert "磨到 420" in answer.text


def test_another_s_site_is_refused_by_the_service_too(world):
    facts = treatments.TreatmentFacts(
        site_id=trader("grinding").membership.enterprise.sites[0].id, process="grinding", takes="slags", gives="",
        capacity_t=Decimal(1), yield_fraction=Decimal(1), price_cny_per_t=Decimal(1), emission_kgco2e_per_t=Decimal(1),
    )  # fmt: skip

    with pytest.raises(treatments.ForeignSite):
        treatments.offer_treatment(facts, trader("third"), str(uuid.uuid4()))


def test_those_of_enterprises_not_approved_are_seen_by_themselves_alone(world):
    with transaction():
        treatment("newcomer")

    assert treatments.visible_treatments(VISITOR) == []
    assert treatments.visible_treatments(viewer_of(trader("third"))) == []
    assert len(treatments.visible_treatments(viewer_of(trader("newcomer")))) == 1
    assert treatments.offered_treatments(viewer_of(trader("newcomer"))) == []


def test_the_list_is_narrowed_by_kind_and_a_wrong_kind_is_told(client, world):
    with transaction():
        treatment("third")
        treatment("third", process="drying", takes="gypsums")

    assert client.get("/treatments?treatment=drying").text.count("</tr>") == 2  # with the head
    wrong = client.get("/treatments?treatment=alchemy")
    assert wrong.status_code == 400
    assert "Choose one of the list." in wrong.text


def test_a_site_with_a_treatment_stays(world):
    with transaction():
        service = treatment("third")

    with pytest.raises(SiteInUse):
        remove_site(db.session.get_one(Site, service.site_id))


def test_every_treatment_of_the_demo_opens_a_use():
    for row in rows("treatments.csv"):
        assert opens_a_use(knowledge(), row["process"], row["takes"], row["gives"]), row
