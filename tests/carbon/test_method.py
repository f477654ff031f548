"""What always holds for method avoided/1.0."""

import copy
import json
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.carbon.break_even import break_even_km
from marketplace.carbon.errors import InputError
from marketplace.carbon.intervals import interval
from marketplace.carbon.method import COMPONENTS, assess
from marketplace.carbon.parsing import parse_input
from marketplace.carbon.totals import Entry, combine, total
from marketplace.carbon.uncertainty import is_skewed, monte_carlo, seed_of
from marketplace.ledger.canonical import canonical_bytes

FACTORS = {
    "stockpile": {"value": "4.2", "unit": "kgCO2e/t", "gsd": "1.5"},
    "clinker": {"value": "866", "unit": "kgCO2e/t", "gsd": "1.05"},
    "grinding": {"value": "38.5", "unit": "kgCO2e/t", "gsd": "1.2"},
    "truck": {"value": "0.0745", "unit": "kgCO2e/tkm", "gsd": "1.2"},
    "barge": {"value": "0.0212", "unit": "kgCO2e/tkm", "gsd": "1.35"},
    "burning": {"value": "1650", "unit": "kgCO2/t", "gsd": "1.1"},
}


def a_delivery(wet_t="25", reject_t="0", moisture="0", weighed_on="2026-03-01", km="8.2", mode="truck"):
    return {
        "wet_t": wet_t,
        "reject_t": reject_t,
        "moisture": moisture,
        "weighed_on": weighed_on,
        "legs": [{"km": km, "factor": mode}],
    }


def an_input(*deliveries, **fields):
    return {
        "basis": {"disposal": "wet", "displaced": "dry", "reprocessing": "wet"},
        "deliveries": list(deliveries) or [a_delivery()],
        "disposal": {"factor": "stockpile"},
        "displaced": {"factor": "clinker", "substitution": "0.95", "quality": "0.9", "substitution_gsd": "1.1"},
        "reprocessing": {"factor": "grinding"},
        "rejects": {"factor": "stockpile"},
        "default_mode": "truck",
        "mass_gsd": "1.02",
        "km_gsd": "1.1",
        **fields,
    }


tonnes = st.decimals("0.001", "40", places=3)
fractions = st.decimals("0", "1", places=2)
kilometres = st.decimals("0", "2000", places=1)


@st.composite
def deliveries(draw):
    wet_t = draw(tonnes)
    reject_t = draw(st.decimals(0, wet_t, places=3))
    day = draw(st.integers(1, 31))
    return a_delivery(
        str(wet_t),
        str(reject_t),
        str(draw(fractions)),
        f"2026-03-{day:02}",
        str(draw(kilometres)),
        draw(st.sampled_from(["truck", "barge"])),
    )


inputs = st.lists(deliveries(), min_size=1, max_size=4).map(lambda rows: an_input(*rows))


@given(raw=inputs, times=st.integers(2, 50))
def test_every_component_is_linear_in_mass(raw, times):
    heavier = copy.deepcopy(raw)
    for delivery in heavier["deliveries"]:
        for mass in ("wet_t", "reject_t"):
            delivery[mass] = str(Decimal(delivery[mass]) * times)

    once, many = assess(raw, FACTORS), assess(heavier, FACTORS)

    with localcontext(prec=100):
        assert many.exact_components == {name: times * kg for name, kg in once.exact_components.items()}
    assert many.break_even_km == once.break_even_km


@given(raw=inputs, cut=st.integers(0, 1000), middle=st.integers(0, 1000))
def test_shares_add_up_to_net_to_the_last_digit(raw, cut, middle):
    first, second = sorted((cut, middle))
    raw["attribution"] = {
        "supplier": str(Decimal(first) / 1000),
        "processor": str(Decimal(second - first) / 1000),
        "user": str(Decimal(1000 - second) / 1000),
    }

    assessment = assess(raw, FACTORS)

    assert sum(assessment.shares.values()) == assessment.net_kgco2e
    assert list(assessment.shares) == ["supplier", "processor", "user"]


