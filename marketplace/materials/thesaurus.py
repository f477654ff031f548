"""The thesaurus: everything a listing may speak of, bilingual, linked broader/narrower/related (SKOS). Pure.

Materials and families come from the taxonomy; products, components, forms, processes and sectors from
`data/concepts/`. `related` of a product names the uses (`matching/data/uses.csv`) in which a waste replaces it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from marketplace.materials import tables
from marketplace.materials.taxonomy import Taxonomy, taxonomy

DATA = Path(__file__).parent / "data" / "concepts"
KINDS = ("groups", "products", "components", "forms", "processes", "sectors")


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept with its labels; the first of each language is the preferred one (skos:prefLabel)."""

    slug: str
    kind: str
    labels_en: tuple[str, ...]
    labels_zh: tuple[str, ...]
    broader: str = ""
    related: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, both languages."""
        return (*self.labels_en, *self.labels_zh)

    def name(self, language: str) -> str:
        """The preferred label."""
        return (self.labels_zh if language == "zh" else self.labels_en)[0]


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """Concepts by slug, in the order of the files."""

    concepts: Mapping[str, Concept]

    def __iter__(self) -> Iterator[Concept]:
        return iter(self.concepts.values())

    def __len__(self) -> int:
        return len(self.concepts)

    def of_kind(self, kind: str) -> list[Concept]:
        """Concepts of one kind."""
        return [c for c in self if c.kind == kind]

    def narrower(self, slug: str) -> list[Concept]:
        """Concepts one step below."""
        return [c for c in self if c.broader == slug]

    def broader_chain(self, slug: str) -> list[str]:
        """Slugs above a concept, nearest first; stops where a loop would begin."""
        chain: list[str] = []
        above = self.concepts[slug].broader
        while above and above not in chain and above in self.concepts:
            chain.append(above)
            above = self.concepts[above].broader
        return chain


@cache
def thesaurus() -> Thesaurus:
    """The installation's thesaurus."""
    concepts = [*_from_taxonomy(taxonomy()), *(c for kind in KINDS for c in _read(kind))]
    return Thesaurus({c.slug: c for c in concepts})


def thesaurus_faults(known_uses: frozenset[str]) -> list[str]:
    """Duplicates, loops, orphans, missing languages and links to nowhere, one sentence each."""
    tree, found = thesaurus(), []
    read = [c.slug for kind in KINDS for c in _read(kind)]
    found += [f"{slug}: stands twice" for slug in sorted({s for s in read if read.count(s) > 1})]
    for concept in tree:
        if not (concept.labels_en and concept.labels_zh and all(concept.labels)):
            found.append(f"{concept.slug}: a label is missing in one language")
        if concept.broader and concept.broader not in tree.concepts:
            found.append(f"{concept.slug}: no broader concept {concept.broader}")
        if not concept.broader and concept.kind not in ("families", "groups"):
            found.append(f"{concept.slug}: has nothing broader")
        if concept.slug in tree.broader_chain(concept.slug):
            found.append(f"{concept.slug}: is broader than itself")
        found += [f"{concept.slug}: no use {use}" for use in concept.related if use not in known_uses]
    return found


def _from_taxonomy(tree: Taxonomy) -> Iterator[Concept]:
    for family in tree.families.values():
        yield Concept(f"family-{family.slug}", "families", (family.name_en,), (family.name_zh,))
    for m in tree:
        labels_en, labels_zh = (m.name_en, *m.synonyms_en), (m.name_zh, *m.synonyms_zh)
        yield Concept(m.slug, "materials", labels_en, labels_zh, f"family-{m.family}")


def _read(kind: str) -> list[Concept]:
    return [_concept(kind, row) for row in tables.rows(DATA / f"{kind}.csv")]


def _concept(kind: str, row: Mapping[str, str]) -> Concept:
    return Concept(
        slug=row["slug"],
        kind=kind,
        labels_en=(row["name_en"], *tables.terms(row.get("alt_en", ""))),
        labels_zh=(row["name_zh"], *tables.terms(row.get("alt_zh", ""))),
        broader=row["broader"],
        related=tuple(row.get("related", "").split()),
    )
