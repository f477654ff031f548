"""Pairs of listings that people judged by what they did, as arrays to fit and to judge models with. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.matching.core.encode import encoder_for
from marketplace.matching.core.features import COUNT
from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.learning import Judgement
from marketplace.matching.core.model import SEED, MatchModel
from marketplace.matching.core.training import pair_features, training_pairs
from marketplace.matching.core.values import MatchListing

MOST_OF_KNOWLEDGE = 0.25  # what people did never weighs more than a quarter of what is documented


@dataclass(frozen=True, slots=True)
class Lessons:
    """Features (pairs, features), targets 0 to 1 and positive weights of as many pairs."""

    features: np.ndarray
    targets: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)


def lessons_of(base: Knowledge, judgements: Sequence[Judgement], listings: Mapping[int, MatchListing]) -> Lessons:
    """The judged pairs whose two listings are given and are an offer and a want."""
    pairs, kept = [], []
    for judgement in judgements:
        found = _offer_and_want(listings.get(judgement.listing), listings.get(judgement.other))
        if found:
            pairs.append(found)
            kept.append(judgement)
    offers, wants = [o for o, _ in pairs], [w for _, w in pairs]
    features = pair_features(offers, wants, encoder_for(base)) if pairs else np.zeros((0, COUNT))
    return Lessons(features, np.array([j.target for j in kept]), np.array([j.weight for j in kept]))


def fit(base: Knowledge, pairs: int, lessons: Lessons, seed: int = SEED) -> MatchModel:
    """A model fitted to pairs of the knowledge base and, beside them, to what people did.

    A target between 0 and 1 is told as two rows, useful and not, that share the weight.
    """
    features, useful = training_pairs(base, pairs, seed)
    if not len(lessons):
        return MatchModel.fit(features, useful)
    weights = lessons.weights * min(1.0, MOST_OF_KNOWLEDGE * pairs / lessons.weights.sum())
    rows = np.concatenate([features, lessons.features, lessons.features])
    labels = np.concatenate([useful, np.ones(len(lessons), dtype=int), np.zeros(len(lessons), dtype=int)])
    shares = np.concatenate([np.ones(pairs), weights * lessons.targets, weights * (1 - lessons.targets)])
    # Shuffled, so that every fold of the calibration holds some of both origins; rows without weight say nothing.
    order = np.random.default_rng(seed).permutation(np.flatnonzero(shares > 0))
    return MatchModel.fit(rows[order], labels[order], shares[order])


def _offer_and_want(one: MatchListing | None, other: MatchListing | None) -> tuple[MatchListing, MatchListing] | None:
    if one is None or other is None or one.is_offer == other.is_offer:
        return None
    return (one, other) if one.is_offer else (other, one)