@given(first=inputs, second=inputs)
def test_a_reversal_cancels_its_entry_and_its_variance(first, second):
    wrong, right = assess(first, FACTORS), assess(second, FACTORS)

    corrected = total([Entry("E1", wrong), Entry("E2", wrong, reversal_of="E1"), Entry("E3", right)])

    assert corrected == total([Entry("E3", right)])
    assert (corrected.low_kgco2e, corrected.high_kgco2e) == (right.low_kgco2e, right.high_kgco2e)


@given(raw=inputs, farther_km=kilometres)
def test_hauling_farther_never_raises_net(raw, farther_km):
    farther = copy.deepcopy(raw)
    leg = farther["deliveries"][0]["legs"][0]
    leg["km"] = str(Decimal(leg["km"]) + farther_km)

    assert assess(farther, FACTORS).exact_net <= assess(raw, FACTORS).exact_net


@given(raw=inputs)
def test_the_interval_contains_net(raw):
    assessment = assess(raw, FACTORS)

    assert assessment.low_kgco2e <= assessment.net_kgco2e <= assessment.high_kgco2e


@given(raw=inputs)
def test_the_order_of_deliveries_does_not_matter(raw):
    usual, turned = assess(raw, FACTORS), assess({**raw, "deliveries": raw["deliveries"][::-1]}, FACTORS)

    assert turned.to_dict() == usual.to_dict()
    assert turned.sensitivities == usual.sensitivities
    assert turned.specific_variance == usual.specific_variance


@given(first=inputs, second=inputs)
def test_stored_sensitivities_give_the_interval_of_the_total(first, second):
    entries = [assess(first, FACTORS), assess(second, FACTORS)]
    sums = {
        name: (sum(entry.sensitivities.get(name, Decimal(0)) for entry in entries), Decimal(factor["gsd"]))
        for name, factor in FACTORS.items()
    }

    net = sum(entry.exact_net for entry in entries)
    low, high = combine(net, sums, sum(entry.specific_variance for entry in entries))

    expected = total([Entry("E1", entries[0]), Entry("E2", entries[1])])
    assert abs(low - expected.low_kgco2e) <= Decimal("0.001")
    assert abs(high - expected.high_kgco2e) <= Decimal("0.001")


def test_the_callers_decimal_context_changes_nothing():
    usual = assess(an_input(), FACTORS)

    with localcontext(prec=3):
        narrow = assess(an_input(), FACTORS)
        assert narrow == usual
        assert narrow.sensitivities == usual.sensitivities
        assert narrow.specific_variance == usual.specific_variance


def test_all_seven_components_are_there_and_no_zero_is_negative():
    written = assess(an_input(a_delivery(km="0")), FACTORS).to_dict()

    assert tuple(written["components"]) == COMPONENTS
    assert written["components"]["transport"] == "0.000"
    assert written["components"]["rejects"] == "0.000"
    assert "biogenic_kgco2" not in written


def test_biogenic_carbon_never_moves_net():
    plain = assess(an_input(), FACTORS)

    declared = assess(an_input(biogenic={"factor": "burning", "basis": "dry"}), FACTORS)

    assert declared.net_kgco2e == plain.net_kgco2e
    assert declared.biogenic_kgco2 == Decimal("41250.000")


def test_a_factor_used_in_two_places_is_one_input():
    assessment = assess(an_input(a_delivery(reject_t="5")), FACTORS)

    components = assessment.components
    assert assessment.sensitivities["stockpile"] == components["disposal"] + components["rejects"]


DELIVERY_ERRORS = [
    ("wet_t", 25.0),
    ("wet_t", True),
    ("wet_t", None),
    ("wet_t", "Infinity"),
    ("wet_t", "sNaN"),
    ("wet_t", "1e999999999"),
    ("wet_t", "1e17"),
    ("wet_t", "0." + "0" * 40 + "1"),
    ("wet_t", "9" * 5000),
    ("wet_t", " 5"),
    ("wet_t", "1_000"),
    ("wet_t", "２５"),
    ("wet_t", "-1"),
    ("reject_t", "25.001"),
    ("reject_t", "-0.1"),
    ("moisture", "1.01"),
    ("moisture", "-0.01"),
    ("weighed_on", "2026-02-30"),
    ("weighed_on", "20260301"),
    ("legs", None),
]


