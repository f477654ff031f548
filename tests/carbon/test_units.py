"""Units that people write for factors."""

from decimal import Decimal

import pytest

from marketplace.carbon.units import NoConversion, converted


@pytest.mark.parametrize(
    ("unit", "wanted", "expected"),
    [
        ("kgCO2e/t", "kgCO2e/t", "3.2"),
        ("kg CO₂e / t", "kgCO2e/t", "3.2"),
        ("KGCO2EQ/T", "kgCO2e/t", "3.2"),
        ("千克CO2e/吨", "kgCO2e/t", "3.2"),
        ("t CO2e/t", "kgCO2e/t", "3200"),
        ("kg CO2e/kg", "kgCO2e/t", "3200"),
        ("g CO2e/kg", "kgCO2e/t", "3.2"),
        ("gCO2e/t", "kgCO2e/t", "0.0032"),
        ("g CO2e/tkm", "kgCO2e/tkm", "0.0032"),
        ("kgCO2e/t·km", "kgCO2e/tkm", "3.2"),
        ("kgCO2e/100tkm", "kgCO2e/tkm", "0.032"),
        ("克CO2e/吨公里", "kgCO2e/tkm", "0.0032"),
    ],
)
def test_a_unit_is_converted_exactly(unit, wanted, expected):
    assert converted(Decimal("3.2"), unit, wanted) == Decimal(expected)


@pytest.mark.parametrize("unit", ["", "kg", "kgCO2/t", "kgCO2/kWh", "kgCO2e/tkm", "kgCO2e/m3", "lb/ton", "kgCO2e/t/a"])
def test_a_unit_without_conversion_is_refused(unit):
    with pytest.raises(NoConversion) as refused:
        converted(Decimal(1), unit, "kgCO2e/t")
    assert refused.value.wanted == "kgCO2e/t"
