"""The matcher against judged pairs and against baselines, and its probabilities against pairs of our own. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.matching.core.baselines import BASELINES, rank_by
from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.metrics import DEPTH, Bin, Measures, Summary, brier, measure, reliability, summarise
from marketplace.matching.core.model import MatchModel
from marketplace.matching.core.rank import Matcher, may_suggest
from marketplace.matching.core.training import training_pairs
from marketplace.matching.core.values import MatchListing

Ranking = Mapping[str, Sequence[str]]
Grades = Mapping[str, Mapping[str, int]]
HELD_OUT_SEED = 7  # not the seed of training


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures by group ("all", "want en, offers zh", …) and the number of hazardous suggestions in the top ten."""

    groups: Mapping[str, Summary]
    hazard_violations: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """On pairs of our own making that the model has not seen."""

    pairs: int
    brier: float
    bins: Sequence[Bin]


def evaluate(
    ranking: Ranking, grades: Grades, wants: Sequence[MatchListing], offers: Sequence[MatchListing]
) -> Quality:
    """Judge one ranking; a want without a useful offer does not count."""
    groups: dict[str, list[Measures]] = {}
    by_id = {offer.id: offer for offer in offers}
    for want in wants:
        ranked, judged = ranking.get(want.id, ()), grades.get(want.id, {})
        _add(groups, "all", measure(ranked, judged))
        for language in ("en", "zh"):
            of_language = {o: g for o, g in judged.items() if by_id[o].language == language}
            top = [o for o in ranked if by_id[o].language == language]
            _add(groups, f"want {want.language}, offers {language}", measure(top, of_language))
    violations = sum(
        not may_suggest(by_id[offer], want) for want in wants for offer in ranking.get(want.id, ())[:DEPTH]
    )
    return Quality({name: summarise(found) for name, found in sorted(groups.items())}, violations)


def rank_all(matcher: Matcher, wants: Sequence[MatchListing], offers: Sequence[MatchListing]) -> Ranking:
    """The matcher's own ranking of all offers for each want."""
    return {want.id: [m.offer for m in matcher.rank(want, offers, explain=False)] for want in wants}


def evaluate_baselines(
    grades: Grades, wants: Sequence[MatchListing], offers: Sequence[MatchListing]
) -> dict[str, Quality]:
    """The same judgement for each baseline."""
    return {name: evaluate(rank_by(name, wants, offers), grades, wants, offers) for name in BASELINES}


def calibration(model: MatchModel, base: Knowledge, pairs: int = 3000) -> Calibration:
    """Brier score and reliability on fresh pairs of the knowledge base."""
    features, useful = training_pairs(base, pairs, HELD_OUT_SEED)
    scores = np.clip(model.score(features), 0, 1)
    return Calibration(pairs, brier(scores, useful), reliability(scores, useful))


def _add(groups: dict[str, list[Measures]], name: str, found: Measures | None) -> None:
    if found:
        groups.setdefault(name, []).append(found)