@pytest.mark.parametrize(("field", "value"), DELIVERY_ERRORS, ids=[f"{f}={str(v)[:12]}" for f, v in DELIVERY_ERRORS])
def test_a_wrong_field_of_a_delivery_names_its_path(field, value):
    raw = an_input(a_delivery(), {**a_delivery(), field: value})

    with pytest.raises(InputError) as refused:
        parse_input(raw, FACTORS)

    assert refused.value.path == f"deliveries.1.{field}"


INPUT_ERRORS = [
    ("deliveries", {"deliveries": []}),
    ("deliveries", {"deliveries": None}),
    ("deliveries.0", {"deliveries": ["25"]}),
    ("disposal.factor", {"disposal": {"factor": "unknown"}}),
    ("disposal.factor", {"disposal": None}),
    ("disposal.factor", {"disposal": {"factor": "truck"}}),
    ("displaced.factor", {"displaced": {"factor": ["clinker"]}}),
    ("displaced.substitution", {"displaced": {"factor": "clinker", "substitution": "-0.1"}}),
    ("displaced.quality", {"displaced": {"factor": "clinker", "substitution": "1", "quality": "0"}}),
    ("displaced.quality", {"displaced": {"factor": "clinker", "substitution": "1", "quality": "1.1"}}),
    ("displaced.substitution_gsd", {"displaced": {"factor": "clinker", "substitution": "1", "substitution_gsd": "0"}}),
    ("reprocessing.factor", {"reprocessing": {}}),
    ("rejects.factor", {"rejects": {"factor": "unknown"}}),
    ("attribution", {"attribution": {}}),
    ("attribution", {"attribution": {"supplier": "1.5", "user": "-0.5"}}),
    ("attribution", {"attribution": {"supplier": "0.3333", "user": "0.6666"}}),
    ("mass_gsd", {"mass_gsd": "0.99"}),
    ("km_gsd", {"km_gsd": "0"}),
    ("basis.displaced", {"basis": {"disposal": "wet", "displaced": "damp", "reprocessing": "wet"}}),
    ("default_mode", {"default_mode": "teleport"}),
    ("disposal_transport.km", {"disposal_transport": {"factor": "truck", "km": "-1"}}),
    ("period.to", {"period": {"from": "2026-03-01", "to": "2026-03-01"}}),
]


@pytest.mark.parametrize(("path", "fields"), INPUT_ERRORS, ids=[path for path, _fields in INPUT_ERRORS])
def test_a_wrong_field_names_its_path(path, fields):
    with pytest.raises(InputError) as refused:
        assess(an_input(**fields), FACTORS)

    assert refused.value.path == path


@pytest.mark.parametrize(("field", "value"), [("gsd", "0.99"), ("gsd", None), ("value", "NaN"), ("unit", 7)])
def test_a_wrong_factor_names_its_path(field, value):
    factors = {**FACTORS, "clinker": {**FACTORS["clinker"], field: value}}

    with pytest.raises(InputError) as refused:
        assess(an_input(), factors)

    assert refused.value.path == f"factors.clinker.{field}"


def test_deliveries_are_checked_first_and_in_order():
    raw = an_input(a_delivery(moisture="2"), a_delivery(wet_t="0"), disposal={"factor": "unknown"}, mass_gsd="0")

    with pytest.raises(InputError) as refused:
        assess(raw, FACTORS)

    assert refused.value.path == "deliveries.0.moisture"


def test_a_delivery_outside_the_period_is_checked_too():
    raw = an_input(a_delivery(), a_delivery(wet_t="0"), period={"from": "2027-01-01", "to": "2027-02-01"})

    with pytest.raises(InputError) as refused:
        assess(raw, FACTORS)

    assert refused.value.path == "deliveries.1.wet_t"


