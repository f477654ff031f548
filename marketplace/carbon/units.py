"""Units in which people write emission factors, and their way to the units of the library. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from marketplace.carbon.decimals import exact

# How many of the library's unit one of these is.
_TIMES: Mapping[str, Mapping[str, Decimal]] = MappingProxyType(
    {
        "kgCO2e/t": {
            "kgco2e/t": Decimal(1),
            "gco2e/kg": Decimal(1),
            "tco2e/t": Decimal(1000),
            "kgco2e/kg": Decimal(1000),
            "gco2e/t": Decimal("0.001"),
        },
        "kgCO2e/tkm": {"kgco2e/tkm": Decimal(1), "gco2e/tkm": Decimal("0.001"), "kgco2e/100tkm": Decimal("0.01")},
    }
)
_WORDS = (
    ("吨公里", "tkm"),
    ("吨·公里", "tkm"),
    ("千克", "kg"),
    ("公斤", "kg"),
    ("克", "g"),
    ("吨", "t"),
    ("每", "/"),
    ("当量", "e"),
    ("co2eq", "co2e"),
    ("co2-e", "co2e"),
    ("t·km", "tkm"),
    ("t-km", "tkm"),
    ("t*km", "tkm"),
)


class NoConversion(ValueError):
    """A unit that cannot be turned into the wanted one, such as one per kilowatt hour into one per tonne."""

    def __init__(self, unit: str, wanted: str) -> None:
        super().__init__(f"no conversion from {unit!r} to {wanted}")
        self.unit, self.wanted = unit, wanted


def converted(value: Decimal, unit: str, wanted: str) -> Decimal:
    """A factor's value in a unit of the library.

    Args:
        value: in ``unit``.
        unit: as a person writes it: ``kg CO₂e/t``, ``gCO2e/kg``, ``千克CO2e/吨``.
        wanted: ``kgCO2e/t`` or ``kgCO2e/tkm``.

    Raises:
        NoConversion: the unit is unknown or measures something else; CO2 alone is not CO2e.
    """
    times = _TIMES.get(wanted, {}).get(_plain(unit))
    if times is None:
        raise NoConversion(unit, wanted)
    with exact():
        return value * times


def _plain(unit: str) -> str:
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", unit)).casefold()
    for word, plain in _WORDS:
        text = text.replace(word, plain)
    return text
