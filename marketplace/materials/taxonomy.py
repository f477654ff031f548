"""The bilingual taxonomy of materials, read from reviewable CSV files under `data/`. Pure."""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from marketplace.materials import tables

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Family:
    """A top group of the taxonomy."""

    slug: str
    name_en: str
    name_zh: str

    def name(self, language: str) -> str:
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True, slots=True)
class Material:
    """A node of the taxonomy; codes are those of the EU List of Waste and the Chinese SW and HW lists."""

    slug: str
    family: str
    name_en: str
    name_zh: str
    synonyms_en: tuple[str, ...]
    synonyms_zh: tuple[str, ...]
    low_codes: tuple[str, ...]
    sw_code: str
    hw_code: str
    hazard: str
    hazard_properties: tuple[str, ...]
    nature: str
    unit: str
    density_t_per_m3: Decimal | None
    piece_kg: Decimal | None
    bale_kg: Decimal | None
    form: str
    composition: str
    source: str

    def name(self, language: str) -> str:
        return self.name_zh if language == "zh" else self.name_en

    @property
    def is_hazardous(self) -> bool:
        return self.hazard == "hazardous"

    @property
    def terms(self) -> tuple[str, ...]:
        """Every name and synonym, both languages."""
        return (self.name_en, self.name_zh, *self.synonyms_en, *self.synonyms_zh)


@dataclass(frozen=True, slots=True)
class Collective:
    """Terms that name several materials at once, such as "steel slag" (SKOS: a broader concept)."""

    terms: tuple[str, ...]
    materials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All families and materials, by slug, in the order of the files, and the terms that name several."""

    families: Mapping[str, Family]
    materials: Mapping[str, Material]
    collectives: tuple[Collective, ...] = ()

    def __iter__(self) -> Iterator[Material]:
        return iter(self.materials.values())

    @property
    def own_names(self) -> dict[str, tuple[str, ...]]:
        """Every term that means one material, by the material."""
        return {m.slug: (*m.terms, *_short_names(m)) for m in self}

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Every term by the material it may mean, collective terms included."""
        found = dict(self.own_names)
        for collective in self.collectives:
            for slug in collective.materials:
                found[slug] += collective.terms
        return found

    def of_family(self, slug: str) -> list[Material]:
        return [m for m in self if m.family == slug]

    def by_family(self, language: str, without: Set[str] = frozenset()) -> dict[str, list[tuple[str, str]]]:
        """Slug and name of each material under the name of its family, for a select; but for those `without`."""
        found: dict[str, list[tuple[str, str]]] = {f.name(language): [] for f in self.families.values()}
        for material in self:
            if material.slug not in without:
                found[self.families[material.family].name(language)].append((material.slug, material.name(language)))
        return found


@cache
def taxonomy() -> Taxonomy:
    """The taxonomy of this installation, read once."""
    return load(DATA)


def load(folder: Path) -> Taxonomy:
    """Read `families.csv` and `materials/<family>.csv`.

    Raises:
        ValueError: a duplicate slug or a number that is none; the message names file and row.
    """
    families = {r["slug"]: Family(r["slug"], r["name_en"], r["name_zh"]) for r in tables.rows(folder / "families.csv")}
    materials: dict[str, Material] = {}
    for slug in families:
        path = folder / "materials" / f"{slug}.csv"
        for row in tables.rows(path):
            if row["slug"] in materials:
                raise ValueError(f"{path.name}: material {row['slug']} twice")
            materials[row["slug"]] = _material(slug, row)
    collectives = tuple(_collective(row, materials) for row in tables.rows(folder / "collective.csv"))
    return Taxonomy(families, materials, collectives)


def _short_names(material: Material) -> list[str]:
    """What people say of "Zinc ash and skimmings, clean": "zinc ash and skimmings", "zinc ash".

    A single word out of two joined ones ("Tin dross and ash" → "ash") or the first of a list ("Copper, lead and tin
    flue dust" → "copper") would name too much, so it is left out.
    """
    heads = [re.split(r"[(（，]", name)[0].strip() for name in (material.name_en, material.name_zh)]
    first, *rest = (part.strip() for part in heads[0].split(","))
    heads[0] = first if " " in first or not rest else heads[0]
    parts = [part.strip() for part in re.split(r" and | / ", heads[0])]
    return [*heads, *(part for part in parts if " " in part and "," not in part)]


def _collective(row: Mapping[str, str], materials: Mapping[str, Material]) -> Collective:
    members = tuple(row["materials"].split())
    if unknown := [slug for slug in members if slug not in materials]:
        raise ValueError(f"collective.csv: unknown material {unknown[0]}")
    return Collective(tables.terms(row["terms_en"]) + tables.terms(row["terms_zh"]), members)


def _material(family: str, row: Mapping[str, str]) -> Material:
    return Material(
        slug=row["slug"],
        family=family,
        name_en=row["name_en"],
        name_zh=row["name_zh"],
        synonyms_en=tables.terms(row["synonyms_en"]),
        synonyms_zh=tables.terms(row["synonyms_zh"]),
        low_codes=tuple(row["low_codes"].split()),
        sw_code=row["sw_code"],
        hw_code=row["hw_code"],
        hazard=row["hazard"],
        hazard_properties=tuple(row["hazard_properties"].split()),
        nature=row["nature"],
        unit=row["unit"],
        density_t_per_m3=_decimal(row["density_t_per_m3"]),
        piece_kg=_decimal(row["piece_kg"]),
        bale_kg=_decimal(row["bale_kg"]),
        form=row["form"],
        composition=row["composition"],
        source=row["source"],
    )


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text.strip() else None
