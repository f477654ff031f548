"""The installation's knowledge, loaded once: which materials and uses a text names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from marketplace.matching.core.knowledge import Knowledge, load_knowledge
from marketplace.materials.recognise import Recogniser
from marketplace.materials.taxonomy import taxonomy


@dataclass(frozen=True, slots=True)
class Mentions:
    """Slugs a text names; `material_terms` maps the words it used to what they may mean."""

    materials: tuple[str, ...]
    uses: tuple[str, ...]
    material_terms: Mapping[str, tuple[str, ...]]


@cache
def knowledge() -> Knowledge:
    """Taxonomy, uses and applications of this installation."""
    return load_knowledge(taxonomy())


@cache
def _materials() -> Recogniser:
    return Recogniser(taxonomy().names)


@cache
def _uses() -> Recogniser:
    return Recogniser({u.slug: u.terms for u in knowledge().uses.values()})


def mentions_of(text: str) -> Mentions:
    """The materials and uses that a raw text names, in order of appearance."""
    terms: dict[str, list[str]] = {}
    for mention in _materials().mentions(text):
        terms.setdefault(mention.term, [])
        if mention.concept not in terms[mention.term]:
            terms[mention.term].append(mention.concept)
    materials = tuple(dict.fromkeys(slug for slugs in terms.values() for slug in slugs))
    uses = tuple(dict.fromkeys(m.concept for m in _uses().mentions(text)))
    return Mentions(materials, uses, {term: tuple(slugs) for term, slugs in terms.items()})
