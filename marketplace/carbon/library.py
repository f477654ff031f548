"""The library of emission factors, ``data/factors.csv`` (METHOD §7)."""

from __future__ import annotations

import csv
import re
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


class SourceLicence(StrEnum):
    """On what terms the value may be passed on; the empty one is honest where nobody has found out."""

    OGL_UK = "OGL-UK-3.0"  # Open Government Licence v3.0
    OFFICIAL = "official-document"  # of a state organ: outside copyright by Art. 5 of China's Copyright Law
    CITED = "cited"  # a single figure quoted from a protected publication, which stays with its publisher
    OWN = "own"  # calculated or estimated by us: free to use
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class LibraryFactor:
    """A row of the library; ``gsd`` is a geometric standard deviation ≥ 1, ``region`` a code such as CN or GLO.

    ``place`` is the table, sheet or page of the source, ``reviewer`` who compared the row with it and when; both are
    empty where that is not known or not done. Rows of one ``thing`` are figures of the same thing within the same
    system boundary for different regions or years; a row without is the only one of its kind.
    """

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
    licence: SourceLicence = SourceLicence.UNKNOWN
    place: str = ""
    reviewer: str = ""
    thing: str = ""

    @property
    def stands_for(self) -> str:
        """What it is a figure of: rows with the same answer may take each other's place (METHOD §7)."""
        return self.thing or self.id

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
        BrokenTable: an id is missing or used twice, a value is not finite, a gsd below 1, a unit, confidence or
            licence unknown, a reviewer without the day of the review, or two rows of one thing differ in unit or kind.
    """
    factors: dict[str, LibraryFactor] = {}
    for row in rows:
        factor = _library_factor(row)
        if factor.id in factors:
            raise BrokenTable(f"factor {factor.id} is listed twice")
        factors[factor.id] = factor
    _check_things(factors.values())
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
            # Tables made before these columns, such as those handed to `flask carbon impact`, stay readable.
            licence=SourceLicence(row.get("licence") or ""),
            place=row.get("place") or "",
            reviewer=_reviewer(row.get("reviewer") or ""),
            thing=row.get("thing") or "",
        )
    except InputError as wrong:
        raise BrokenTable(str(wrong)) from wrong
    except ValueError as wrong:
        raise BrokenTable(f"factor {name}: {wrong}") from wrong


def provenance_faults(factors: Iterable[LibraryFactor]) -> list[str]:
    """What the origin of rows lacks or claims too much; sentences for people, none when all is well.

    A table that anybody can open needs the place in it; of a figure quoted from a book it may be unknown and then stays
    empty. What we calculated ourselves is never called ``high``, except zero by definition.
    """
    found = []
    for factor in factors:
        published = factor.licence in (SourceLicence.OGL_UK, SourceLicence.OFFICIAL)
        if not factor.licence:
            found.append(f"{factor.id}: no licence is stated")
        if published and not factor.place:
            found.append(f"{factor.id}: the place in {factor.source} is missing")
        if factor.licence is SourceLicence.OWN and factor.confidence is Confidence.HIGH and factor.value:
            found.append(f"{factor.id}: our own calculation cannot be called high")
        if (published or factor.licence is SourceLicence.CITED) and not factor.source:
            found.append(f"{factor.id}: the source is missing")
    return found


# A name and the day, such as "Li Wei 2026-11-25".
_REVIEWER = re.compile(r"\S.* [0-9]{4}-[0-9]{2}-[0-9]{2}")


def _reviewer(text: str) -> str:
    if text and not _REVIEWER.fullmatch(text):
        raise ValueError(f"the reviewer {text!r} is not a name and a day such as 'Li Wei 2026-11-25'")
    return text


def _check_things(factors: Iterable[LibraryFactor]) -> None:
    boundary: dict[str, tuple[str, str]] = {}
    for factor in factors:
        if boundary.setdefault(factor.stands_for, (factor.kind, factor.unit)) != (factor.kind, factor.unit):
            raise BrokenTable(f"factor {factor.id}: others of {factor.stands_for} have another kind or unit")
