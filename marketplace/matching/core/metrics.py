"""How good a ranking is against graded judgements, and how true its probabilities are. Pure.

Gain 2^grade − 1, discount log2(rank + 1), cut at ten; recall and MRR count grades from 2 on. The definitions are
those of ../shared/matching/eval.py; a test holds both to the same figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

DEPTH = 10
USEFUL_FROM = 2


@dataclass(frozen=True, slots=True)
class Measures:
    """Of one want, each 0 to 1."""

    ndcg: float
    recall: float
    mrr: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Means over wants; `low` and `high` bound nDCG with 95 % confidence (bootstrap over wants)."""

    wants: int
    ndcg: float
    recall: float
    mrr: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs whose score lies in one tenth: how many, their mean score, and how many were useful."""

    pairs: int
    mean_score: float
    share_useful: float


def measure(ranked: Sequence[str], grades: Mapping[str, int]) -> Measures | None:
    """Of offers ranked for one want, best first; None when no offer is useful."""
    useful = {offer for offer, grade in grades.items() if grade >= USEFUL_FROM}
    if not useful:
        return None
    top = ranked[:DEPTH]
    ideal = _discounted(sorted(grades.values(), reverse=True)[:DEPTH])
    first = next((place for place, offer in enumerate(ranked, 1) if offer in useful), None)
    return Measures(
        ndcg=_discounted([grades.get(offer, 0) for offer in top]) / ideal,
        recall=len(useful & set(top)) / min(DEPTH, len(useful)),
        mrr=1 / first if first else 0.0,
    )


def summarise(measures: Sequence[Measures], draws: int = 1000, seed: int = 1) -> Summary:
    """Means with a bootstrap interval.

    Raises:
        ValueError: there is nothing to summarise.
    """
    if not measures:
        raise ValueError("no want has a useful offer")
    ndcg = np.array([m.ndcg for m in measures])
    picks = np.random.default_rng(seed).integers(len(ndcg), size=(draws, len(ndcg)))
    low, high = np.quantile(ndcg[picks].mean(axis=1), [0.025, 0.975])
    return Summary(
        len(measures),
        float(ndcg.mean()),
        float(np.mean([m.recall for m in measures])),
        float(np.mean([m.mrr for m in measures])),
        float(low),
        float(high),
    )


def brier(scores: np.ndarray, useful: np.ndarray) -> float:
    """Mean squared distance of scores (0 to 1) from what came true (0 or 1)."""
    return float(np.mean((scores - useful) ** 2))


def reliability(scores: np.ndarray, useful: np.ndarray, bins: int = 10) -> list[Bin]:
    """One row per tenth of the score; empty tenths are left out."""
    tenth = np.minimum((scores * bins).astype(int), bins - 1)
    return [
        Bin(int((tenth == i).sum()), float(scores[tenth == i].mean()), float(useful[tenth == i].mean()))
        for i in range(bins)
        if (tenth == i).any()
    ]


def _discounted(grades: Sequence[int]) -> float:
    return float(sum((2**grade - 1) / np.log2(place + 1) for place, grade in enumerate(grades, 1)))
