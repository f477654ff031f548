"""Rank offers for wants: filters first, then features, score and reasons. Pure.

`Matcher.rank` is the interface that pages, commands and tests share; the model behind it may change.
"""

from collections.abc import Sequence

import numpy as np

from marketplace.matching.core.benefit import Benefit, benefit_of
from marketplace.matching.core.features import NAMES, Evidence, FeatureReader
from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.model import MatchModel
from marketplace.matching.core.profiles import ProfileReader, text_similarity
from marketplace.matching.core.values import Match, MatchListing, Reason

SMALLEST_SHARE = 0.004


class Matcher:
    """A knowledge base and a model, ready to rank."""

    def __init__(self, base: Knowledge, model: MatchModel) -> None:
        self._base, self.model = base, model
        self._profiles, self._features = ProfileReader(base), FeatureReader(base)

    def rank(
        self, want: MatchListing, offers: Sequence[MatchListing], most: int | None = None, explain: bool = True
    ) -> list[Match]:
        """Offers for a want, best first; those that may not be suggested are left out before ranking."""
        allowed = [offer for offer in offers if may_suggest(offer, want)]
        return self._rank([(offer, want) for offer in allowed], most, explain)

    def rank_wants(
        self, offer: MatchListing, wants: Sequence[MatchListing], most: int | None = None, explain: bool = True
    ) -> list[Match]:
        """Wants for an offer, best first."""
        allowed = [want for want in wants if may_suggest(offer, want)]
        return self._rank([(offer, want) for want in allowed], most, explain)

    def _rank(self, pairs: Sequence[tuple[MatchListing, MatchListing]], most: int | None, explain: bool) -> list[Match]:
        if not pairs:
            return []
        evidence = self._evidence(pairs)
        features = np.array([e.values for e in evidence])
        scores = self.model.score(features)
        order = sorted(range(len(pairs)), key=lambda i: (-scores[i], pairs[i][0].id, pairs[i][1].id))[:most]
        shares = self.model.shares(features[order]) if explain else None
        return [
            _match(*pairs[i], evidence[i], float(scores[i]), shares[k] if shares is not None else None)
            for k, i in enumerate(order)
        ]

    def _evidence(self, pairs: Sequence[tuple[MatchListing, MatchListing]]) -> list[Evidence]:
        offers = list({id(o): o for o, _ in pairs}.values())
        wants = list({id(w): w for _, w in pairs}.values())
        row, column = {id(o): i for i, o in enumerate(offers)}, {id(w): i for i, w in enumerate(wants)}
        of_offers, of_wants = self._profiles.read(offers), self._profiles.read(wants)
        text = text_similarity(of_offers, of_wants)
        places = [(row[id(o)], column[id(w)]) for o, w in pairs]
        return [
            self._features.evidence(o, w, of_offers[i].concepts, of_wants[j].concepts, float(text[i, j]))
            for (o, w), (i, j) in zip(pairs, places, strict=True)
        ]


def may_suggest(offer: MatchListing, want: MatchListing) -> bool:
    """Hazardous offers only to those who may take them; never an enterprise to itself."""
    if offer.enterprise and offer.enterprise == want.enterprise:
        return False
    if not offer.is_hazardous:
        return True
    if not want.accepts_hazard:
        return False
    return not want.hw_codes or not offer.hw_code or offer.hw_code in want.hw_codes


def _match(
    offer: MatchListing, want: MatchListing, evidence: Evidence, score: float, shares: np.ndarray | None
) -> Match:
    benefit = benefit_of(evidence.application) if evidence.application else None
    return Match(
        offer=offer.id,
        want=want.id,
        score=score,
        reasons=_reasons(evidence, shares, benefit) if shares is not None else (),
        distance_km=round(evidence.distance_km, 1),
        break_even_km=benefit.break_even_km if benefit else None,
        net_avoided_kgco2e_per_t=round(benefit.net(evidence.distance_km), 1) if benefit else None,
        use=evidence.application.use if evidence.application else "",
    )


def _reasons(evidence: Evidence, shares: np.ndarray, benefit: Benefit | None) -> tuple[Reason, ...]:
    reasons = [
        Reason(name, float(share), _facts(name, evidence, benefit))
        for name, share in zip(NAMES, shares[:-1], strict=True)
        if abs(share) >= SMALLEST_SHARE
    ]
    rest = float(shares.sum()) - sum(r.share for r in reasons)
    return (*sorted(reasons, key=lambda r: -abs(r.share)), Reason("prior", rest))


def _facts(name: str, evidence: Evidence, benefit: Benefit | None) -> dict[str, str]:
    if name == "application" and evidence.application:
        a = evidence.application
        return {"material": a.material, "use": a.use, "grade": str(a.grade), "source": a.source}
    if name == "material":
        return {"material": evidence.material, "named": "yes" if evidence.is_named else "no"}
    if name == "nearness":
        facts = {"distance_km": f"{evidence.distance_km:.1f}"}
        if benefit and benefit.break_even_km:
            facts["break_even_km"] = f"{benefit.break_even_km:.0f}"
        return facts
    return {"value": f"{evidence.value(name):.2f}"}
