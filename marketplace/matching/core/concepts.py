"""Which materials and uses a listing is about, each with a weight between 0 and 1. Pure (scikit-learn).

Three sources of evidence, strongest first: the material a person chose; a term of the knowledge base that
stands in the text; and nearness of the text to a concept's terms, by words and characters, when nothing is named.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.refusals import Refusals
from marketplace.matching.core.space import Space, Vocabulary, analyse, terms_of
from marketplace.matching.core.values import MatchListing
from marketplace.materials.codes import codes_of
from marketplace.materials.recognise import Lexicon, Mention, Told, outside
from marketplace.materials.refusable import refusables
from marketplace.materials.taxonomy import Taxonomy
from marketplace.materials.text import Reading, pieces, read
from marketplace.materials.thesaurus import thesaurus
from marketplace.materials.variants import (
    MATERIAL_BEGINNINGS,
    MATERIAL_ENDINGS,
    USE_BEGINNINGS,
    USE_ENDINGS,
    with_variants,
)

NAMED_IN_TITLE = 1.0
NAMED_IN_TEXT = 0.6
NAMED_SILENCES = 0.5  # by how much a guess fades where something was named with full weight
CODED = 0.7  # a code that only one material has
LEAST = 0.12
MOST_CONCEPTS = 6
BY_PRODUCT = 0.6  # a product that is named speaks for the uses that replace it, less than the use's own name

BY_PROCESS = 0.5  # what is done to a material says less: 提取 and 再生 are done to many
BY_PRODUCT_FADES = 0.5  # by how much both fade where a use is named with full weight
COLLECTIVE = 0.9  # a term for many materials (sludge, 石膏) says less than a name
VAGUE = 0.6  # one bare word of the kind says less: sludge, slag, lime
COLLECTIVE_FADES = 0.6  # and less still beside a name


# what follows a substance whose amount is told: "CO2 38 %", "氢气55%以上", "h2s < 200 ppm"
_AMOUNT = re.compile(r"\s*(?:含量|content)?\s*[<>≤≥~:=]*\s*\d+(?:\.\d+)?\s*(?:%|ppm|mg|g/l|[,;，；。]|$|[a-z]{1,3}\d)")

OF_OTHER_MEANING = ("forms", "sectors", "components", "processes")  # kinds whose words name no use or material
LONGEST = 4000  # characters of a text that are read: one of megabytes must not hold up the others
ListingReading = tuple[Reading, Reading]  # title and description


@dataclass(frozen=True, slots=True)
class Concepts:
    """Weights by slug; `named` are the materials that stand in the text or were chosen, `asked` the uses that stand in
    it by their names or products, not guessed from nearness.

    `codes`: waste codes that the text states ("100202", "SW17", "HW08", "900-249-08"). `own`: materials that stand in
    the text by a name of their own. `contents`: materials and kinds that an offer consists of; `refused`: those that
    the text refuses. `words`: its runs of letters without what it says is absent.
    """

    materials: Mapping[str, float]
    uses: Mapping[str, float]
    named: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    codes: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class ConceptReader:
    """Reads listings against the taxonomy and the uses of a knowledge base."""

    def __init__(self, base: Knowledge) -> None:
        materials = {m.slug: m.terms for m in base.taxonomy}
        uses = {u.slug: u.terms for u in base.uses.values()}
        replaced = {c.slug: c for c in thesaurus() if c.related}
        self._related = {slug: c.related for slug, c in replaced.items()}
        self._processes = frozenset(slug for slug, c in replaced.items() if c.kind == "processes")
        self._collectives = base.taxonomy.collectives
        self._exact = frozenset(str(i) for i, c in enumerate(self._collectives) if not _is_vague(c.terms))
        self.refusals = Refusals(base.taxonomy)
        reserved = [label for c in thesaurus() if c.kind in OF_OTHER_MEANING for label in c.labels]
        self._names = Lexicon(
            [
                with_variants(base.taxonomy.own_names, MATERIAL_ENDINGS, MATERIAL_BEGINNINGS, reserved),
                with_variants(uses, USE_ENDINGS, USE_BEGINNINGS, reserved),
                {slug: c.labels for slug, c in replaced.items()},
                {str(i): c.terms for i, c in enumerate(self._collectives)},
                {kind.slug: kind.terms for kind in refusables().values()},
            ]
        )
        self._of_code = _materials_by_code(base.taxonomy)
        self._vocabulary = Vocabulary(
            analyse(term) for names in (materials, uses) for terms in names.values() for term in terms
        )
        self._material_space, self._use_space = Space(materials, self._vocabulary), Space(uses, self._vocabulary)

    def read(self, listings: Sequence[MatchListing]) -> list[Concepts]:
        """Concepts of each listing, in order."""
        return self.of(listings, [read_listing(x) for x in listings])

    def of(self, listings: Sequence[MatchListing], readings: Sequence[ListingReading]) -> list[Concepts]:
        """The same for listings that were read already."""
        told = [(self._names.told(title), self._names.told(rest)) for title, rest in readings]
        words = [
            (_words(title, of_title), _words(rest, of_rest))
            for (title, rest), (of_title, of_rest) in zip(readings, told, strict=True)
        ]
        # The title counts twice: descriptions wander.
        texts = [terms_of(title * 2 + rest) for title, rest in words]
        counts = self._vocabulary.count(texts)
        guessed = [i for i, listing in enumerate(listings) if not listing.material]
        unchosen = counts if len(guessed) == len(listings) else counts[guessed]
        near_materials = dict(zip(guessed, self._material_space.nearest(unchosen, LEAST), strict=True))
        near_uses = self._use_space.nearest(counts, LEAST)
        return [
            self._concepts(listing, readings[i], told[i], words[i], near_materials.get(i, {}), near_uses[i])
            for i, listing in enumerate(listings)
        ]

    def _concepts(
        self,
        listing: MatchListing,
        reading: ListingReading,
        told: tuple[Told, Told],
        words: tuple[tuple[str, ...], tuple[str, ...]],
        near_materials: Mapping[str, float],
        near_uses: Mapping[str, float],
    ) -> Concepts:
        title, rest = told[0].present, told[1].present
        plain = reading[0].plain, reading[1].plain
        if title[0] or title[3]:
            rest[0] = _without_amounts(rest[0], plain[1])
        codes = codes_of("\n".join(plain))
        own = _weigh([outside(names[0], names[1]) for names in (title, rest)])
        materials = self._with_collectives(own, title, rest)
        if listing.material:
            materials = {slug: weight * 0.4 for slug, weight in materials.items()} | {listing.material: 1.0}
            own = materials
        products = [outside(names[2], [*names[0], *names[1]]) for names in (title, rest)]
        uses = self._uses(_weigh([title[1], rest[1]]), _weigh(products))
        named = max(own.values(), default=0.0), max(uses.values(), default=0.0)
        return Concepts(
            # a use that is named is no hint of a material whose name it shares (刨花板 asks for more than 刨花)
            _top(materials, self._coded(codes, near_materials), max(named)),
            _top(uses, near_uses, named[1]),
            frozenset(materials),
            frozenset(uses),
            codes,
            tuple(own),
            self.refusals.contents(title, rest, plain, listing.material) if listing.is_offer else (),
            () if listing.is_offer else self.refusals.refused([t.absent for t in told], plain, own),
            words[0] + words[1],
        )

    def _with_collectives(
        self, own: Mapping[str, float], title: Sequence[Sequence[Mention]], rest: Sequence[Sequence[Mention]]
    ) -> dict[str, float]:
        """What is named alone, and, more weakly, what a term for many (sludge, 石膏) names beside it."""
        found = dict(own)
        for place, names in enumerate((title, rest)):
            # a name in the title speaks for both, one in the description for itself
            is_beside = bool(title[0] or names[0])
            loose = outside(names[3], [*names[0], *names[1]])
            for number, weight in _weigh([loose, []] if place == 0 else [[], loose]).items():
                share = (COLLECTIVE if number in self._exact else VAGUE) * (1 - COLLECTIVE_FADES * is_beside)
                for order, slug in enumerate(self._collectives[int(number)].materials):
                    found[slug] = max(found.get(slug, 0.0), weight * share * 0.9 ** min(order, 6))
        return found

    def _coded(self, codes: Sequence[str], near: Mapping[str, float]) -> Mapping[str, float]:
        """Guesses at materials, raised where a code of the text is a material's own."""
        raised = dict(near)
        for code in codes:
            for slug in self._of_code.get(code, ()):
                raised[slug] = max(raised.get(slug, 0.0), CODED / len(self._of_code[code]) ** 0.5)
        return raised

    def _uses(self, named: Mapping[str, float], replaced: Mapping[str, float]) -> dict[str, float]:
        """Uses named, and those in which the products and processes that are named would be replaced or fed."""
        found: dict[str, float] = {}
        fades = 1 - BY_PRODUCT_FADES * max(named.values(), default=0.0)
        for slug, weight in replaced.items():
            by = (BY_PROCESS if slug in self._processes else BY_PRODUCT) * fades
            for order, use in enumerate(self._related[slug]):
                found[use] = max(found.get(use, 0.0), weight * by * 0.85**order)
        return found | {use: max(weight, found.get(use, 0.0)) for use, weight in named.items()}


