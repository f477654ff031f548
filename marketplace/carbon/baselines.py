"""What usually happens to a material without an exchange, ``data/baselines.csv`` (METHOD §1).

Used only where the supplier shows no evidence of the former treatment. The rows are judgements, chosen so that the
avoided disposal is rather too small than too large.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType

from marketplace.carbon.decimals import ONE, ZERO
from marketplace.carbon.errors import BrokenTable, UnknownMaterial
from marketplace.carbon.fields import between_at
from marketplace.carbon.library import library
from marketplace.carbon.parsing import PER_TONNE
from marketplace.carbon.values import Basis

BASELINES_FILE = Path(__file__).parent / "data" / "baselines.csv"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The usual treatment: a factor's id (``none`` for traded materials), its basis, usual moisture 0–1."""

    material: str
    disposal_factor: str
    basis: Basis
    moisture: Decimal
    source: str
    note_en: str
    note_zh: str


def baseline_for(material: str) -> Baseline:
    """The usual treatment of a material, by its slug.

    Raises:
        UnknownMaterial: the table has no such material.
    """
    try:
        return baselines()[material]
    except KeyError:
        raise UnknownMaterial(material) from None


@cache
def baselines() -> Mapping[str, Baseline]:
    """All baselines by material slug; read once."""
    with BASELINES_FILE.open(encoding="utf-8", newline="") as file:
        return read_baselines(csv.DictReader(file))


def read_baselines(rows: Iterable[Mapping[str, str]]) -> Mapping[str, Baseline]:
    """Check rows of the table.

    Raises:
        BrokenTable: a material twice, a factor that is not in the library per tonne, a wrong basis or moisture.
    """
    found: dict[str, Baseline] = {}
    for row in rows:
        baseline = _baseline(row)
        if baseline.material in found:
            raise BrokenTable(f"baseline of {baseline.material} is listed twice")
        found[baseline.material] = baseline
    return MappingProxyType(found)


def _baseline(row: Mapping[str, str]) -> Baseline:
    material = row["material"]
    factor = library().get(row["disposal_factor"])
    if factor is None or factor.unit not in PER_TONNE:
        raise BrokenTable(f"baseline of {material}: {row['disposal_factor']!r} is no factor per tonne")
    try:
        return Baseline(
            material=material,
            disposal_factor=factor.id,
            basis=Basis(row["basis"]),
            moisture=between_at("moisture", row["moisture"], ZERO, ONE),
            source=row["source"],
            note_en=row["note_en"],
            note_zh=row["note_zh"],
        )
    except ValueError as wrong:
        raise BrokenTable(f"baseline of {material}: {wrong}") from wrong
