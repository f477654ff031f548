"""Amounts that a text states, in both languages."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.materials.figures import figures_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fe ≥ 60 %", [("comp-fe", "60", None, "%")]),
        ("TFe 55%以上, 含锌量小于0.3%", [("comp-fe", "55", None, "%"), ("comp-zn", None, "0.3", "%")]),
        ("含水率 30%", [("comp-moisture", "30", "30", "%")]),
        ("含水率３０％", [("comp-moisture", "30", "30", "%")]),
        ("PET flakes, 99.5% purity", [("comp-purity", "99.5", "99.5", "%")]),
        ("SiO2 28-32%, CaO 38 to 42 %", [("comp-sio2", "28", "32", "%"), ("comp-cao", "38", "42", "%")]),
        ("低位热值不低于3500大卡", [("comp-cv", "3500", None, "kcal/kg")]),
        ("chloride content below 50 mg/kg", [("comp-cl", None, "50", "mg/kg")]),
        ("pH 2.5", [("comp-ph", "2.5", "2.5", "")]),
        ("moisture 10 %, 400 t a month", [("comp-moisture", "10", "10", "%")]),
        ("Al2O3 70以上", [("comp-al2o3", "70", None, "%")]),
        ("Fe 120克每升", [("comp-fe", "120", "120", "g/L")]),
        ("moisture 2026", []),
        ("moisture 140 %", []),
        ("granulated slag, 400 t a month", []),
    ],
)
def test_a_figure_belongs_to_the_component_beside_it(text, expected):
    found = [(f.component, f.low, f.high, f.unit) for f in figures_of(text)]
    as_number = [(c, low and Decimal(low), high and Decimal(high), unit) for c, low, high, unit in expected]
    assert found == as_number


@given(low=st.decimals("0", "100", places=2), high=st.decimals("0", "100", places=2))
def test_bounds_stand_in_order_whatever_was_typed(low, high):
    (figure,) = figures_of(f"moisture {low}-{high} %")
    assert (figure.low, figure.high) == (min(low, high), max(low, high))


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text):
    assert all(f.low is not None or f.high is not None for f in figures_of(text))
