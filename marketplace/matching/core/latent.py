"""Texts as short vectors: latent semantic analysis over the words of the knowledge base. Pure (scikit-learn).

Both languages stand in one document for each concept, and the concepts a text names are words of it, too. So texts of
one meaning lie close whatever their language.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import TruncatedSVD

from marketplace.matching.core.columns import DIMENSIONS
from marketplace.matching.core.concepts import Concepts
from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.space import Vocabulary, Weights, analyse, terms_of

SEED = 1
JOINED = 3  # the grade of standard practice


class LatentSpace:
    """Texts and the concepts they name as vectors of length 1."""

    def __init__(self, base: Knowledge) -> None:
        documents = _documents(base)
        self._vocabulary = Vocabulary(documents)
        counts = self._vocabulary.count(documents)
        self._weights = Weights(counts)
        svd = TruncatedSVD(min(DIMENSIONS, len(documents) - 1), random_state=SEED).fit(self._weights.weigh(counts))
        self._down = np.ascontiguousarray(svd.components_.T, np.float32)

    def vectors(self, concepts: Sequence[Concepts]) -> np.ndarray:
        """Array (listings, DIMENSIONS)."""
        found = np.zeros((len(concepts), DIMENSIONS), np.float32)
        words = [_terms(named) for named in concepts]
        lower = self._weights.weigh(self._vocabulary.count(words)) @ self._down
        lengths = np.linalg.norm(lower, axis=1, keepdims=True)
        found[:, : lower.shape[1]] = lower / np.where(lengths > 0, lengths, 1)
        return found


def _documents(base: Knowledge) -> list[list[str]]:
    """The terms of each concept, with the concept and those that documented uses join it to as terms of their own."""
    served: dict[str, list[str]] = {}
    for material in base.taxonomy:
        for application in base.of_material(material.slug):
            if application.grade >= JOINED:
                served.setdefault(f"m:{material.slug}", []).append(f"u:{application.use}")
                served.setdefault(f"u:{application.use}", []).append(f"m:{material.slug}")
    concepts = [(m.terms, f"m:{m.slug}") for m in base.taxonomy]
    concepts += [(u.terms, f"u:{u.slug}") for u in base.uses.values()]
    return [[*analyse(" ".join(terms)), own, own, *served.get(own, ())] for terms, own in concepts]


def _terms(concepts: Concepts) -> list[str]:
    named = [f"m:{slug}" for slug in concepts.materials] + [f"u:{slug}" for slug in concepts.uses]
    return [*terms_of(concepts.words), *named, *named]
