"""Which materials and uses a listing is about, each with a weight between 0 and 1. Pure (scikit-learn).

Three sources of evidence, strongest first: the material a person chose; a term of the knowledge base that
stands in the text; and nearness of the text to a concept's terms, by words and characters, when nothing is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.values import MatchListing
from marketplace.materials.recognise import Mention, Recogniser
from marketplace.materials.text import han_pairs, is_han, normalise, pieces, stem
from marketplace.materials.thesaurus import thesaurus

NAMED_IN_TITLE = 1.0
NAMED_IN_TEXT = 0.6
NEAREST = 0.85  # the most that nearness alone may count
NAMED_SILENCES = 0.5  # by how much a guess fades where something was named with full weight
LEAST = 0.12
MOST_CONCEPTS = 6
BY_PRODUCT = 0.6  # a product that is named speaks for the uses that replace it, less than the use's own name


@dataclass(frozen=True, slots=True)
class Concepts:
    """Weights by slug; `named` are the materials that stand in the text or were chosen, not guessed from nearness."""

    materials: Mapping[str, float]
    uses: Mapping[str, float]
    named: frozenset[str] = frozenset()


def analyse(text: str) -> list[str]:
    """Terms of a text for the vector space: stems and word pairs, Han characters and pairs, and letter 4-grams."""
    found: list[str] = []
    words: list[str] = []
    for piece in pieces(normalise(text)):
        if is_han(piece):
            found += [f"h{pair}" for pair in han_pairs(piece)]
            found += [f"c{char}" for char in piece]
        elif len(piece) > 1 or piece.isdigit():
            words.append(stem(piece))
    found += [f"w{word}" for word in words]
    found += [f"p{a}_{b}" for a, b in zip(words, words[1:], strict=False)]
    found += [f"g{word[i : i + 4]}" for word in words if len(word) > 4 for i in range(len(word) - 3)]
    return found


class ConceptReader:
    """Reads listings against the taxonomy and the uses of a knowledge base."""

    def __init__(self, base: Knowledge) -> None:
        materials = {m.slug: m.terms for m in base.taxonomy}
        uses = {u.slug: u.terms for u in base.uses.values()}
        self._material_names, self._use_names = Recogniser(base.taxonomy.names), Recogniser(uses)
        self._replaced_names = Recogniser({c.slug: c.labels for c in thesaurus() if c.related})
        self._material_space, self._use_space = _Space(materials), _Space(uses)

    def read(self, listings: Sequence[MatchListing]) -> list[Concepts]:
        """Concepts of each listing, in order."""
        texts = [_weighted(x) for x in listings]
        near_materials, near_uses = self._material_space.nearest(texts), self._use_space.nearest(texts)
        named = [self._materials(listing) for listing in listings]
        return [
            Concepts(
                _top(materials, {} if listing.material else near_material),
                _top(self._uses(listing), near_use),
                frozenset(materials),
            )
            for listing, materials, near_material, near_use in zip(
                listings, named, near_materials, near_uses, strict=True
            )
        ]

    def _materials(self, listing: MatchListing) -> dict[str, float]:
        found = _named(self._material_names, listing, inside=self._use_names)
        if listing.material:
            found = {slug: weight * 0.4 for slug, weight in found.items()} | {listing.material: 1.0}
        return found

    def _uses(self, listing: MatchListing) -> dict[str, float]:
        """Uses named, and those in which the products and processes that are named would be replaced or fed."""
        found: dict[str, float] = {}
        for slug, weight in _named(self._replaced_names, listing).items():
            for order, use in enumerate(thesaurus().concepts[slug].related):
                found[use] = max(found.get(use, 0.0), weight * BY_PRODUCT * 0.85**order)
        return found | {
            use: max(weight, found.get(use, 0.0)) for use, weight in _named(self._use_names, listing).items()
        }


def _named(names: Recogniser, listing: MatchListing, inside: Recogniser | None = None) -> dict[str, float]:
    """Weights of what is named; a term within a longer one of `inside` is part of that one (刨花 in 刨花板)."""
    found: dict[str, float] = {}
    for text, weight in ((listing.title, NAMED_IN_TITLE), (listing.description, NAMED_IN_TEXT)):
        longer = inside.mentions(text) if inside else []
        free = [m for m in names.mentions(text) if not any(_covers(other, m) for other in longer)]
        for order, mention in enumerate(free):
            strength = weight * (0.9 ** min(order, 6))
            found[mention.concept] = max(found.get(mention.concept, 0.0), strength)
    return found


def _covers(other: Mention, mention: Mention) -> bool:
    is_longer = other.end - other.start > mention.end - mention.start
    return is_longer and other.start <= mention.start and mention.end <= other.end


def _weighted(listing: MatchListing) -> str:
    """The title counts twice: descriptions wander."""
    return f"{listing.title}\n{listing.title}\n{listing.description}"


def _top(named: Mapping[str, float], near: Mapping[str, float]) -> dict[str, float]:
    guess = 1 - NAMED_SILENCES * max(named.values(), default=0.0)
    merged = {slug: weight * guess for slug, weight in near.items()}
    for slug, weight in named.items():
        merged[slug] = max(weight, merged.get(slug, 0.0))
    best = sorted(merged.items(), key=lambda item: (-item[1], item[0]))[:MOST_CONCEPTS]
    return {slug: weight for slug, weight in best if weight >= LEAST}


class _Space:
    """Concepts as bags of their terms; nearness is cosine, the nearest concept standing for the whole."""

    def __init__(self, terms: Mapping[str, Sequence[str]]) -> None:
        rows = [(slug, term) for slug, names in terms.items() for term in names]
        whole = [(slug, " \n ".join(names)) for slug, names in terms.items()]
        self._slugs = np.array([slug for slug, _ in rows + whole])
        self._vectorizer = TfidfVectorizer(analyzer=analyse, sublinear_tf=True, dtype=np.float32)
        self._rows = self._vectorizer.fit_transform([text for _, text in rows + whole])

    def nearest(self, texts: Sequence[str], most: int = 40) -> list[dict[str, float]]:
        """Weights of the nearest concepts of each text; the best reaches NEAREST when it is very near."""
        if not texts:
            return []
        similarity = (self._vectorizer.transform(texts) @ self._rows.T).toarray()
        return [self._weights(row, most) for row in similarity]

    def _weights(self, row: np.ndarray, most: int) -> dict[str, float]:
        found: dict[str, float] = {}
        nearest = np.argpartition(-row, most)[:most] if len(row) > most else np.arange(len(row))
        for i in nearest[np.argsort(-row[nearest], kind="stable")]:
            slug = str(self._slugs[i])
            found.setdefault(slug, float(row[i]))
        return {slug: min(NEAREST, 1.3 * cosine) * _sharpness(cosine, row.max()) for slug, cosine in found.items()}


def _sharpness(cosine: float, best: float) -> float:
    """Concepts far behind the nearest one fade quickly."""
    return float((cosine / best) ** 3) if best > 0 else 0.0
