"""What others do without knowledge: rankings to beat, computed in the same run. Pure (scikit-learn)."""

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from marketplace.matching.core.values import MatchListing
from marketplace.materials.text import tokens

LATENT = 64


def _random(wants: Sequence[str], offers: Sequence[str]) -> np.ndarray:
    return np.random.default_rng(1).random((len(wants), len(offers)))


def _words(wants: Sequence[str], offers: Sequence[str]) -> np.ndarray:
    space = TfidfVectorizer(analyzer=tokens, sublinear_tf=True).fit([*wants, *offers])
    return np.asarray((space.transform(wants) @ space.transform(offers).T).toarray())


def _characters(wants: Sequence[str], offers: Sequence[str]) -> np.ndarray:
    space = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True).fit([*wants, *offers])
    return np.asarray((space.transform(wants) @ space.transform(offers).T).toarray())


def _latent(wants: Sequence[str], offers: Sequence[str]) -> np.ndarray:
    texts = [*wants, *offers]
    size = min(LATENT, len(texts) - 1)
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    space = make_pipeline(vectors, TruncatedSVD(size, random_state=1), Normalizer()).fit(texts)
    return np.asarray(space.transform(wants) @ space.transform(offers).T)


BASELINES: dict[str, Callable[[Sequence[str], Sequence[str]], np.ndarray]] = {
    "random": _random,
    "TF-IDF, words": _words,
    "TF-IDF, characters": _characters,
    "LSA 64 on characters": _latent,
}


def rank_by(name: str, wants: Sequence[MatchListing], offers: Sequence[MatchListing]) -> dict[str, list[str]]:
    """Offers for each want, best first, by one of the BASELINES; hazardous ones only where they are accepted."""
    scores = BASELINES[name]([w.text for w in wants], [o.text for o in offers])
    return {
        want.id: [
            offers[i].id
            for i in sorted(range(len(offers)), key=lambda i: (-row[i], offers[i].id))
            if want.accepts_hazard or not offers[i].is_hazardous
        ]
        for want, row in zip(wants, scores, strict=True)
    }
