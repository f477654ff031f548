"""Texts and bags of terms in one vector space, and which bags a text is nearest to. Pure (SciPy).

The weights are those of scikit-learn's TfidfVectorizer (sublinear counts, smooth idf, rows of length 1); the terms of
a word or a run of Han characters are looked up once and kept, since listings repeat their words.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix

from marketplace.materials.text import han_pairs, is_han, normalise, pieces, stem

NEAREST = 0.85  # the most that nearness alone may count


def analyse(text: str) -> list[str]:
    """Terms of a text for the vector space: stems and word pairs, Han characters and pairs, and letter 4-grams."""
    return terms_of(pieces(normalise(text)))


def terms_of(found: Iterable[str]) -> list[str]:
    """Terms of a text that is cut into pieces already."""
    terms: list[str] = []
    before = ""
    for piece in found:
        terms += _of_piece(piece)
        word = _word(piece)
        if word:
            if before:
                terms.append(f"p{before}_{word}")
            before = word
    return terms


@lru_cache(maxsize=200_000)
def _of_piece(piece: str) -> tuple[str, ...]:
    if is_han(piece):
        return (*(f"h{pair}" for pair in han_pairs(piece)), *(f"c{char}" for char in piece))
    word = _word(piece)
    if not word:
        return ()
    grams = (f"g{word[i : i + 4]}" for i in range(len(word) - 3)) if len(word) > 4 else ()
    return (f"w{word}", *grams)


def _word(piece: str) -> str:
    """The stem of a piece that counts as a word, empty for Han characters and single letters."""
    return "" if is_han(piece) or not (len(piece) > 1 or piece.isdigit()) else stem(piece)


class Vocabulary:
    """Columns for the terms of all bags (each given as terms); other terms are not counted."""

    def __init__(self, bags: Iterable[Iterable[str]]) -> None:
        columns: dict[str, int] = {}
        for bag in bags:
            for term in bag:
                columns.setdefault(term, len(columns))
        self._columns = columns

    def count(self, texts: Sequence[Iterable[str]]) -> csr_matrix:
        """1 + ln(count) of each known term of each text (given as terms), one row a text."""
        data: list[int] = []
        indices: list[int] = []
        ends = [0]
        columns = self._columns
        for terms in texts:
            counts: dict[int, int] = {}
            for term in terms:
                column = columns.get(term)
                if column is not None:
                    counts[column] = counts.get(column, 0) + 1
            indices += counts
            data += counts.values()
            ends.append(len(indices))
        values = 1 + np.log(np.array(data, dtype=np.float32))
        where = np.array(indices, np.int32), np.array(ends, np.int32)
        return csr_matrix((values, *where), shape=(len(ends) - 1, len(columns)))


class Weights:
    """Inverse document frequencies over the bags whose counts they are made from."""

    def __init__(self, counts: csr_matrix) -> None:
        in_bags = np.bincount(counts.indices, minlength=counts.shape[1])
        idf = np.log((1 + counts.shape[0]) / (1 + in_bags)) + 1
        self.idf = idf.astype(np.float32)

    def weigh(self, counts: csr_matrix) -> csr_matrix:
        """The counts times their weights, each row of length 1 (or 0)."""
        data = counts.data * self.idf[counts.indices]
        weighed = (data / np.repeat(self.lengths(counts), np.diff(counts.indptr))).astype(np.float32)
        return csr_matrix((weighed, counts.indices, counts.indptr), shape=counts.shape)

    def lengths(self, counts: csr_matrix) -> np.ndarray:
        """How long each row is when weighed; 1 for an empty one."""
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        squares = (counts.data * self.idf[counts.indices]).astype(np.float64) ** 2
        lengths = np.sqrt(np.bincount(rows, weights=squares, minlength=counts.shape[0]))
        lengths[lengths == 0] = 1
        return lengths


class Space:
    """Concepts as bags of their terms; nearness is cosine, the nearest bag standing for the whole concept."""

    def __init__(self, terms: Mapping[str, Sequence[str]], vocabulary: Vocabulary) -> None:
        bags = [(slug, term) for slug, names in terms.items() for term in names]
        bags += [(slug, " \n ".join(names)) for slug, names in terms.items()]
        self._slugs = [slug for slug, _ in bags]
        counts = vocabulary.count([analyse(bag) for _, bag in bags])
        self._weights = Weights(counts)
        # a text's own weights are folded into the bags, so that its counts are multiplied as they are
        self._bags = self._weights.weigh(counts).multiply(self._weights.idf).T.tocsr()

    def nearest(self, counts: csr_matrix, least: float) -> list[dict[str, float]]:
        """By slug, the weights of the concepts near each text that reach `least`; NEAREST when very near."""
        products, lengths = counts @ self._bags, self._weights.lengths(counts)
        ends = products.indptr.tolist()
        return [
            self._near(products.indices[a:b], products.data[a:b] / length, least)
            for a, b, length in zip(ends[:-1], ends[1:], lengths.astype(np.float32), strict=True)
        ]

    def _near(self, bags: np.ndarray, cosines: np.ndarray, least: float) -> dict[str, float]:
        """Concepts far behind the nearest one fade quickly."""
        best = float(cosines.max()) if len(cosines) else 0.0
        if best <= 0:
            return {}
        weights = np.minimum(NEAREST, 1.3 * cosines) * (cosines / best) ** 3
        kept = np.flatnonzero(weights >= least)
        found: dict[str, float] = {}
        for bag, weight in zip(bags[kept].tolist(), weights[kept].tolist(), strict=True):
            slug = self._slugs[bag]
            if weight > found.get(slug, 0.0):
                found[slug] = weight
        return found
