"""Which material does a typed title mean? Suggestions with a confidence. Pure (scikit-learn).

A term of the taxonomy in the text is strong evidence; otherwise character n-grams find the nearest names,
which forgives typing errors and half-remembered words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from marketplace.materials.recognise import Recogniser
from marketplace.materials.taxonomy import Material, Taxonomy, taxonomy
from marketplace.materials.text import normalise

NAMED = 0.72  # a term of the taxonomy stands in the text
COVERAGE = 0.27  # added in proportion to how much of the text the term covers
LEAST = 0.28  # below this a suggestion is noise


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A material and how sure we are, 0 to 1."""

    material: Material
    confidence: float


class MaterialClassifier:
    """Names and synonyms of the taxonomy as a nearest-name classifier."""

    def __init__(self, tree: Taxonomy) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer  # seconds of import that most commands never need

        self._tree = tree
        self._recogniser = Recogniser({m.slug: m.terms for m in tree})
        named = [(m.slug, normalise(term)) for m in tree for term in m.terms]
        self._slugs = np.array([slug for slug, _ in named])
        self._vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True)
        self._names = self._vectorizer.fit_transform([term for _, term in named])

    def suggest(self, text: str, most: int = 5) -> list[Suggestion]:
        """The likeliest materials of a raw title, best first; an empty list when nothing is near."""
        plain = normalise(text).strip()
        if not plain:
            return []
        scores = self._nearest(plain[:400])
        for slug, confidence in self._named(text[:2000], plain):
            scores[slug] = max(scores.get(slug, 0.0), confidence)
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:most]
        return [Suggestion(self._tree.materials[s], round(c, 3)) for s, c in best if c >= LEAST]

    def named_materials(self, text: str) -> list[str]:
        """Slugs of the materials that the text names outright."""
        return list(dict.fromkeys(m.concept for m in self._recogniser.mentions(text)))

    def _nearest(self, plain: str) -> dict[str, float]:
        similarity = (self._names @ self._vectorizer.transform([plain]).T).toarray().ravel()
        scores: dict[str, float] = {}
        for i in np.argsort(-similarity)[:40]:
            slug = str(self._slugs[i])
            scores.setdefault(slug, float(similarity[i]) * 0.9)
        return scores

    def _named(self, text: str, plain: str) -> Iterable[tuple[str, float]]:
        for order, mention in enumerate(self._recogniser.mentions(text)):
            covered = (mention.end - mention.start) / max(1, min(len(plain), 40))
            yield mention.concept, NAMED + COVERAGE * min(1.0, covered) - 0.05 * min(order, 5)


@cache
def classifier() -> MaterialClassifier:
    """The classifier over this installation's taxonomy, built once."""
    return MaterialClassifier(taxonomy())
