"""A chain costs and emits more the farther it goes; a treatment opens only the uses that ask for it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.knowledge import knowledge
from marketplace.matching.core.beyond import chains
from marketplace.matching.core.beyond.chains import Place, Stage, Treatment

HERE = Place(31.37, 121.48)
ACID = Stage("spent-hcl-pickle", HERE, Decimal(50), Decimal(-100), is_hazardous=True, hw_code="HW34")
CHEMIST = Treatment(
    id="1",
    process="acid-regeneration",
    takes="spent-hcl-pickle",
    gives="",
    capacity_t=Decimal(40),
    yield_fraction=Decimal("0.8"),
    cny_per_t=Decimal(180),
    emission_kgco2e_per_t=Decimal(60),
    place=Place(31.40, 121.45),
    hw_codes=("HW34",),
)


def purified():
    base = knowledge()
    return next(
        a for a in base.of_material("spent-hcl-pickle") if a.pretreatment_en == "chemical purification" and a.grade > 1
    )


def east(kilometres):
    return Place(HERE.lat, HERE.lon + kilometres / 95.0)


@given(
    st.floats(0, 300),
    st.floats(0, 300),
    st.floats(1, 100),
    st.decimals("0.05", "1", places=2),
    st.decimals("0", "500", places=1),
)
def test_farther_is_never_cheaper_nor_cleaner(first, second, further, share, emission):
    treatment = replace(
        CHEMIST, place=east(first), yield_fraction=share, emission_kgco2e_per_t=emission, cny_per_t=Decimal(10)
    )
    near = chains.chain(ACID, treatment, purified(), east(first + second))
    far = chains.chain(ACID, treatment, purified(), east(first + second + further))
    farther_plant = chains.chain(ACID, replace(treatment, place=east(-first - further)), purified(), east(0))
    nearer_plant = chains.chain(ACID, replace(treatment, place=east(-first)), purified(), east(0))

    assert far.cny_per_t >= near.cny_per_t
    assert far.net_avoided_kgco2e_per_t <= near.net_avoided_kgco2e_per_t
    assert farther_plant.cny_per_t >= nearer_plant.cny_per_t
    assert farther_plant.net_avoided_kgco2e_per_t <= nearer_plant.net_avoided_kgco2e_per_t


@given(st.decimals("0.05", "0.9", places=2))
def test_what_is_lost_on_the_way_avoids_nothing(share):
    less = chains.chain(ACID, replace(CHEMIST, yield_fraction=share), purified(), CHEMIST.place)
    more = chains.chain(ACID, replace(CHEMIST, yield_fraction=share + Decimal("0.1")), purified(), CHEMIST.place)

    assert less.net_avoided_kgco2e_per_t <= more.net_avoided_kgco2e_per_t
    assert less.given_t < more.given_t


def test_a_chain_adds_up():
    made = chains.chain(ACID, CHEMIST, purified(), CHEMIST.place)

    assert made.taken_t == 40
    assert made.given_t == 32
    assert made.to_user_km == 0
    assert made.cny_per_t == Decimal(-100) + Decimal(180) + made.transport_cny_per_t


def test_a_preparation_must_be_the_one_that_the_use_asks_for():
    base, use = knowledge(), purified().use

    assert chains.application_after(base, CHEMIST, "spent-hcl-pickle", use) == purified()
    assert chains.application_after(base, replace(CHEMIST, process="drying"), "spent-hcl-pickle", use) is None


def test_a_new_material_opens_its_own_uses():
    base = knowledge()
    use = base.of_material("iron-oxide-red")[0].use
    roaster = replace(CHEMIST, gives="iron-oxide-red")

    assert chains.application_after(base, roaster, "spent-hcl-pickle", use).material == "iron-oxide-red"
    assert not chains.is_hazardous_after(base, roaster, ACID)
    assert chains.is_hazardous_after(base, CHEMIST, ACID)


@pytest.mark.parametrize(("codes", "may"), [(("HW34",), True), (("HW17",), False), ((), False)])
def test_hazardous_waste_is_treated_only_with_a_licence_for_it(codes, may):
    assert chains.takes(knowledge(), replace(CHEMIST, hw_codes=codes), ACID) is may


def test_a_family_stands_for_all_its_materials():
    base = knowledge()
    family = base.taxonomy.materials["gbfs"].family
    dryer = replace(CHEMIST, takes=family, process="grinding")

    assert chains.takes(base, dryer, Stage("gbfs", HERE, Decimal(1)))
    assert not chains.takes(base, dryer, Stage("occ", HERE, Decimal(1)))


def test_every_process_is_asked_for_and_no_phrase_belongs_to_two():
    phrases = [p for process in chains.processes().values() for p in process.pretreatments]
    known = {a.pretreatment_en for a in knowledge().applications}

    assert len(phrases) == len(set(phrases))
    assert all(any(p in known for p in process.pretreatments) for process in chains.processes().values())


def test_a_yield_above_one_is_refused():
    with pytest.raises(ValueError, match="yield"):
        chains.chain(ACID, replace(CHEMIST, yield_fraction=Decimal("1.1")), purified(), HERE)
