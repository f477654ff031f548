"""Synthetic listings for benches: clustered in space and in kind like a real district and the delta around it.

Texts are made from the words of the knowledge base, spoilt as in real titles; materials follow a Zipf law, places
lie around a few dozen centres, quantities are lognormal. Seeded: the same number gives the same listing.
"""

from datetime import timedelta
from functools import cache

import numpy as np

from marketplace.knowledge import knowledge
from marketplace.matching.core.training import START, drawn_offer, drawn_want
from marketplace.matching.core.values import MatchListing

CENTRES = 40
TAILS = {
    "en": "dry, in big bags|loose, by tipper|stored under roof|monthly pick-up|lab report attached".split("|"),
    "zh": "干燥，吨袋装|散装，自卸车|棚内堆放|每月提货|可寄样|附检测报告|量大从优|可试车".split("|"),
}


def listing(number: int, is_offer: bool) -> MatchListing:
    """The listing of a number."""
    base, rng = knowledge(), np.random.default_rng((number, int(is_offer)))
    materials, uses = _materials(), list(base.uses)
    if is_offer:
        made = drawn_offer(base, rng, materials[rng.choice(len(materials), p=_shares())])
    else:
        made = drawn_want(base, rng, uses[rng.integers(len(uses))], "")
    language = made.language
    tail = TAILS[language][rng.integers(len(TAILS[language]))]
    lat, lon = _centres()[rng.integers(CENTRES)] + rng.normal(0, 0.03, 2)
    start = START + timedelta(days=int(rng.integers(0, 300)))
    return MatchListing(
        id=str(number),
        is_offer=is_offer,
        title=made.title,
        description=f"{made.description} {tail} {int(rng.integers(1, 999))}",
        lat=float(lat),
        lon=float(lon),
        language=language,
        material=made.material,
        codes=made.codes,
        monthly_t=float(np.exp(rng.normal(4.5, 1.6))),
        is_hazardous=bool(is_offer and rng.random() < 0.05),
        available_from=start,
        available_until=start + timedelta(days=int(rng.integers(30, 365))),
        price_cny_per_t=made.price_cny_per_t,
        enterprise=str(int(rng.integers(1, 5000))),
    )


@cache
def _shares() -> np.ndarray:
    """A few materials are common, most are not."""
    weights = 1 / np.arange(1, len(_materials()) + 1) ** 0.8
    return np.asarray(weights / weights.sum())


@cache
def _materials() -> list[str]:
    """In an order that is no family's."""
    slugs = [m.slug for m in knowledge().taxonomy]
    return [slugs[i] for i in np.random.default_rng(3).permutation(len(slugs))]


@cache
def _centres() -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.column_stack([rng.uniform(30.6, 32.2, CENTRES), rng.uniform(120.0, 122.0, CENTRES)])
