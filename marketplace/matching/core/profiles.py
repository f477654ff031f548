"""What the matcher knows of one listing by itself: its concepts and its place in the space of texts. Pure."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import TfidfVectorizer

from marketplace.matching.core.concepts import ConceptReader, Concepts, analyse
from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.values import MatchListing

MOST_KEPT = 20_000
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """`vector` is one row of the text space, of length 1 (or 0 when the text has no known term)."""

    concepts: Concepts
    vector: csr_matrix


class ProfileReader:
    """Reads listings over one knowledge base. Profiles depend on the text and the material alone, so they are kept."""

    def __init__(self, base: Knowledge) -> None:
        terms = [" ".join(m.terms) for m in base.taxonomy] + [" ".join(u.terms) for u in base.uses.values()]
        self._vectorizer = TfidfVectorizer(analyzer=analyse, sublinear_tf=True, dtype=np.float32).fit(terms)
        self._concepts = ConceptReader(base)
        self._kept: OrderedDict[Key, Profile] = OrderedDict()

    def read(self, listings: Sequence[MatchListing]) -> list[Profile]:
        """The profile of each listing, in order."""
        keys = [(x.title, x.description, x.material) for x in listings]
        found = {key: self._kept[key] for key in keys if key in self._kept}
        missing = {key: x for key, x in zip(keys, listings, strict=True) if key not in found}
        if missing:
            found |= dict(zip(missing, self._read(list(missing.values())), strict=True))
        self._keep(found)
        return [found[key] for key in keys]

    def _read(self, listings: list[MatchListing]) -> list[Profile]:
        vectors = self._vectorizer.transform([x.text for x in listings])
        concepts = self._concepts.read(listings)
        return [Profile(c, vectors[i]) for i, c in enumerate(concepts)]

    def _keep(self, found: dict[Key, Profile]) -> None:
        """Threads may do this at once: each step leaves a mapping of true profiles."""
        self._kept.update(found)
        for _ in range(len(self._kept) - MOST_KEPT):
            self._kept.popitem(last=False)


def text_similarity(left: Sequence[Profile], right: Sequence[Profile]) -> np.ndarray:
    """Cosine of each text with each other one, as an array of shape (left, right)."""
    if not left or not right:
        return np.zeros((len(left), len(right)))
    product = vstack([p.vector for p in left]) @ vstack([p.vector for p in right]).T
    return np.asarray(product.toarray())
