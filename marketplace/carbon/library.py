"""The library of emission factors, ``data/factors.csv`` (METHOD §7)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType

from marketplace.carbon.errors import BrokenTable, InputError
from marketplace.carbon.fields import between_at, decimal_at

FACTORS_FILE = Path(__file__).parent / "data" / "factors.csv"

UNITS = frozenset({"kgCO2e/t", "kgCO2e/tkm", "kgCO2e/kg", "kgCO2/kWh", "kgCO2/GJ"})

# Ids of factors.csv, kgCO2e/tkm well to wheel.
TRANSPORT_FACTOR_BY_MODE: Mapping[str, str] = MappingProxyType(
    {
        "truck": "truck-cn-49t",
        "truck_ev": "truck-cn-49t-ev",
        "barge": "barge-yangtze",
        "rail": "rail-cn",
    }
)


class Confidence(StrEnum):
    """How well a value is founded; an ``estimate`` keeps its mark until a sourced value replaces it (METHOD §7)."""

    HIGH = "high"
    MEDIUM = "medium"
    ESTIMATE = "estimate"


@dataclass(frozen=True, slots=True)
class LibraryFactor:
    """A row of the library; ``gsd`` is a geometric standard deviation ≥ 1, ``region`` a code such as CN or GLO."""

    id: str
    name_en: str
    name_zh: str
    kind: str
    material_or_mode: str
    value: Decimal
    unit: str
    region: str
    year: int
    gsd: Decimal
    source: str
    source_detail: str
    confidence: Confidence
    notes: str

    def to_raw(self) -> dict[str, str]:
        """What ``assess`` takes for a factor."""
        return {"value": f"{self.value:f}", "unit": self.unit, "gsd": f"{self.gsd:f}"}


@cache
def library() -> Mapping[str, LibraryFactor]:
    """All factors by id, in the order of the file; read once."""
    with FACTORS_FILE.open(encoding="utf-8", newline="") as file:
        return read_factors(csv.DictReader(file))


def read_factors(rows: Iterable[Mapping[str, str]]) -> Mapping[str, LibraryFactor]:
    """Check rows of the library.

    Raises:
        BrokenTable: an id is missing or used twice, a value is not finite, a gsd below 1, a unit or confidence unknown.
    """
    factors: dict[str, LibraryFactor] = {}
    for row in rows:
        factor = _library_factor(row)
        if factor.id in factors:
            raise BrokenTable(f"factor {factor.id} is listed twice")
        factors[factor.id] = factor
    return MappingProxyType(factors)


def _library_factor(row: Mapping[str, str]) -> LibraryFactor:
    name = row["id"]
    if not name:
        raise BrokenTable("a factor has no id")
    if row["unit"] not in UNITS:
        raise BrokenTable(f"factor {name}: unknown unit {row['unit']!r}")
    try:
        return LibraryFactor(
            id=name,
            name_en=row["name_en"],
            name_zh=row["name_zh"],
            kind=row["kind"],
            material_or_mode=row["material_or_mode"],
            value=decimal_at(f"factors.{name}.value", row["value"]),
            unit=row["unit"],
            region=row["region"],
            year=int(row["year"]),
            gsd=between_at(f"factors.{name}.gsd", row["gsd"], Decimal(1)),
            source=row["source"],
            source_detail=row["source_detail"],
            confidence=Confidence(row["confidence"]),
            notes=row["notes"],
        )
    except InputError as wrong:
        raise BrokenTable(str(wrong)) from wrong
    except ValueError as wrong:
        raise BrokenTable(f"factor {name}: {wrong}") from wrong
