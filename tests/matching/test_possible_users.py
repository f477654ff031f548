"""A listing finds enterprises that posted nothing, and tells their names only to those who may see them."""

from datetime import timedelta

import pytest

from marketplace.accounts.models import Enterprise, EnterpriseState, Industry, Licence
from marketplace.accounts.policy import VISITOR, Viewer, viewer_of
from marketplace.calendar import today
from marketplace.database import now, transaction
from marketplace.extensions import db
from marketplace.listings.models import Kind
from marketplace.matching import possible_users
from tests.factories import find_user, open_listing, trader

OFFICER = "district_officer@example.com"


def change(enterprise_id, **values):
    with transaction():
        enterprise = db.session.get_one(Enterprise, enterprise_id)
        for name, value in values.items():
            setattr(enterprise, name, value)


def license_to(enterprise_id, code, days=30, is_verified=True):
    with transaction():
        made = Licence(
            enterprise_id=enterprise_id,
            number="1",
            hw_code=code,
            yearly_quantity_t=10,
            valid_until=today() + timedelta(days=days),
            verified_at=now() if is_verified else None,
        )
        db.session.add(made)


def found(listing, who=VISITOR):
    return possible_users.candidates_for(listing, who, "en")


@pytest.fixture
def grinding(world):
    """A grinding plant among kitchens, which have no use for slag."""
    for other in (world.ironworks, world.third):
        change(other, industry=Industry.FOOD)
    change(world.grinding, industry=Industry.BUILDING_MATERIALS)
    return world.grinding


def acid():
    return open_listing(
        title="Spent pickle liquor", material="spent-hcl-pickle", low_code="110105", is_hazardous=True, hw_code="HW34"
    )


def test_a_grinding_plant_that_posted_nothing_is_found_for_slag(grinding):
    candidates = found(open_listing())

    assert [c.industry for c in candidates] == [Industry.BUILDING_MATERIALS]
    assert "Known use" in candidates[0].reasons[0]
    assert "away" in candidates[0].reasons[-1]


def test_its_name_is_told_to_an_officer_and_to_nobody_else(grinding):
    slag = open_listing()

    assert found(slag, viewer_of(find_user(OFFICER)))[0].name == "Grinding"
    for who in (VISITOR, viewer_of(trader("ironworks")), viewer_of(trader("third"))):
        assert found(slag, who)[0].name == ""


def test_who_may_not_see_the_enterprise_gets_the_distance_of_its_park(grinding):
    slag = open_listing()
    with transaction():
        db.session.get_one(Enterprise, grinding).sites[0].lat += 0.01

    named, hidden = found(slag, viewer_of(find_user(OFFICER)))[0], found(slag)[0]

    assert hidden.distance_km != pytest.approx(named.distance_km, abs=0.2)


def test_one_that_asks_for_it_already_is_a_match_and_not_a_possible_user(grinding):
    open_listing("grinding", kind=Kind.WANT, title="slag wanted")

    assert found(open_listing()) == []


def test_the_supplier_itself_and_enterprises_not_approved_are_left_out(world):
    change(world.ironworks, industry=Industry.BUILDING_MATERIALS)
    change(world.newcomer, industry=Industry.BUILDING_MATERIALS, state=EnterpriseState.PENDING)
    for other in (world.grinding, world.third):
        change(other, industry=Industry.FOOD)

    assert found(open_listing()) == []


def test_a_want_has_no_possible_users(grinding):
    assert found(open_listing("third", kind=Kind.WANT)) == []


@pytest.mark.parametrize(
    ("code", "days", "is_verified", "count"),
    [("HW34", 30, True, 1), ("HW17", 30, True, 0), ("HW34", -1, True, 0), ("HW34", 30, False, 0)],
)
def test_hazardous_waste_only_with_a_valid_and_verified_licence(world, code, days, is_verified, count):
    change(world.grinding, industry=Industry.CHEMICALS)
    license_to(world.grinding, code, days, is_verified)

    candidates = found(acid())

    assert len(candidates) == count
    assert possible_users.count_for_title("spent hydrochloric acid", VISITOR) == count
    assert all(any("HW34" in reason for reason in c.reasons) for c in candidates)


def test_a_title_is_counted_while_it_is_typed_without_the_typist(grinding):
    assert possible_users.count_for_title("granulated blast furnace slag", VISITOR) == 1
    assert possible_users.count_for_title("granulated blast furnace slag", Viewer(enterprise_id=grinding)) == 0
    assert possible_users.count_for_title("", VISITOR) == 0


def test_the_pages_show_them(client, grinding):
    slag = open_listing()

    page = client.get(f"/listings/{slag.id}").text
    typed = client.get("/materials-suggest?kind=offer&title=blast+furnace+slag").text

    assert "Who nearby could use this?" in page
    assert "Grinding" not in page
    assert "could use it by its trade" in typed