@pytest.mark.parametrize(
    ("reversal", "path"),
    [("E9", "entries.1.reversal"), ("E2", "entries.1.reversal")],
)
def test_a_reversal_names_an_earlier_entry(reversal, path):
    assessment = assess(an_input(), FACTORS)

    with pytest.raises(InputError) as refused:
        total([Entry("E1", assessment), Entry("E2", assessment, reversal_of=reversal)])

    assert refused.value.path == path


def test_an_entry_is_reversed_once():
    assessment = assess(an_input(), FACTORS)
    entries = [Entry("E1", assessment), *(Entry(name, assessment, reversal_of="E1") for name in ("E2", "E3"))]

    with pytest.raises(InputError) as refused:
        total(entries)

    assert refused.value.path == "entries.2.reversal"


def test_a_reversal_repeats_what_it_cancels():
    entries = [
        Entry("E1", assess(an_input(), FACTORS)),
        Entry("E2", assess(an_input(a_delivery(wet_t="24")), FACTORS), reversal_of="E1"),
    ]

    with pytest.raises(InputError) as refused:
        total(entries)

    assert refused.value.path == "entries.1.input"


def test_equal_ids_of_different_versions_are_different_factors():
    old, new = ({**FACTORS, "clinker": {**FACTORS["clinker"], "version": version}} for version in ("1", "2"))
    same = total([Entry("E1", assess(an_input(), old)), Entry("E2", assess(an_input(), old))])

    mixed = total([Entry("E1", assess(an_input(), old)), Entry("E2", assess(an_input(), new))])

    assert mixed.net_kgco2e == same.net_kgco2e
    assert mixed.high_kgco2e < same.high_kgco2e


def test_the_monte_carlo_is_repeatable_and_near_the_linear_interval():
    raw = an_input()
    assessment = assess(raw, FACTORS)

    low, median, high = monte_carlo(raw, FACTORS)

    assert (low, median, high) == monte_carlo(raw, FACTORS)
    assert low < median < high
    assert not is_skewed((assessment.low_kgco2e, assessment.high_kgco2e), (low, high))


def test_one_wide_factor_makes_the_picture_skewed():
    factors = {**FACTORS, "clinker": {**FACTORS["clinker"], "gsd": "1.8"}}
    assessment = assess(an_input(), factors)

    low, _median, high = monte_carlo(an_input(), factors)

    assert is_skewed((assessment.low_kgco2e, assessment.high_kgco2e), (low, high))


@settings(max_examples=20, deadline=None)
@given(raw=inputs)
def test_without_uncertainty_every_draw_is_net(raw):
    certain = {name: {**factor, "gsd": "1"} for name, factor in FACTORS.items()}
    raw |= {"mass_gsd": "1", "km_gsd": "1"}
    raw["displaced"] = {**raw["displaced"], "substitution_gsd": "1"}
    net = assess(raw, certain).net_kgco2e

    assert all(abs(sample - net) <= Decimal("0.001") for sample in monte_carlo(raw, certain, draws=10))


def test_the_seed_is_that_of_the_canonical_bytes():
    raw = an_input()
    _parsed, table = parse_input(raw, FACTORS)
    plain = {name: {"gsd": str(f.gsd), "unit": f.unit, "value": str(f.value)} for name, f in table.items()}
    document = {"factors": plain, "input": raw}

    written = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    assert written == canonical_bytes(document)
    assert seed_of(raw, table) == seed_of(dict(reversed(raw.items())), table)


@given(benefit=st.decimals("0.1", "1000", places=3), near=st.decimals("0.01", "0.1", places=3))
def test_a_cleaner_mode_reaches_farther(benefit, near):
    assert break_even_km(benefit, near) >= break_even_km(benefit, near * 2)


def test_without_a_benefit_there_is_no_break_even_distance():
    assert break_even_km(Decimal(0), Decimal("0.1")) is None
    with pytest.raises(ValueError, match="must be positive"):
        break_even_km(Decimal(1), Decimal(0))


def test_without_variance_the_interval_is_net():
    assert interval(Decimal("1.0005"), Decimal(0)) == (Decimal("1.000"), Decimal("1.000"))