def read_listing(listing: MatchListing) -> ListingReading:
    """Title and description of a listing, cut into units once for everybody who needs them."""
    return read(listing.title[:LONGEST]), read(listing.description[:LONGEST])


def _words(reading: Reading, told: Told) -> tuple[str, ...]:
    """The pieces of a text without the terms that it says are absent; they would be the likest to the wrong thing."""
    absent = [m for mentions in told.absent for m in mentions]
    if not absent:
        return reading.pieces
    plain = list(reading.plain)
    for m in absent:
        plain[m.start : m.end] = " " * (m.end - m.start)
    return tuple(pieces("".join(plain)))


def _is_vague(terms: Sequence[str]) -> bool:
    """A term for many materials that begins with one bare English word: sludge, slag, lime, drum."""
    return terms[0].isascii() and " " not in terms[0]


def _materials_by_code(tree: Taxonomy) -> dict[str, list[str]]:
    """Materials by their six-digit codes; a kind SWxx or HWxx holds too many to be a hint of one."""
    found: dict[str, list[str]] = {}
    for material in tree:
        for code in material.low_codes:
            found.setdefault(code, []).append(material.slug)
    return found


def _weigh(found: Sequence[Sequence[Mention]]) -> dict[str, float]:
    """Weights of what the title and the description name, falling in order of appearance."""
    weights: dict[str, float] = {}
    for mentions, weight in zip(found, (NAMED_IN_TITLE, NAMED_IN_TEXT), strict=True):
        for order, mention in enumerate(mentions):
            strength = weight * (0.9 ** min(order, 6))
            weights[mention.concept] = max(weights.get(mention.concept, 0.0), strength)
    return weights


def _without_amounts(mentions: Sequence[Mention], plain: str) -> list[Mention]:
    """Without what a description of something named already only tells the share of (沼气, "CH4 60 %, CO2 38")."""
    return [m for m in mentions if not _AMOUNT.match(plain, m.end)]


def _top(named: Mapping[str, float], near: Mapping[str, float], silences: float) -> dict[str, float]:
    guess = 1 - NAMED_SILENCES * silences
    merged = {slug: weight * guess for slug, weight in near.items()}
    for slug, weight in named.items():
        merged[slug] = max(weight, merged.get(slug, 0.0))
    best = sorted(merged.items(), key=lambda item: (-item[1], item[0]))[:MOST_CONCEPTS]
    return {slug: weight for slug, weight in best if weight >= LEAST}
