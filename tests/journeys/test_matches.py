"""All matches of a listing: sort, filter, compare, ask what is missing, put aside, take back, request."""

import re

import pytest

pytestmark = pytest.mark.journey


def post(person, email, kind, title, quantity, price, material="coal-fly-ash"):
    trader = person("en").sign_in(email).open(f"/listings/new?kind={kind}&title={title}")
    trader.type(kind=kind, material=material, title=title, quantity=quantity, price_cny_per_t=price).press("Publish")
    return trader


def test_a_supplier_finds_its_way_among_many_matches(person):
    for email, title, quantity, price in (
        ("trader@grinding.example", "Fly ash for cement mill, north", "300", "60"),
        ("trader@third.example", "Fly ash for concrete, south", "40", "90"),
        ("trader@third.example", "Fly ash for bricks, south", "20", "15"),
    ):
        post(person, email, "want", title, quantity, price)
    supplier = post(person, "trader@ironworks.example", "offer", "Fly ash from our power house", "100", "20")
    own = supplier.page.url
    supplier.press("All matches: sort, filter, compare")
    assert "3 matches" in supplier.text

    supplier.type(sort="price").press("Apply filters")
    assert supplier.page.locator("main h3").all_inner_texts()[0] == "Fly ash for concrete, south"
    supplier.type(price_from="50").press("Apply filters")
    assert "2 matches of 3" in supplier.text
    supplier.type(why="Fly ash for bricks, south").press("Tell me why")
    assert "your filters hide it: lowest price" in supplier.text
    assert supplier.violations() == []
    supplier.page.get_by_role("link", name="Remove from 50 ¥/t").click()
    assert "3 matches" in supplier.text
    assert "sort=price" in supplier.page.url

    supplier.press("Table")
    for box in supplier.page.get_by_role("checkbox", name=re.compile("^Compare")).all():
        box.check()
    assert supplier.violations() == []
    supplier.press("Compare those ticked")
    assert "Side by side" in supplier.text
    assert supplier.violations() == []
    supplier.page.get_by_role("link", name=re.compile("Leave out.*bricks")).click()
    assert "Fly ash for bricks" not in supplier.text
    supplier.press("Back to the matches")
    assert "view=table" in supplier.page.url

    supplier.page.get_by_role("link", name=re.compile("Not for us.*bricks")).click()
    supplier.type(reason="price").press("Put aside")
    assert "2 matches" in supplier.text
    supplier.type(why="Fly ash for bricks, south").press("Tell me why")
    assert "You put it aside: the price." in supplier.text
    supplier.page.locator("#answer").get_by_role("button", name="Suggest again").click()
    assert "3 matches" in supplier.text
    assert "view=table" in supplier.page.url

    supplier.type(within="-5").press("Apply filters")
    assert "Between 0.1 and 5000." in supplier.text
    supplier.complaints.clear()  # Chromium reports the 400 itself
    supplier.open(own.removeprefix(supplier.site) + "/matches").press("Request this match")
    assert "quantity" in supplier.text.lower()

    everywhere_it_fits(person, own.removeprefix(supplier.site))


def everywhere_it_fits(person, listing):
    for language, word in (("en", "Matches"), ("zh", "匹配")):
        reader = person(language).open(f"{listing}/matches")
        numbers = [box.get_attribute("value") for box in reader.page.locator("[name=with]").all()]
        assert len(numbers) == 3
        comparison = f"{listing}/matches/compare?" + "&".join(f"with={n}" for n in numbers)
        for path in (f"{listing}/matches?why=999999", f"{listing}/matches?view=table&within=90", comparison):
            reader.open(path)
            assert word in reader.page.title() + reader.text
            for width in (1280, 390):
                reader.page.set_viewport_size({"width": width, "height": 900})
                assert (path, width, reader.overflow(), reader.violations()) == (path, width, 0, [])
