"""A small offer finds company, a raw one a plant that makes it ready; each ends in an ordinary request."""

import re

import pytest

pytestmark = pytest.mark.journey


def post(person, email, kind, title, quantity, price, material):
    trader = person("en").sign_in(email).open(f"/listings/new?kind={kind}&title={title}")
    trader.type(kind=kind, material=material, title=title, quantity=quantity, price_cny_per_t=price).press("Publish")
    return trader, trader.page.url.removeprefix(trader.site)


def test_two_small_offers_fill_a_want_together(person):
    for title, quantity in (("Fly ash from boiler three", "60"), ("Fly ash from boiler four", "40")):
        post(person, "trader@ironworks.example", "offer", title, quantity, "20", "coal-fly-ash")
    buyer, want = post(
        person, "trader@grinding.example", "want", "Fly ash for blended cement", "100", "60", "coal-fly-ash"
    )

    buyer.open(f"{want}/matches").press("Several offers together")
    assert "Fly ash from boiler three" in buyer.text
    assert "Fly ash from boiler four" in buyer.text
    looks_well(person, f"{want}/together", "几家拼量")
    buyer.page.get_by_role("link", name=re.compile("Request.*boiler four")).first.click()
    assert float(buyer.page.input_value("[name=quantity_t]")) == 40


def test_raw_slag_reaches_the_cement_maker_through_a_grinding_plant(person):
    plant = person("en").sign_in("trader@third.example").open("/treatments/new")
    plant.type(
        treatment="grinding",
        takes="gbfs",
        capacity_t="500",
        yield_percent="95",
        emission_kgco2e_per_t="38",
        price_cny_per_t="45",
    )
    plant.press("Offer it")
    assert plant.page.url.removesuffix("/new") == plant.page.url
    _, want = post(
        person, "trader@grinding.example", "want", "Mineral admixture for blended cement", "200", "60", "gbfs"
    )
    supplier, offer = post(
        person,
        "trader@ironworks.example",
        "offer",
        "Granulated slag from furnace two",
        "900",
        "20",
        "gbfs",
    )

    supplier.open(f"{offer}/matches").press("With a treatment in between")
    assert "Mineral admixture for blended cement" in supplier.text
    looks_well(person, f"{offer}/chains", "处理")
    looks_well(person, f"{want}/chains?by=cleanest", "处理")


def looks_well(person, path, word):
    for language in ("en", "zh"):
        reader = person(language).open(path)
        assert language == "en" or word in reader.text
        for width in (1280, 390):
            reader.page.set_viewport_size({"width": width, "height": 900})
            assert (path, width, reader.overflow(), reader.violations()) == (path, width, 0, [])
