"""The stand-alone verifier recomputes figures as the method says and as the project does, to the last digit."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.carbon.errors import InputError
from marketplace.carbon.method import assess
from marketplace.ledger import verify_certificate as tool
from marketplace.ledger.entries import result_of
from marketplace.ledger.methods import METHODS
from tests.conftest import SHARED

CASES_FILE = SHARED / "carbon/cases.json"
CASES = json.loads(CASES_FILE.read_text(encoding="utf-8"))["cases"] if CASES_FILE.exists() else []


@pytest.mark.skipif(not CASES, reason="the shared folder with the method's cases is absent")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_cases_of_the_method_come_out_to_the_last_digit(case):
    if "entries" in case:
        assert total_of(case) == case["expect"]
        return
    try:
        result = tool.recompute(case["input"], case["factors"]).result()
    except tool.WrongInput as wrong:
        result = {"error": wrong.path}
    assert {name: result.get(name) for name in case["expect"]} == case["expect"]


@pytest.mark.skipif(not CASES, reason="the shared folder with the method's cases is absent")
@pytest.mark.parametrize("method", METHODS)
def test_both_give_the_same_answer_to_all_cases_by_every_method(method):
    rows = [(row, case["factors"]) for case in CASES for row in case.get("entries", [case])]
    assert len(rows) > len(CASES)
    for row, factors in rows:
        assert answer(tool.METHODS[method], row["input"], factors) == answer(
            METHODS[method].careful, row["input"], factors
        )


def answer(method, inputs, factors):
    """The whole result as an entry keeps it; of a wrong input, the field."""
    try:
        found = method(inputs, factors)
    except (InputError, tool.WrongInput) as wrong:
        return wrong.path
    return found.result() if isinstance(found, tool.Figure) else found


def test_the_verifier_knows_every_method_that_entries_can_carry():
    assert tool.METHODS.keys() == METHODS.keys()


def total_of(case):
    total = tool.Total()
    figures = {}
    for row in case["entries"]:
        figure = tool.recompute(row["input"], case["factors"])
        figures[row["id"]] = figure
        sign = -1 if row.get("reversal") else 1
        shared = {(f, "1", figure.gsds[f]): sign * kg for f, kg in figure.sensitivities.items()}
        total.add(sign * figure.net, shared, sign * figure.total_specific)
    low, high = total.bounds()
    return {"net_kgco2e": tool.rounded(total.net), "low_kgco2e": tool.rounded(low), "high_kgco2e": tool.rounded(high)}


def decimals(low, high, places):
    return st.decimals(low, high, places=places).map(str)


FACTORS = {
    name: {"value": value, "unit": unit, "gsd": gsd, "version": "1"}
    for name, value, unit, gsd in (
        ("landfill", "21.3", "kgCO2e/t", "1.3"),
        ("clinker", "866.125", "kgCO2e/t", "1.05"),
        ("grinding", "42.7", "kgCO2e/t", "1.12"),
        ("truck", "0.0571", "kgCO2e/tkm", "1.15"),
        ("barge", "0.0213", "kgCO2e/tkm", "1.2"),
    )
}
DELIVERIES = st.fixed_dictionaries(
    {
        "wet_t": decimals("0.001", "900", 3),
        "reject_t": decimals("0", "20", 3),
        "moisture": decimals("0", "1.05", 3),
        "weighed_on": st.dates().map(str),
        "legs": st.lists(
            st.fixed_dictionaries({"km": decimals("-1", "800", 1), "factor": st.sampled_from(["truck", "barge"])}),
            max_size=2,
        ),
    }
)
BASIS = st.sampled_from(["wet", "dry"])
INPUTS = st.fixed_dictionaries(
    {
        "deliveries": st.lists(DELIVERIES, max_size=3),
        "disposal": st.just({"factor": "landfill"}),
        "displaced": st.fixed_dictionaries(
            {"factor": st.just("clinker"), "substitution": decimals("0", "1.2", 2), "quality": decimals("0", "1", 2)}
        ),
        "reprocessing": st.just({"factor": "grinding"}),
        "basis": st.fixed_dictionaries({"disposal": BASIS, "displaced": BASIS, "reprocessing": BASIS}),
        "default_mode": st.sampled_from(["truck", None]),
        "mass_gsd": decimals("1", "1.1", 3),
    },
    optional={
        "rejects": st.just({"factor": "landfill"}),
        "km_gsd": decimals("1", "1.3", 3),
        "attribution": st.sampled_from([{"supplier": "0.3", "user": "0.7"}, {"supplier": "0.3", "user": "0.6"}]),
        "biogenic": st.just({"factor": "grinding", "basis": "dry"}),
        "displaced_transport": st.just({"km": "120.5", "factor": "barge"}),
        "period": st.just({"from": "1000-01-01", "to": "5000-01-01"}),
    },
)


@given(inputs=INPUTS)
def test_the_verifier_and_the_project_agree_on_any_input(inputs):
    """Two implementations, one method: the same figure, or both name the same wrong field."""
    assert theirs(inputs) == ours(inputs)


def ours(inputs):
    try:
        return result_of(assess(inputs, FACTORS))
    except InputError as wrong:
        return wrong.path


def theirs(inputs):
    try:
        return tool.recompute(inputs, FACTORS).result()
    except tool.WrongInput as wrong:
        return wrong.path


def test_a_float_is_no_figure():
    with pytest.raises(tool.Wrong):
        tool.recompute({"deliveries": [{"wet_t": 20.5}]}, FACTORS)


def test_a_result_turned_twice_is_itself():
    inputs = {
        "deliveries": [
            {"wet_t": "20", "reject_t": "1", "moisture": "0.1", "weighed_on": "2026-01-01",
             "legs": [{"km": "20", "factor": "truck"}]},
        ],
        "disposal": {"factor": "landfill"}, "displaced": {"factor": "clinker", "substitution": "0.9"},
        "reprocessing": {"factor": "grinding"}, "rejects": {"factor": "landfill"},
        "basis": {"disposal": "wet", "displaced": "dry", "reprocessing": "wet"}, "mass_gsd": "1.005",
    }  # fmt: skip
    result = tool.recompute(inputs, FACTORS).result()
    assert Decimal(tool.turned(result)["net_kgco2e"]) == -Decimal(result["net_kgco2e"]) != 0
    assert tool.turned(tool.turned(result)) == result
