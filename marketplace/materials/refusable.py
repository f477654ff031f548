"""Kinds of materials that buyers refuse as a whole ("no plastics", "不收含油料"), from `data/refusable.csv`. Pure.

The first term of each language is the kind's name.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from marketplace.materials import tables
from marketplace.materials.taxonomy import Taxonomy, taxonomy

DATA = Path(__file__).parent / "data" / "refusable.csv"


@dataclass(frozen=True, slots=True)
class Refusable:
    """A kind and the materials that belong to it."""

    slug: str
    terms_en: tuple[str, ...]
    terms_zh: tuple[str, ...]
    materials: frozenset[str]

    @property
    def terms(self) -> tuple[str, ...]:
        """All terms, both languages."""
        return (*self.terms_en, *self.terms_zh)

    def name(self, language: str) -> str:
        return (self.terms_zh if language == "zh" else self.terms_en)[0]


@cache
def refusables() -> dict[str, Refusable]:
    """The installation's kinds, by slug, in the order of the file."""
    return load(taxonomy())


def load(tree: Taxonomy, path: Path = DATA) -> dict[str, Refusable]:
    """Read the file.

    Raises:
        ValueError: a kind stands twice, has the slug of a material, or names an unknown family or material.
    """
    found: dict[str, Refusable] = {}
    for row in tables.rows(path):
        slug, families, materials = row["slug"], row["families"].split(), row["materials"].split()
        if slug in found or slug in tree.materials:
            raise ValueError(f"{path.name}: {slug} twice")
        if unknown := [x for x in families if x not in tree.families] + [
            x for x in materials if x not in tree.materials
        ]:
            raise ValueError(f"{path.name}: {slug}: unknown {unknown[0]}")
        members = {m.slug for m in tree if m.family in families} | set(materials)
        terms = tables.terms(row["terms_en"]), tables.terms(row["terms_zh"])
        found[slug] = Refusable(slug, *terms, frozenset(members))
    return found


def refusable_faults() -> list[str]:
    """Kinds without a term in one language or without materials, and terms that name two kinds."""
    found, owners = [], dict[str, str]()
    for kind in refusables().values():
        if not (kind.terms_en and kind.terms_zh):
            found.append(f"refusable.csv: {kind.slug}: a term is missing in one language")
        if not kind.materials:
            found.append(f"refusable.csv: {kind.slug}: no materials")
        for term in kind.terms:
            if owners.setdefault(term.lower(), kind.slug) != kind.slug:
                found.append(f"refusable.csv: “{term}” names {owners[term.lower()]}, {kind.slug}")
    return found
